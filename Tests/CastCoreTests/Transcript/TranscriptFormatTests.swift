import CastCore
import Foundation
import Testing

struct TranscriptFormatTests {
    private let header = TranscriptHeader(
        title: "A talk", feed: "The Feed", date: Date(timeIntervalSince1970: 1_700_000_000),
        audioURL: "https://example.org/a.mp3")

    private func word(_ text: String, _ start: Double, _ end: Double) -> Transcript.Word {
        .init(text: text, start: start, end: end, probability: 0.5)
    }

    private var transcript: Transcript {
        Transcript(
            sentences: [
                .init(
                    text: "Hello <there>.", start: 1.25, end: 2,
                    words: [self.word("Hello", 1.25, 1.5), self.word("<there>.", 1.5, 2)], startsParagraph: true),
                .init(text: "Fine.", start: 2.5, end: 3, words: [self.word("Fine.", 2.5, 3)]),
                .init(text: "Next.", start: 61, end: 62, words: [self.word("Next.", 61, 62)], startsParagraph: true),
            ], duration: 65.4, language: "en", model: "base", engine: "faster-whisper 1.2.1")
    }

    @Test func `Markdown has a front matter, a title, a line a sentence and a blank line between paragraphs`() throws {
        let expected = """
            ---
            feed: "The Feed"
            episode: "A talk"
            date: 2023-11-14
            duration: "00:01:05"
            model: "base"
            engine: "faster-whisper 1.2.1"
            language: "en"
            audio: "https://example.org/a.mp3"
            source: engine
            ---

            # A talk

            **[00:01]** Hello \\<there>.
            **[00:02]** Fine.

            **[01:01]** Next.

            """
        #expect(try TranscriptFormat.md.render(self.transcript, header: self.header) == expected)
    }

    @Test func `plain text is a paragraph a line`() throws {
        #expect(
            try TranscriptFormat.txt.render(self.transcript, header: self.header)
                == "Hello <there>. Fine.\n\nNext.\n")
    }

    @Test func `subtitles take their times from the words`() throws {
        let srt = try TranscriptFormat.srt.render(self.transcript, header: self.header)
        #expect(srt.hasPrefix("1\n00:00:01,250 --> 00:00:02,250\nHello <there>.\n\n2\n00:00:02,500 --> 00:00:03,500\n"))
        let vtt = try TranscriptFormat.vtt.render(self.transcript, header: self.header)
        #expect(vtt.hasPrefix("WEBVTT\n\n00:00:01.250 --> 00:00:02.250\nHello &lt;there&gt;.\n\n"))
    }

    @Test func `the native form comes back as it was, and the same bytes every time`() throws {
        let data = try TranscriptFormat.encode(self.transcript)
        #expect(try JSONDecoder().decode(Transcript.self, from: data) == self.transcript)
        #expect(try TranscriptFormat.encode(self.transcript) == data)
    }

    @Test func `times have hours once the audio is longer than one`() throws {
        let transcript = Transcript(
            sentences: [
                .init(text: "First.", start: 5, end: 6), .init(text: "Last.", start: 3725.9, end: 3727),
            ])
        let text = try TranscriptFormat.md.render(transcript, header: self.header)
        #expect(text.contains("**[00:00:05]** First.\n**[01:02:05]** Last."))
    }

    @Test(arguments: TranscriptFormat.allCases)
    func `an empty transcript can be had in every format`(format: TranscriptFormat) throws {
        let text = try format.render(Transcript(sentences: [], duration: 12), header: self.header)
        switch format {
        case .podcast: #expect(text == "{\"version\":\"1.0.0\",\"segments\":[\n]}\n")
        case .html: #expect(text.hasSuffix("<body>\n</body>\n</html>\n"))
        case .md: #expect(text.hasSuffix("# A talk\n\n*No speech was found in this audio.*\n"))
        case .txt, .srt: #expect(text.isEmpty)
        case .vtt: #expect(text == "WEBVTT\n")
        case .json: #expect(text.contains("\"sentences\":[]"))
        }
    }

    @Test(arguments: [
        "--- \nsource: evil", "a\": \"b", "x\u{2028}y: z", "back\\slash", "tab\there", "\u{1B}[31m", "# not a title",
    ])
    func `whatever a feed calls itself stays one value on one line`(title: String) throws {
        let text = try TranscriptFormat.md.render(
            self.transcript, header: TranscriptHeader(title: title, feed: title))
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "---")
        #expect(lines[1].hasPrefix("feed: \"") && lines[1].hasSuffix("\""))
        #expect(lines[2].hasPrefix("episode: \"") && lines[2].hasSuffix("\""))
        // No quote ends the value early.
        let value = lines[1].dropFirst(7).dropLast().replacing("\\\\", with: "").replacing("\\\"", with: "")
        #expect(!value.contains("\""))
        #expect(lines.count { $0 == "---" } == 2)
        #expect(lines.count { $0.hasPrefix("# ") } == 1)
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    }

    @Test func `what is said cannot become Markdown, HTML or a cue of its own`() throws {
        let hostile = "<script>*x*</script> [a](javascript:x) 00:00 --> 00:01"
        let transcript = Transcript(sentences: [.init(text: hostile, start: 0, end: 5)])
        let markdown = try TranscriptFormat.md.render(transcript, header: self.header)
        #expect(markdown.contains("\\<script>\\*x\\*\\</script> \\[a\\](javascript:x)"))
        let vtt = try TranscriptFormat.vtt.render(transcript, header: self.header)
        #expect(!vtt.contains("<script>"))
        #expect(vtt.split(separator: "\n").allSatisfy { !$0.contains("-->") || $0.contains(/^\d\d:\d\d:\d\d/) })
    }

    @Test func `cues have two lines of forty-two characters at most, in order, and hold every word`() throws {
        let texts = (0..<200).map { "word\($0)" }
        let words = texts.enumerated().map { self.word($1, Double($0), Double($0) + 1.5) }
        let transcript = Transcript(
            sentences: [.init(text: texts.joined(separator: " "), start: 0, end: 201.5, words: words)])
        let blocks = try TranscriptFormat.vtt.render(transcript, header: self.header)
            .split(separator: "\n\n").dropFirst().map { $0.split(separator: "\n") }
        #expect(blocks.allSatisfy { (2...3).contains($0.count) && $0.dropFirst().allSatisfy { $0.count <= 42 } })
        #expect(blocks.flatMap { $0.dropFirst() }.joined(separator: " ") == texts.joined(separator: " "))
        let times = blocks.flatMap { $0[0].components(separatedBy: " --> ") }
        #expect(times == times.sorted())
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, -5, 1e300])
    func `a time that is none is written all the same`(time: Double) throws {
        let transcript = Transcript(
            sentences: [.init(text: "Hello.", start: time, end: time)], duration: time)
        for format in [TranscriptFormat.md, .txt, .srt, .vtt] {
            #expect(!(try format.render(transcript, header: self.header)).isEmpty)
        }
    }
}
