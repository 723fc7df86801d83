/// What a foreign transcript says, before it is made sentences.
struct SpokenText {
    /// A piece of text with what is known of its time and its speaker.
    struct Cue: Equatable {
        /// Seconds; nil in forms without times.
        var start: Double?
        var end: Double?
        /// On one line, with single spaces.
        var text: String
        var speaker: String?
        /// Whether the piece is a paragraph of its writer's.
        var startsParagraph = false
    }

    /// More are no transcript of one episode.
    static let most = 200_000

    var cues: [Cue]
    var language: String?
    /// Whether each piece is one word with a time of its own.
    var isWordByWord = false

    /// One line with single spaces, without characters that nobody says.
    static func line(_ text: some StringProtocol) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator: clean.append(" ")
            // Marks of direction, zero widths and the byte order mark; joiners belong to words in many scripts.
            case .format where scalar.value != 0x200D && scalar.value != 0x200C: break
            default: clean.append(scalar)
            }
        }
        return String(clean).split(separator: " ").joined(separator: " ")
    }

    /// A speaker's name as it may stand in front of a sentence; nil for none.
    static func name(_ text: some StringProtocol) -> String? {
        var name = Self.line(text)[...]
        while let last = name.last, last == ":" || last == " " { name.removeLast() }
        return name.isEmpty ? nil : String(name.prefix(80))
    }
}
