/// One subtitle: a line or two, and when they are shown.
package struct Subtitle: Sendable, Equatable {
    package var lines: [String]
    /// Seconds.
    package var start: Double
    package var end: Double

    /// Lines of one subtitle.
    package static let lineCount = 2
    /// Columns of a line; a wide character, as Chinese and Japanese have them, takes two.
    package static let lineWidth = 42
    /// Columns that can be read in a second.
    package static let readingSpeed = 21.0
    /// Seconds that even the shortest is shown.
    package static let shortest = 1.0
    /// Seconds that the longest is shown.
    package static let longest = 7.0
    /// Seconds that a subtitle may come after its first word, so that the one before it can be read.
    ///
    /// Who speaks faster than can be read for longer than that is shown faster: text that trails behind by more is worse.
    package static let latest = 2.0

    /// Columns of all lines.
    package var width: Int { self.lines.reduce(0) { $0 + TextWidth.of($1) } }

    /// Seconds that it takes to read so many columns.
    static func readingTime(_ width: Int) -> Double {
        min(Self.longest, max(Self.shortest, Double(width) / Self.readingSpeed))
    }
}

/// How many columns a text takes where all characters are equally wide, or twice that.
enum TextWidth {
    static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + Self.of($1) }
    }

    /// Two for the wide characters of Unicode's East Asian Width (UAX 11), one for all others.
    static func of(_ character: Character) -> Int {
        guard let value = character.unicodeScalars.first?.value, value >= 0x1100 else { return 1 }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
