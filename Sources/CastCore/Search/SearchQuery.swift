/// What a person typed into the search field, understood.
///
/// Words must all be there, in any order; `"a phrase"` as it stands; `-word` and `NOT word` must not be there; `a OR b`.
/// The last word may be the beginning of one, since it may still be being typed. Nothing that is typed is an error, and
/// nothing of it reaches the database's own query language unquoted.
package struct SearchQuery: Sendable, Equatable {
    /// A word or a phrase, without quotation marks.
    package struct Term: Sendable, Equatable {
        package var text: String
        package var isPrefix: Bool

        package init(_ text: String, isPrefix: Bool = false) {
            self.text = text
            self.isPrefix = isPrefix
        }
    }

    /// Each group's terms are alternatives; every group must match.
    package var wanted: [[Term]] = []
    package var unwanted: [Term] = []

    /// So many terms at most are looked for: nobody types more, and each one costs.
    package static let mostTerms = 16

    package init(_ text: String) {
        var joinsPrevious = false
        var isNegated = false
        let pieces = Self.pieces(text)
        for (index, piece) in pieces.enumerated() where self.wanted.count + self.unwanted.count < Self.mostTerms {
            if !piece.isPhrase {
                switch piece.text {
                case "OR" where !self.wanted.isEmpty:
                    joinsPrevious = true
                    continue
                case "NOT":
                    isNegated = true
                    continue
                case "AND":
                    continue
                default: break
                }
            }
            guard piece.text.contains(where: { $0.isLetter || $0.isNumber }) else { continue }
            let isLast = index == pieces.count - 1 && !piece.isPhrase
            let term = Term(piece.text, isPrefix: isLast && piece.text.count > 1)
            if isNegated || piece.isNegated {
                self.unwanted.append(Term(piece.text))
            } else if joinsPrevious {
                self.wanted[self.wanted.count - 1].append(term)
            } else {
                self.wanted.append([term])
            }
            joinsPrevious = false
            isNegated = false
        }
    }

    /// Whether there is nothing to look for.
    package var isEmpty: Bool { self.wanted.isEmpty }

    /// The query in FTS5's language (https://sqlite.org/fts5.html#full_text_query_syntax); nil when it is empty.
    package var pattern: String? {
        guard !self.isEmpty else { return nil }
        let wanted = self.wanted.map { group in
            group.count == 1
                ? group.map(Self.quoted).joined() : "(" + group.map(Self.quoted).joined(separator: " OR ") + ")"
        }.joined(separator: " AND ")
        guard !self.unwanted.isEmpty else { return wanted }
        return "(\(wanted)) NOT (\(self.unwanted.map(Self.quoted).joined(separator: " OR ")))"
    }

    private static func quoted(_ term: Term) -> String {
        "\"" + term.text.replacing("\"", with: "\"\"") + "\"" + (term.isPrefix ? " *" : "")
    }

    private struct Piece {
        var text: String
        var isPhrase = false
        var isNegated = false
    }

    private static func pieces(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var current = Piece(text: "")
        var isInPhrase = false
        func flush() {
            if !current.text.isEmpty { pieces.append(current) }
            current = Piece(text: "")
        }
        for character in text.prefix(1000) {
            switch character {
            case "\"", "“", "”", "„":
                if isInPhrase {
                    flush()
                } else {
                    let isNegated = current.text.isEmpty && current.isNegated
                    flush()
                    current = Piece(text: "", isPhrase: true, isNegated: isNegated)
                }
                isInPhrase.toggle()
            case _ where character.isWhitespace && !isInPhrase:
                flush()
            case "-" where current.text.isEmpty && !isInPhrase:
                current.isNegated = true
            case "\0":
                break
            default:
                current.text.append(character)
            }
        }
        flush()
        return pieces
    }
}
