/// Joins bytes that come in any pieces to samples; a piece may end within one.
package struct SampleJoiner {
    /// Room for samples; `byteCount` says how much of it is filled.
    private var samples: [Int16] = []
    private var byteCount = 0

    package init() {}

    package var count: Int { self.byteCount / 2 }

    package mutating func append(_ piece: UnsafeRawBufferPointer) {
        let needed = (self.byteCount + piece.count + 1) / 2
        if needed > self.samples.count {
            self.samples.append(
                contentsOf: repeatElement(0, count: max(needed, 2 * self.samples.count) - self.samples.count))
        }
        let offset = self.byteCount
        self.samples.withUnsafeMutableBytes { room in
            UnsafeMutableRawBufferPointer(rebasing: room[offset...]).copyMemory(from: piece)
        }
        self.byteCount += piece.count
    }

    /// Hands the whole samples so far to a body; half of one stays for the next time.
    ///
    /// The memory is used again, so that a file of hours is read without making a new array for each piece of it.
    package mutating func take<Result>(_ body: (UnsafeBufferPointer<Int16>) throws -> Result) rethrows -> Result {
        let count = self.count
        if Int(littleEndian: 1) != 1 {
            for index in 0..<count { self.samples[index] = self.samples[index].byteSwapped }
        }
        let result = try self.samples.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[..<count])) }
        if self.byteCount % 2 == 1 { self.samples[0] = self.samples[count] }
        self.byteCount %= 2
        return result
    }
}
