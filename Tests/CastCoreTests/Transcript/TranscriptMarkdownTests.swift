import CastCore
import Foundation
import Testing

struct TranscriptMarkdownTests {
    @Test func `our own Markdown is read as what it was made from`() throws {
        let transcript = Transcript(
            sentences: [
                .init(text: "Stars * and [brackets] <b>.", start: 1, end: 4, startsParagraph: true),
                .init(text: "Second.", start: 4, end: 70),
                .init(text: "Third.", start: 70, end: 70, startsParagraph: true),
            ], source: .node)
        let text = try TranscriptFormat.md.render(transcript, header: TranscriptHeader(title: "--- Title"))
        #expect(TranscriptMarkdown.parse(text) == transcript)
    }

    @Test(arguments: [
        ("**[00:05]** Hello there.\n\n**[01:05]** Bye now.", [5.0, 65]),
        ("# Title\n\n*Language: en (99%)*\n\n**[00:05]** Hello there.\n**[01:05]** Bye now.", [5, 65]),
        ("**[01:00:05]** Hello there.\n**[01:01:05]** Bye now.", [3605, 3665]),
        ("**[75:05]** Hello there.\n**[120:05]** Bye now.", [4505, 7205]),
        ("Hello there.\nBye now.", [0, 0]),
        ("**[00:05]** Hello there.\r\n**[01:05]** Bye now.\r\n", [5, 65]),
    ])
    func `sentences of older nodes keep their times`(text: String, starts: [Double]) {
        let transcript = TranscriptMarkdown.parse(text)
        #expect(transcript.sentences.map(\.text) == ["Hello there.", "Bye now."])
        #expect(transcript.sentences.map(\.start) == starts)
        #expect(transcript.source == .node)
    }

    @Test func `one word a line becomes sentences`() {
        let said = "This is what the old node writes. One word a line it was."
        let text = said.split(separator: " ").enumerated()
            .map { "**[00:0\($0 / 3)]** \($1)" }.joined(separator: "\n\n")
        let transcript = TranscriptMarkdown.parse(text)
        #expect(transcript.sentences.map(\.text) == ["This is what the old node writes.", "One word a line it was."])
        #expect(transcript.sentences.map(\.start) == [0, 2])
        #expect(transcript.sentences.map(\.words.count) == [7, 6])
    }

    @Test func `the language is read where the node tells it`() {
        #expect(TranscriptMarkdown.parse("*Language: de (98.2%)*\n\n**[00:00]** Hallo.").language == "de")
    }

    @Test(arguments: [
        "", "\n\n", "---", "---\nnever closed", "**[99999999999999999999:00:00]** far away", "**[9999:9999:00]** x",
        "**[00:0]** x", "\u{0}\u{1}", "*Language: *", "**[]**", "# only a title",
    ])
    func `odd text is taken as far as it goes`(text: String) throws {
        let transcript = TranscriptMarkdown.parse(text)
        #expect(!(try TranscriptFormat.md.render(transcript, header: TranscriptHeader(title: "x"))).isEmpty)
        #expect(!(try TranscriptFormat.vtt.render(transcript, header: TranscriptHeader(title: "x"))).isEmpty)
    }
}
