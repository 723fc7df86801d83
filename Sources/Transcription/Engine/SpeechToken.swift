/// A piece of a word as a transducer says it.
package struct SpeechToken: Sendable, Equatable {
    /// Its place in the vocabulary.
    package var id: Int
    /// Where it was said, in frames from the start of the segment.
    package var frame: Int
    /// How many frames the model passed over with it; 0 when another token follows at once.
    package var duration: Int
    /// Natural logarithm of its probability.
    package var logProbability: Float

    package init(id: Int, frame: Int, duration: Int, logProbability: Float) {
        self.id = id
        self.frame = frame
        self.duration = duration
        self.logProbability = logProbability
    }

    /// Reads an answer's payload: ids, frames and durations (32-bit integers), logarithms of probabilities (32-bit
    /// floats), each kind in one piece, little-endian.
    ///
    /// - Parameter counts: Tokens of each segment.
    /// - Returns: Nil when the payload is not as long as that makes it.
    package static func read(_ payload: [UInt8], counts: [Int]) -> [[SpeechToken]]? {
        guard counts.allSatisfy({ (0...(1 << 22)).contains($0) }) else { return nil }
        let total = counts.reduce(0, +)
        guard payload.count == total * 16 else { return nil }
        return payload.withUnsafeBytes { bytes in
            func number(_ kind: Int, _ index: Int) -> UInt32 {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: (kind * total + index) * 4, as: UInt32.self))
            }
            var next = 0
            return counts.map { count in
                defer { next += count }
                return (next..<(next + count)).map { index in
                    SpeechToken(
                        id: Int(Int32(bitPattern: number(0, index))), frame: Int(Int32(bitPattern: number(1, index))),
                        duration: Int(Int32(bitPattern: number(2, index))),
                        logProbability: Float(bitPattern: number(3, index)))
                }
            }
        }
    }
}
