/// A random generator whose numbers depend on its seed alone (SplitMix64).
///
/// Recordings made from one seed are the same on every machine, so what a test or the demo measures can be compared.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        self.state = seed
    }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in the range.
    ///
    /// The standard library may change how it turns bits into numbers; this stays as it is.
    package mutating func double(in range: ClosedRange<Double>) -> Double {
        let share = Double(self.next() >> 11) / Double(1 << 53)
        return range.lowerBound + share * (range.upperBound - range.lowerBound)
    }

    /// The elements in random order (Fisher and Yates), for the same reason not the standard library's.
    package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        var left = result.count
        while left > 1 {
            let pick = Int(self.next() % UInt64(left))
            left -= 1
            result.swapAt(pick, left)
        }
        return result
    }
}
