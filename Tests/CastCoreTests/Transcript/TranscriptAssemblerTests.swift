import CastCore
import Testing

struct TranscriptAssemblerTests {
    /// Words of half a second each, a tenth of a second apart; `|` is a breath of half a second, `||` one of two
    /// seconds and a half.
    private func words(_ text: String) -> [Transcript.Word] {
        var time = 0.0
        var words: [Transcript.Word] = []
        for part in text.split(separator: " ") {
            switch part {
            case "|": time += 0.5
            case "||": time += 2.5
            default:
                words.append(.init(text: String(part), start: time, end: time + 0.5, probability: 0.9))
                time += 0.6
            }
        }
        return words
    }

    private func sentences(_ text: String, language: String? = "en") -> [String] {
        TranscriptAssembler(language: language).sentences(from: self.words(text)).map(\.text)
    }

    @Test(arguments: [
        ("Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        ("Ask Dr. Miller or Mrs. Jones.", ["Ask Dr. Miller or Mrs. Jones."]),
        ("By J. S. Bach.", ["By J. S. Bach."]),
        ("It was I. Nobody else.", ["It was I.", "Nobody else."]),
        ("The U.S. Army came.", ["The U.S. Army came."]),
        ("In the U.S. | The army came.", ["In the U.S.", "The army came."]),
        ("At 5 p.m. We left.", ["At 5 p.m.", "We left."]),
        ("We play No. 5 now.", ["We play No. 5 now."]),
        ("She said no. Then she left.", ["She said no.", "Then she left."]),
        ("Es war am 3. Oktober so.", ["Es war am 3. Oktober so."]),
        ("Press 3. | Then wait.", ["Press 3.", "Then wait."]),
        ("It was in 2019. We left.", ["It was in 2019.", "We left."]),
        ("It costs 3.5 dollars.", ["It costs 3.5 dollars."]),
        ("Well... maybe not.", ["Well... maybe not."]),
        ("One thing || another thing", ["One thing", "another thing"]),
        ("", []),
    ])
    func `sentences end where a reader expects it`(text: String, expected: [String]) {
        #expect(self.sentences(text) == expected)
    }

    @Test func `words in scripts without spaces are joined without them`() {
        #expect(self.sentences("今日は 晴れ。 明日は 雨。", language: "ja") == ["今日は晴れ。", "明日は雨。"])
    }

    @Test func `a sentence keeps its words and lasts from the first to the last of them`() throws {
        let words = self.words("Hello there. Fine.")
        let sentences = TranscriptAssembler().sentences(from: words)
        #expect(sentences.flatMap(\.words) == words)
        let first = try #require(sentences.first)
        #expect(first.start == words[0].start)
        #expect(first.end == words[1].end)
    }

    @Test func `a run without a full stop is broken at its longest pause, and no word is lost`() {
        let text = (0..<150).map { $0 == 60 ? "| | w60" : "w\($0)" }.joined(separator: " ")
        let words = self.words(text)
        let sentences = TranscriptAssembler().sentences(from: words)
        #expect(sentences.flatMap(\.words) == words)
        #expect(sentences.allSatisfy { $0.words.count <= 60 })
        #expect(sentences.contains { $0.words.first?.text == "w60" })
    }

    @Test func `a long pause begins a paragraph, and so does the first sentence after three quarters of a minute`() {
        let long = (0..<40).map { _ in "Yes it is." }.joined(separator: " ")
        let sentences = TranscriptAssembler().sentences(from: self.words("First. Second. || Third. " + long))
        let starts = sentences.filter(\.startsParagraph)
        #expect(starts.map(\.text).prefix(2) == ["First.", "Third."])
        #expect(starts.count == 3)
        #expect(starts[2].start - starts[1].start >= 45)
        #expect(starts[2].start - starts[1].start < 48)
    }
}
