import CastCore
import Foundation

/// The frames on the helper's standard streams: two big-endian lengths, a JSON header, raw bytes.
enum HelperFrame {
    /// The helper's own limits.
    static let maximumHeader = 16 << 20

    static func encode(_ header: some Encodable, payload: [UInt8] = []) throws -> [UInt8] {
        let json = try JSONEncoder().encode(header)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + json.count + payload.count)
        for length in [UInt32(json.count), UInt32(payload.count)] {
            withUnsafeBytes(of: length.bigEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.append(contentsOf: json)
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// Takes bytes in any pieces and gives out whole headers.
    struct Reader {
        private var bytes: [UInt8] = []

        mutating func append(_ piece: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: piece) }

        /// The next header, or nil when there is not all of it yet.
        ///
        /// - Throws: `.engineFailed` for lengths that no answer has: something else writes to the stream.
        mutating func next() throws -> Data? {
            guard self.bytes.count >= 8 else { return nil }
            let lengths = self.bytes.withUnsafeBytes { buffer in
                [0, 4].map { Int(UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: $0, as: UInt32.self))) }
            }
            guard lengths[0] <= HelperFrame.maximumHeader, lengths[1] == 0 else {
                throw CastError(.engineFailed, "The recogniser's answer is not in the form that was agreed on.")
            }
            guard self.bytes.count >= 8 + lengths[0] else { return nil }
            let header = Data(self.bytes[8..<(8 + lengths[0])])
            self.bytes.removeFirst(8 + lengths[0])
            return header
        }
    }

    struct Request: Encodable, Sendable {
        var id: Int
        var language: String?
        /// Samples of each segment; together they are the payload.
        var segments: [Int]
    }

    /// The first frame of a helper that is ready.
    struct Hello: Decodable, Sendable {
        var hello: Int
        var engine: String
        var version: String
        var device: String?
        var compute_type: String?
        var batch_size: Int?
    }

    struct Answer: Decodable, Sendable {
        var id: Int?
        var ok: Bool
        var code: String?
        var message: String?
        var segments: [[Word]]?
        var language: String?
        var language_probability: Double?

        /// `[text, start, end, probability]`.
        struct Word: Decodable, Sendable {
            var text: String
            var start: Double
            var end: Double
            var probability: Double?

            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                self.text = try container.decode(String.self)
                self.start = try container.decode(Double.self)
                self.end = try container.decode(Double.self)
                self.probability = try container.decodeIfPresent(Double.self)
            }
        }
    }

    /// Checks an answer against its request, and refuses nonsense.
    ///
    /// - Throws: `.engineFailed` when counts do not match, times run backwards, or a number is none.
    static func result(_ answer: Answer, for segments: [SpeechSegment], engine: String) throws -> BatchResult {
        func nonsense(_ what: String) -> CastError {
            CastError(.engineFailed, "The recogniser's answer makes no sense: \(what).")
        }
        guard let lists = answer.segments, lists.count == segments.count else {
            throw nonsense("\(answer.segments?.count ?? 0) results for \(segments.count) segments")
        }
        let words = try zip(lists, segments).map { list, segment in
            var last = 0.0
            let words = try list.map { word in
                guard word.start.isFinite, word.end.isFinite, word.start >= 0, word.end >= word.start,
                    word.end <= segment.duration + 0.5
                else {
                    throw nonsense("a word from \(word.start) to \(word.end) in a segment of \(segment.duration) s")
                }
                guard word.start >= last - 0.5 else { throw nonsense("times that run backwards") }
                if let probability = word.probability, !(0...1.0001).contains(probability) {
                    throw nonsense("a probability of \(probability)")
                }
                last = word.start
                return BatchResult.Word(
                    text: word.text, start: word.start, end: word.end, probability: word.probability)
            }
            return BatchResult.Segment(words)
        }
        return BatchResult(
            segments: words, language: answer.language, languageProbability: answer.language_probability,
            engine: engine)
    }
}
