/// Grows sentences and paragraphs from words and the pauses between them.
package struct TranscriptAssembler: Sendable {
    /// A pause of so many seconds ends a sentence even without a full stop.
    package var sentencePause = 1.5
    /// A pause of so many seconds begins a paragraph.
    package var paragraphPause = 2.0
    /// A paragraph of so many seconds ends with its sentence.
    package var paragraphLength = 45.0
    /// A sentence of more words is broken at its longest pause.
    package var maximumWords = 60

    /// A paragraph that has half its length ends with its sentence where somebody breathes for so long.
    package var paragraphBreath = 1.2

    private let spacing: Spacing

    /// - Parameter language: ISO 639-1 code, if known.
    package init(language: String? = nil) {
        self.spacing = Spacing(language: language)
    }

    /// - Parameter words: In order of time.
    package func sentences(from words: [Transcript.Word]) -> [Transcript.Sentence] {
        var groups: [[Transcript.Word]] = []
        var current: [Transcript.Word] = []
        for (index, word) in words.enumerated() {
            current.append(word)
            let next = index + 1 < words.count ? words[index + 1] : nil
            guard let next else { break }
            let pause = next.start - word.end
            if pause >= self.sentencePause || Self.endsSentence(word.text, next: next.text, pause: pause) {
                groups.append(current)
                current = []
            }
        }
        if !current.isEmpty { groups.append(current) }
        var sentences: [Transcript.Sentence] = []
        var paragraphStart = 0.0
        for group in groups.flatMap(self.broken) {
            guard let first = group.first, let last = group.last else { continue }
            let pause = sentences.last.map { first.start - $0.end }
            let length = first.start - paragraphStart
            let starts =
                pause.map { pause in
                    pause >= self.paragraphPause || length >= self.paragraphLength
                        || (pause >= self.paragraphBreath && length >= self.paragraphLength / 2)
                } ?? true
            if starts { paragraphStart = first.start }
            sentences.append(
                Transcript.Sentence(
                    text: self.spacing.joined(group.map(\.text)), start: first.start,
                    end: max(first.start, last.end),
                    words: group, startsParagraph: starts))
        }
        return sentences
    }

    /// A run without a full stop, in parts of a size that can be read, each cut at its longest pause.
    private func broken(_ words: [Transcript.Word]) -> [[Transcript.Word]] {
        guard words.count > self.maximumWords else { return [words] }
        // Not near the ends: a part of two words is no sentence.
        let candidates = (words.count / 4)..<(words.count * 3 / 4)
        let pause = { (index: Int) in words[index + 1].start - words[index].end }
        guard let cut = candidates.max(by: { pause($0) < pause($1) }) else { return [words] }
        return self.broken(Array(words[...cut])) + self.broken(Array(words[(cut + 1)...]))
    }

    /// Whether a sentence ends behind a word.
    ///
    /// Not after abbreviations and initials, not behind an ordinal or inside a number, and not where the text goes on
    /// in lower case.
    static func endsSentence(_ word: String, next: String, pause: Double) -> Bool {
        let closing: Set<Character> = ["\"", "'", "”", "’", "»", ")", "]"]
        var core = Substring(word)
        while let last = core.last, closing.contains(last) { core.removeLast() }
        guard let mark = core.last, ".!?…。！？؟۔।".contains(mark) else { return false }
        if "。！？؟۔।".contains(mark) { return true }
        let nextLetter = next.first { $0.isLetter || $0.isNumber }
        if let nextLetter, nextLetter.isLowercase { return false }
        guard mark == "." else { return true }
        let stem = core.dropLast()
        let name = stem.lowercased()
        let nextIsNumber = nextLetter?.isNumber == true
        if Self.abbreviations.contains(name) { return false }
        if Self.abbreviationsOfNumbers.contains(name) { return !nextIsNumber }
        // “am 3. Oktober” goes on, “in room 3. Then” does not: what tells them apart is the breath.
        if stem.count <= 2, stem.allSatisfy(\.isNumber) { return pause >= Self.breath && !nextIsNumber }
        // `J.` of “J. S. Bach”; “I.” is a word.
        if stem.count == 1, stem.first?.isLetter == true, name != "i" { return false }
        // `U.S.` may be followed by `Army`, or by the next sentence.
        let isAcronym =
            stem.contains(".") && stem.split(separator: ".").allSatisfy { $0.count == 1 && $0 != $0.lowercased() }
        return isAcronym ? pause >= Self.breath : true
    }

    /// A pause that is more than the gap between two words, in seconds.
    private static let breath = 0.35

    private static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "approx", "dept", "gen", "col", "sgt", "capt", "rev",
        "hon", "e.g", "i.e", "z.b", "d.h", "bzw", "inkl", "mme",
        "mlle", "sra", "dra", "dott", "dhr", "mevr", "bijv", "np", "tzw", "např", "tzv", "evtl", "ggf", "u.a", "o.a",
        "t.ex",
        "bl.a", "p.ex",
    ]

    // Words of their own, unless a number follows: “No. 5”.
    private static let abbreviationsOfNumbers: Set<String> = ["no", "nr", "vol", "fig", "art", "pp", "chap"]
}
