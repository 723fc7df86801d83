import CastCore
import Testing

@Suite struct SearchQueryTests {
    @Test(arguments: [
        ("wales", "\"wales\" *"),
        ("prince wales", "\"prince\" AND \"wales\" *"),
        ("\"the great show\" now", "\"the great show\" AND \"now\" *"),
        ("“curly quotes”", "\"curly quotes\""),
        ("a OR b c", "(\"a\" OR \"b\") AND \"c\""),
        ("python NOT flask", "(\"python\") NOT (\"flask\")"),
        ("python -flask -\"big snake\"", "(\"python\") NOT (\"flask\" OR \"big snake\")"),
        ("docker AND kubernetes", "\"docker\" AND \"kubernetes\" *"),
        ("NEAR(x) ^ * :", "\"NEAR(x)\""),
        ("say \"unclosed phrase", "\"say\" AND \"unclosed phrase\""),
        ("OR house", "\"OR\" AND \"house\" *"),
        ("c++", "\"c++\" *"),
    ])
    func `what is typed becomes a pattern that holds nothing unquoted`(text: String, pattern: String) {
        #expect(SearchQuery(text).pattern == pattern)
    }

    @Test(arguments: ["", "   ", "\"", "!!!", "NOT word", "-word", "* : ^ ()", "\0"])
    func `what says nothing to look for is empty`(text: String) {
        #expect(SearchQuery(text).isEmpty)
        #expect(SearchQuery(text).pattern == nil)
    }

    @Test func `nobody makes it look for more than sixteen terms`() {
        let query = SearchQuery((0..<100).map { "w\($0)" }.joined(separator: " "))
        #expect(query.wanted.count == SearchQuery.mostTerms)
    }
}

@Suite struct PassageTests {
    private func transcript(_ sentences: [String]) -> Transcript {
        Transcript(
            sentences: sentences.enumerated().map { index, text in
                Transcript.Sentence(text: text, start: Double(index * 10), end: Double(index * 10 + 9))
            })
    }

    @Test func `sentences join until a passage is long enough, and each keeps its time`() throws {
        let long = String(repeating: "word ", count: 89) + "end."
        let passages = Passage.all(of: self.transcript([long, long, "Übung.", "Last one."]))
        try #require(passages.count == 2)
        #expect(passages[0].start == 0 && passages[0].end == 19)
        #expect(passages[0].marks.map(\.time) == [0, 10])
        #expect(passages[1].text == "Übung. Last one.")
        #expect(passages[1].marks == [.init(offset: 0, time: 20), .init(offset: 8, time: 30)])
        #expect(Passage.time(at: 9, in: passages[1].marks, else: 0) == 30)
    }

    @Test func `a sentence longer than a passage is one by itself`() {
        let huge = String(repeating: "x", count: 5000)
        #expect(Passage.all(of: self.transcript(["a", huge, "b"])).map(\.text) == ["a", huge, "b"])
    }

    @Test func `a snippet shows what is around the first hit, escaped`() {
        let text =
            String(repeating: "before ", count: 40) + "<b>\u{1}hit\u{2}</b> & " + String(repeating: "after ", count: 60)
        let snippet = Snippet.around(text)
        #expect(snippet.hasPrefix("…before") && snippet.hasSuffix("…"))
        #expect(snippet.count < 260)
        #expect(Snippet.html(snippet).contains("&lt;b&gt;<mark>hit</mark>&lt;/b&gt; &amp; after"))
        #expect(Snippet.firstHit(in: "aü \u{1}x\u{2}") == 4)
    }
}
