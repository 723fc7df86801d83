import CastCore
import Foundation

/// The frames on the helper's standard streams: two big-endian lengths, a JSON header, raw bytes.
enum HelperFrame {
    /// The helper's own limit.
    static let maximumHeader = 16 << 20
    /// Four million tokens: more than any batch has.
    static let maximumPayload = 64 << 20

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

    /// What the helper sent.
    struct Incoming: Sendable {
        var header: Data
        var payload: [UInt8]
    }

    /// Takes bytes in any pieces and gives out whole frames.
    struct Reader {
        private var bytes: [UInt8] = []

        mutating func append(_ piece: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: piece) }

        /// The next frame, or nil when there is not all of it yet.
        ///
        /// - Throws: `.engineFailed` for lengths that no answer has: something else writes to the stream.
        mutating func next() throws -> Incoming? {
            guard self.bytes.count >= 8 else { return nil }
            let lengths = self.bytes.withUnsafeBytes { buffer in
                [0, 4].map { Int(UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: $0, as: UInt32.self))) }
            }
            guard lengths[0] <= HelperFrame.maximumHeader, lengths[1] <= HelperFrame.maximumPayload else {
                throw CastError(.engineFailed, "The recogniser's answer is not in the form that was agreed on.")
            }
            let end = 8 + lengths[0] + lengths[1]
            guard self.bytes.count >= end else { return nil }
            defer { self.bytes.removeFirst(end) }
            return Incoming(
                header: Data(self.bytes[8..<(8 + lengths[0])]), payload: Array(self.bytes[(8 + lengths[0])..<end]))
        }
    }

    struct Request: Encodable, Sendable {
        var id: Int
        var language: String?
        /// Samples of each segment; together they are the payload.
        var segments: [Int]
    }

    /// The first frame of a helper that is ready; what it leaves out does not apply to it.
    struct Hello: Decodable, Sendable {
        var hello: Int
        var engine: String
        var version: String
        /// Where it computes: `cuda` or `cpu`.
        var device: String?
        /// The card's name, and the versions of its driver and of CUDA.
        var gpu: String?
        var driver: String?
        var cuda: String?
        /// The precision, for example `bfloat16`.
        var compute_type: String?
        /// Whether the decoder runs as CUDA graphs.
        var graphs: Bool?
        /// What a batch should hold: see `BatchLimits`.
        var batch_size: Int?
        var padded_seconds: Double?
        var likes_like_lengths: Bool?
        var needs_one_language: Bool?
        var calls: Int?
        /// For engines that answer tokens: their pieces by id, and what a frame of theirs lasts.
        var vocabulary: [String]?
        var seconds_per_frame: Double?
    }

    struct Answer: Decodable, Sendable {
        var id: Int?
        var ok: Bool
        var code: String?
        var message: String?
        /// After a failure: whether the helper can go on.
        var sound: Bool?
        var segments: [[Word]]?
        /// Tokens of each segment, which are in the payload.
        var tokens: [Int]?
        /// Numbers of segments that were not recognised, since nobody speaks in them.
        var speechless: [Int]?
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
}
