/// Joins bytes that come in any pieces to samples; a piece may end within one.
package struct SampleJoiner {
    private var bytes: [UInt8] = []

    package init() {}

    package var count: Int { self.bytes.count / 2 }

    package mutating func append(_ piece: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: piece) }

    /// The whole samples so far; half of one stays.
    package mutating func take() -> [Int16] {
        let count = self.count
        let samples = self.bytes.withUnsafeBytes { buffer in
            (0..<count).map { Int16(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * 2, as: Int16.self)) }
        }
        self.bytes.removeFirst(count * 2)
        return samples
    }
}
