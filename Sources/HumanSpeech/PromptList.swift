import CastCore

/// The words of recorded prompts, read from the list that comes with them.
///
/// One prompt is one line, `name: text`. A line that begins with `;` is a comment.
package struct PromptList: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        /// The recording's file name without its suffix, for example `vm-toreply` or `followme/status`.
        package var name: String
        package var text: String

        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    package var entries: [Entry]

    package init(parsing text: String) {
        self.entries = text.split(whereSeparator: \.isNewline).compactMap { line in
            guard !line.hasPrefix(";"), let colon = line.firstIndex(of: ":") else { return nil }
            let name = line[..<colon].trimmed
            let words = line[line.index(after: colon)...].split(separator: " ").joined(separator: " ")
            return name.isEmpty || words.isEmpty ? nil : Entry(name: name, text: words)
        }
    }

    /// The entries whose text says word for word what is heard, each text once.
    ///
    /// Left out are noises, stage directions, spelled codes, fragments that were recorded to be continued, texts with
    /// fewer words than asked for, and the names in `Self.misprinted`.
    package func usable(minimumWords: Int = 5) -> [Entry] {
        var seen: Set<[String]> = []
        return self.entries.filter { entry in
            let words = entry.text.split(separator: " ")
            guard words.count >= minimumWords, Self.isPlain(entry.text), !Self.misprinted.contains(entry.name) else {
                return false
            }
            return seen.insert(EnglishNormaliser.words(of: entry.text)).inserted
        }
    }

    /// Whether a text consists of ordinary words and sentences only.
    static func isPlain(_ text: String) -> Bool {
        // Brackets are noises and directions; `*` and `#` are read out in ways that nobody can know.
        guard !text.contains(where: { "[](){}<>*#:/\"".contains($0) }), !text.contains("..") else { return false }
        return text.split(separator: " ").allSatisfy { word in
            let letters = word.filter(\.isLetter)
            let isAddress = word.dropLast().contains(".")
            let isCode = letters.count > 1 && letters.allSatisfy(\.isUppercase)
            let isSpelled = letters.count == 1 && !["a", "A", "i", "I"].contains(letters)
            return !isAddress && !isCode && !isSpelled
        }
    }

    /// Prompts whose list entry has a slip of the pen or differs from what was recorded.
    static let misprinted: Set<String> = [
        "conf-adminmenu-menu8", "queue-periodic-announce", "unidentified-no-callback",
    ]
}

extension Substring {
    fileprivate var trimmed: String { String(self.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
