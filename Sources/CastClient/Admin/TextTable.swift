/// Rows of text in columns, for a terminal.
///
/// Anything from outside is shown without control characters: a title cannot move the cursor, colour the screen or turn
/// the line around.
package struct TextTable: Sendable {
    private let header: [String]
    private var rows: [[String]] = []
    /// Columns wider than this are cut, with an ellipsis.
    private let maximumWidth: Int

    package init(_ header: [String], maximumWidth: Int = 60) {
        self.header = header.map { Self.shown($0, within: maximumWidth) }
        self.maximumWidth = maximumWidth
    }

    /// Cells that the header has no column for are left out.
    package mutating func add(_ row: [String]) {
        self.rows.append(row.prefix(self.header.count).map { Self.shown($0, within: self.maximumWidth) })
    }

    /// The table, one line a row, without white space at the lines' ends.
    package var text: String {
        let all = [self.header] + self.rows
        let widths = self.header.indices.map { column in
            all.map { column < $0.count ? Self.width($0[column]) : 0 }.max() ?? 0
        }
        return all.map { row in
            let cells = row.indices.map { column in
                row[column] + String(repeating: " ", count: widths[column] - Self.width(row[column]))
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    private static func shown(_ text: String, within limit: Int) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: plain.append(" ")
            // Joiners belong to letters and pictures; the rest (marks of direction, for one) only misleads.
            case .format where scalar != "\u{200C}" && scalar != "\u{200D}": break
            default: plain.append(scalar)
            }
        }
        // The start that leaves room for the ellipsis, in case the whole is too wide.
        var width = 0
        var cut = ""
        for character in String(plain) {
            width += Self.width(of: character)
            if width > limit { return cut + "…" }
            if width < limit { cut.append(character) }
        }
        return String(plain)
    }

    private static func width(_ text: String) -> Int { text.reduce(0) { $0 + Self.width(of: $1) } }

    /// Terminal columns: East Asian letters and pictures take two.
    private static func width(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        let isWide =
            (0x1100...0x115F).contains(scalar.value) || (0x2E80...0xA4CF).contains(scalar.value)
            || (0xAC00...0xD7A3).contains(scalar.value) || (0xF900...0xFAFF).contains(scalar.value)
            || (0xFE30...0xFE4F).contains(scalar.value) || (0xFF00...0xFF60).contains(scalar.value)
            || (0x1F300...0x1FAFF).contains(scalar.value) || (0x20000...0x3FFFD).contains(scalar.value)
            || scalar.properties.isEmojiPresentation
        return isWide ? 2 : 1
    }
}
