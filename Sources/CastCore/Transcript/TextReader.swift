/// Reads transcripts that are plain text, with the times and names that people put in front of paragraphs.
enum TextReader {
    static func cues(_ text: String) -> [SpokenText.Cue] {
        var cues: [SpokenText.Cue] = []
        var isNewParagraph = true
        var start: Double?
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            var line = SpokenText.line(line)[...]
            if line.isEmpty {
                isNewParagraph = true
                continue
            }
            if let (time, rest) = self.time(line) {
                start = time
                line = rest
                isNewParagraph = true
            }
            // A time on a line of its own, or a name with the time behind it: what follows is said then.
            if let (head, time) = self.timeBehind(line) {
                start = time
                line = head
                isNewParagraph = true
            }
            guard !line.isEmpty else { continue }
            guard cues.count < SpokenText.most else { break }
            cues.append(.init(start: start, text: String(line), startsParagraph: isNewParagraph))
            isNewParagraph = false
        }
        // Times of some paragraphs only: the others are said after the one before.
        if cues.contains(where: { $0.start != nil }) {
            var last = 0.0
            for index in cues.indices {
                last = max(last, cues[index].start ?? last)
                cues[index].start = last
            }
        }
        return cues
    }

    /// `[00:01:02] Text`, `(1:02) Text`, `00:01:02 Text`.
    private static func time(_ line: Substring) -> (Double, Substring)? {
        guard
            let match = line.prefixMatch(
                of: /[\[(]?(\d{1,3}:\d{2}(?::\d{2})?)(?:[.,]\d{1,3})?[\])]?(?:\s*[-–—]\s|\s+|$)/),
            let time = self.clock(match.1)
        else { return nil }
        return (time, line[match.range.upperBound...])
    }

    /// `Ada Lovelace [00:01:02]`, `Ada 1:02:03`.
    private static func timeBehind(_ line: Substring) -> (Substring, Double)? {
        guard line.count <= 80,
            let match = line.wholeMatch(of: /(.{1,60}?)\s+[\[(]?(\d{1,3}:\d{2}(?::\d{2})?)[\])]?:?/),
            // “We meet at 10:30” is a sentence; names begin with a capital and have few words.
            match.1.split(separator: " ").allSatisfy({ $0.first?.isUppercase == true || $0.first?.isNumber == true }),
            match.1.split(separator: " ").count <= 4, let time = self.clock(match.2)
        else { return nil }
        let name = match.1.last == ":" ? String(match.1) : match.1 + ":"
        return (Substring(name), time)
    }

    /// `1:02`, `01:02:03`; minutes alone may be many.
    static func clock(_ text: Substring) -> Double? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count) else { return nil }
        return CaptionReader.seconds(text)
    }
}
