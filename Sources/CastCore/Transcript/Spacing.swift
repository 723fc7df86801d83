/// What stands between two words that are joined to a text: a space, or nothing in scripts that are written without.
package struct Spacing: Sendable, Equatable {
    private enum Rule: Sendable, Equatable {
        case always
        /// The language is written without spaces; a word in Latin letters has one beside another such word only.
        case betweenSpaced
        /// Nobody knows: nothing between two words that are both of such a script.
        case byScript
    }

    private let rule: Rule

    /// - Parameter language: ISO 639 code, if known.
    package init(language: String?) {
        let code = language?.prefix { $0 != "-" && $0 != "_" }.lowercased()
        self.rule = code.map { Self.unspaced.contains($0) ? .betweenSpaced : .always } ?? .byScript
    }

    package func joined(_ texts: some Sequence<String>) -> String {
        var joined = ""
        for text in texts where !text.isEmpty {
            if let last = joined.last, let first = text.first { joined += self.between(last, first) }
            joined += text
        }
        return joined
    }

    /// The separator where `last` ends one word and `first` begins the next.
    func between(_ last: Character, _ first: Character) -> String {
        switch self.rule {
        case .always: " "
        case .betweenSpaced: Self.isUnspaced(last) || Self.isUnspaced(first) ? "" : " "
        case .byScript: Self.isUnspaced(last) && Self.isUnspaced(first) ? "" : " "
        }
    }

    private static let unspaced: Set<String> = ["zh", "ja", "th", "lo", "my", "km", "yue", "bo"]

    /// Whether a character belongs to a script that puts no spaces between words: Thai, Lao, Tibetan, Burmese, Khmer,
    /// Chinese and Japanese, with their punctuation.
    static func isUnspaced(_ character: Character) -> Bool {
        guard let value = character.unicodeScalars.first?.value, value >= 0x0E00 else { return false }
        switch value {
        case 0x0E00...0x0FFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3000...0x30FF, 0x31F0...0x31FF, 0x3400...0x4DBF,
            0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF01...0xFF0F, 0xFF1A...0xFF20, 0xFF3B...0xFF40, 0xFF5B...0xFF9F,
            0x20000...0x3FFFF:
            return true
        default: return false
        }
    }
}
