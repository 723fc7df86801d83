/// Rows of text in columns, for a terminal.
///
/// Anything from outside is shown without control characters: a title cannot move the cursor or colour the screen.
package struct TextTable: Sendable {
    private let header: [String]
    private var rows: [[String]] = []
    /// Columns wider than this are cut, with an ellipsis.
    private let maximumWidth: Int

    package init(_ header: [String], maximumWidth: Int = 60) {
        self.header = header
        self.maximumWidth = maximumWidth
    }

    package mutating func add(_ row: [String]) { self.rows.append(row.map(self.shown)) }

    /// The table, one line a row, without white space at the lines' ends.
    package var text: String {
        let all = [self.header] + self.rows
        let widths = self.header.indices.map { column in all.map { Self.width($0[column]) }.max() ?? 0 }
        return all.map { row in
            let cells = row.indices.map { column in
                row[column] + String(repeating: " ", count: widths[column] - Self.width(row[column]))
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    private func shown(_ text: String) -> String {
        let plain = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
        guard Self.width(plain) > self.maximumWidth else { return plain }
        var cut = plain
        while Self.width(cut) >= self.maximumWidth { cut.removeLast() }
        return cut + "…"
    }

    /// Terminal columns: East Asian letters and pictures take two.
    private static func width(_ text: String) -> Int {
        text.reduce(0) { width, character in
            guard let scalar = character.unicodeScalars.first else { return width }
            let isWide =
                (0x1100...0x115F).contains(scalar.value) || (0x2E80...0xA4CF).contains(scalar.value)
                || (0xAC00...0xD7A3).contains(scalar.value) || (0xF900...0xFAFF).contains(scalar.value)
                || (0xFE30...0xFE4F).contains(scalar.value) || (0xFF00...0xFF60).contains(scalar.value)
                || (0x1F300...0x1FAFF).contains(scalar.value)
            return width + (isWide ? 2 : 1)
        }
    }
}
