/// Text from outside made fit for a terminal.
package enum TerminalText {
    /// Without what moves the cursor, colours the screen or turns a line around; one line.
    package static func plain(_ text: String) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: plain.append(" ")
            case .format where scalar != "\u{200C}" && scalar != "\u{200D}": break
            default: plain.append(scalar)
            }
        }
        return String(plain)
    }

    /// A search's snippet: the HTML of the server's answer as text, with what was found in bold on a terminal.
    ///
    /// - Parameter isTerminal: Elsewhere nothing marks it.
    package static func snippet(_ html: String, isTerminal: Bool) -> String {
        // What comes from outside is made plain before our own marks are put in.
        var text = Self.plain(html)
        text = text.replacing("<mark>", with: isTerminal ? "\u{1B}[1m" : "")
        text = text.replacing("</mark>", with: isTerminal ? "\u{1B}[0m" : "")
        for (entity, character) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&"),
        ] { text = text.replacing(entity, with: character) }
        return text
    }

    /// Seconds as `1:02:03` or `2:03`.
    package static func time(_ seconds: Double) -> String {
        let whole = seconds.isFinite ? Int(min(max(0, seconds), 3_600_000)) : 0
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0
            ? "\(hours):\(padded(minutes)):\(padded(whole % 60))" : "\(minutes):\(padded(whole % 60))"
    }
}
