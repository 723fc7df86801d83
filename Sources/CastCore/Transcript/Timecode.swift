/// Times that can be written, whatever was handed in.
enum Timecode {
    /// A thousand hours: longer than any audio, and far from what overflows.
    private static let longest = 3_600_000.0

    /// Seconds from 0 to a thousand hours; 0 for what is no number.
    static func clamped(_ seconds: Double) -> Double {
        seconds.isNaN ? 0 : min(max(0, seconds), self.longest)
    }

    /// Whole numbers with leading zeros, joined by colons.
    static func joined(_ numbers: [Int]) -> String {
        numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
