/// A stretch of a transcript that is found as one: some sentences, with the time of each.
package struct Passage: Sendable, Equatable {
    /// Where a sentence begins in the text, and when it is said.
    package struct Mark: Sendable, Equatable {
        /// Bytes of UTF-8 from the passage's beginning.
        package var offset: Int
        /// Seconds.
        package var time: Double

        package init(offset: Int, time: Double) {
            self.offset = offset
            self.time = time
        }
    }

    package var start: Double
    package var end: Double
    package var text: String
    package var marks: [Mark]

    /// Longest text in bytes: about a minute of speech.
    ///
    /// A hit is a place in a conversation, not an episode, and not a
    /// single line that says nothing.
    package static let longest = 900

    /// Cuts a transcript into passages, at sentences.
    package static func all(of transcript: Transcript) -> [Passage] {
        var passages: [Passage] = []
        for sentence in transcript.sentences where !sentence.text.isEmpty {
            let size = sentence.text.utf8.count
            if var last = passages.last, last.text.utf8.count + 1 + size <= Self.longest {
                last.text += " "
                last.marks.append(Mark(offset: last.text.utf8.count, time: sentence.start))
                last.text += sentence.text
                last.end = max(last.end, sentence.end)
                passages[passages.count - 1] = last
            } else {
                passages.append(
                    Passage(
                        start: sentence.start, end: sentence.end, text: sentence.text,
                        marks: [Mark(offset: 0, time: sentence.start)]))
            }
        }
        return passages
    }

    /// When the text at a place is said: the time of the sentence that it is in.
    package static func time(at offset: Int, in marks: [Mark], else start: Double) -> Double {
        marks.last { $0.offset <= offset }?.time ?? start
    }
}

/// The part of a passage that is shown, with what was found set apart.
package enum Snippet {
    /// What FTS5 is told to put around each hit; no feed's text holds them, since control characters are taken out.
    package static let open: Character = "\u{1}"
    package static let close: Character = "\u{2}"
    /// Characters that are shown before the first hit, and in all.
    private static let before = 60
    private static let longest = 240

    /// Cuts marked text down to the surroundings of its first hit, at spaces.
    package static func around(_ marked: String) -> String {
        guard let hit = marked.firstIndex(of: Self.open) else { return Self.cut(marked, from: marked.startIndex) }
        var start = marked.index(hit, offsetBy: -Self.before, limitedBy: marked.startIndex) ?? marked.startIndex
        if start > marked.startIndex, let space = marked[start..<hit].firstIndex(of: " ") {
            start = marked.index(after: space)
        }
        return Self.cut(marked, from: start)
    }

    private static func cut(_ text: String, from start: String.Index) -> String {
        var end = text.index(start, offsetBy: Self.longest, limitedBy: text.endIndex) ?? text.endIndex
        if end < text.endIndex, let space = text[start..<end].lastIndex(of: " ") { end = space }
        var part = String(text[start..<end])
        // A hit that the cut went through ends with it.
        if part.count(where: { $0 == Self.open }) > part.count(where: { $0 == Self.close }) { part.append(Self.close) }
        return (start > text.startIndex ? "…" : "") + part + (end < text.endIndex ? "…" : "")
    }

    /// Marked text as HTML: everything escaped, hits in `<mark>`, as the existing server answers.
    package static func html(_ marked: String) -> String {
        var html = ""
        for character in marked {
            switch character {
            case Self.open: html += "<mark>"
            case Self.close: html += "</mark>"
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            default: html.append(character)
            }
        }
        return html
    }

    /// How many bytes of UTF-8 of the plain text stand before the first hit.
    package static func firstHit(in marked: String) -> Int {
        marked.firstIndex(of: Self.open).map { marked[..<$0].utf8.count } ?? 0
    }
}
