/// How far something is, as one line of a terminal.
package enum ProgressLine {
    private static let width = 30

    /// - Parameter share: 0 to 1; what is outside counts as the nearer end, and what is no number as the beginning.
    package static func text(label: String, share: Double) -> String {
        let share = share.isNaN ? 0 : min(1, max(0, share))
        let done = Int((share * Double(Self.width)).rounded())
        let bar = String(repeating: "█", count: done) + String(repeating: "░", count: Self.width - done)
        return "\(label)  \(bar)  \(Int(share * 100)) %"
    }
}
