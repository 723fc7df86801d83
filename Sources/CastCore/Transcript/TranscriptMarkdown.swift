/// Reads what nodes of the existing server hand in: Markdown with a time in front of each sentence, or of each word.
package enum TranscriptMarkdown {
    /// Never fails: text without times becomes one sentence a line at the time of the line before.
    package static func parse(_ text: String) -> Transcript {
        var transcript = Transcript(sentences: [], source: .node)
        var timed: [(text: String, start: Double)] = []
        var startsParagraph = true
        var paragraphStarts: Set<Int> = []
        for line in Self.withoutFrontMatter(text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)) {
            let line = line.trimmedWhitespace
            if line.isEmpty {
                startsParagraph = true
                continue
            }
            // Hour-long transcripts come by the dozen a second: patterns only where a line may be one.
            if line.hasPrefix("*Language: "), let match = line.wholeMatch(of: /\*Language: ([a-z]{2,3})\b.*\*/) {
                transcript.language = String(match.1)
                continue
            }
            // A title, a note in italics, a horizontal line: nothing that was said.
            if line.hasPrefix("# ") || line == "---" { continue }
            if Self.isNote(line) { continue }
            let (start, spoken) = Self.timeAndText(of: line)
            guard !spoken.isEmpty else { continue }
            if startsParagraph { paragraphStarts.insert(timed.count) }
            startsParagraph = false
            timed.append((Self.unescaped(spoken), start ?? timed.last?.start ?? 0))
        }
        if Self.isOneWordALine(timed.map(\.text)) {
            transcript.sentences = TranscriptAssembler().sentences(from: Self.words(timed))
        } else {
            transcript.sentences = timed.indices.map { index in
                let end = index + 1 < timed.count ? timed[index + 1].start : timed[index].start
                return Transcript.Sentence(
                    text: timed[index].text, start: timed[index].start, end: max(timed[index].start, end),
                    startsParagraph: paragraphStarts.contains(index))
            }
            // Blank lines between all sentences are the writer's habit and no paragraphs.
            if paragraphStarts.count == timed.count, timed.count > 1 {
                for index in transcript.sentences.indices.dropFirst() {
                    transcript.sentences[index].startsParagraph = false
                }
            }
        }
        return transcript
    }

    private static func withoutFrontMatter(_ lines: [Substring]) -> ArraySlice<Substring> {
        guard lines.first?.trimmedWhitespace == "---",
            let end = lines.dropFirst().firstIndex(where: { $0.trimmedWhitespace == "---" })
        else { return lines[...] }
        return lines[(end + 1)...]
    }

    /// Whether a line stands in italics as a whole: `*…*`.
    private static func isNote(_ line: Substring) -> Bool {
        let bytes = line.utf8
        let star = UInt8(ascii: "*")
        guard bytes.count >= 4, bytes.first == star, bytes.last == star else { return false }
        return bytes[bytes.index(after: bytes.startIndex)] != star && bytes.dropLast().last != star
    }

    /// `**[MM:SS]**` or `**[HH:MM:SS]**` in front of what is said.
    private static func timeAndText(of line: Substring) -> (Double?, Substring) {
        guard line.hasPrefix("**["), let end = line.utf8.firstIndex(of: UInt8(ascii: "]")) else { return (nil, line) }
        let rest = line[line.utf8.index(after: end)...]
        let parts = line[line.utf8.index(line.startIndex, offsetBy: 3)..<end].split(
            separator: ":", omittingEmptySubsequences: false)
        let isTime =
            rest.hasPrefix("**") && (2...3).contains(parts.count) && parts.last?.utf8.count == 2
            && parts.allSatisfy { part in
                (1...4).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
            }
        guard isTime else { return (nil, line) }
        let seconds = parts.reduce(0.0) { $0 * 60 + (Double($1) ?? 0) }
        return (seconds, rest.dropFirst(2).trimmedWhitespace)
    }

    /// The existing server's Parakeet node writes a line for every word.
    private static func isOneWordALine(_ lines: [String]) -> Bool {
        lines.count >= 10 && lines.count { !$0.utf8.contains(0x20) } * 10 >= lines.count * 9
    }

    private static func words(_ timed: [(text: String, start: Double)]) -> [Transcript.Word] {
        timed.indices.map { index in
            // Whole seconds are all that is known; a word is not longer than two of them.
            let next = index + 1 < timed.count ? timed[index + 1].start : timed[index].start + 1
            let end = max(timed[index].start, min(next, timed[index].start + 2))
            return Transcript.Word(text: timed[index].text, start: timed[index].start, end: end)
        }
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return String(text) }
        return String(text.replacing(/\\([\\`*_\[\]<])/) { $0.1 })
    }
}

extension Substring {
    var trimmedWhitespace: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
