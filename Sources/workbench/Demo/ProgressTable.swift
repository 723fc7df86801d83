/// Shows how far the episodes are: one line each, drawn again on a terminal, and one line a change in a pipe.
struct ProgressTable {
    struct Row: Equatable {
        var title: String
        /// Seconds of audio, where the feed tells.
        var duration: Double?
        /// `queued`, `downloading`, `transcribing`, `completed` or `failed`.
        var state: String
        /// 0 to 100.
        var percent: Int
        /// Since its transcription began.
        var elapsed: Duration
    }

    var isTerminal: Bool
    private var drawn = 0
    private var told: [String: String] = [:]

    init(isTerminal: Bool) {
        self.isTerminal = isTerminal
    }

    /// The text that brings the output up to date; empty if nothing is new.
    mutating func update(_ rows: [Row]) -> String {
        self.isTerminal ? self.redraw(rows) : self.news(of: rows)
    }

    private mutating func redraw(_ rows: [Row]) -> String {
        // Up to the first line of the last drawing; each line clears what is left of its predecessor.
        let start = self.drawn > 0 ? "\u{1B}[\(self.drawn)A" : ""
        self.drawn = rows.count
        return start + rows.map { "\r\(Self.line($0))\u{1B}[K\n" }.joined()
    }

    private mutating func news(of rows: [Row]) -> String {
        var lines = ""
        for row in rows {
            let quarter = row.state == "transcribing" ? " \(row.percent / 25 * 25) %" : ""
            let text = row.state + quarter
            guard self.told.updateValue(text, forKey: row.title) != text else { continue }
            let after = row.percent == 100 ? " after \(Self.clock(row.elapsed.components.seconds))" : ""
            lines += "  \(row.title): \(text)\(after)\n"
        }
        return lines
    }

    /// At most 77 columns: a line that wraps could not be drawn again.
    private static func line(_ row: Row) -> String {
        let width = 12
        let filled = row.percent * width / 100
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let length = row.duration.map { Self.clock(Int64($0)) } ?? ""
        let percent = "\(row.percent) %"
        return [
            "  " + self.padded(row.title, to: 24), self.padded(length, to: 7, right: true),
            self.padded(row.state, to: 12), bar, self.padded(percent, to: 5, right: true),
            self.padded(self.clock(row.elapsed.components.seconds), to: 5, right: true),
        ].joined(separator: "  ")
    }

    static func clock(_ seconds: Int64) -> String {
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let two = { (number: Int64) in number < 10 ? "0\(number)" : "\(number)" }
        return hours > 0
            ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }

    private static func padded(_ text: String, to width: Int, right: Bool = false) -> String {
        let cut = text.count > width ? text.prefix(width - 1) + "…" : text
        let fill = String(repeating: " ", count: max(0, width - cut.count))
        return right ? fill + cut : cut + fill
    }
}
