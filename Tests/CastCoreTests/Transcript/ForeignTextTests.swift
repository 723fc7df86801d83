import CastCore
import Foundation
import Testing

@Suite struct ForeignTextTests {
    private func lines(_ text: String, _ form: ForeignTranscript.Form) throws -> [String] {
        ForeignCaptionTests.lines(try ForeignTranscript.read(text.utf8, as: form))
    }

    @Test func `Podcasting 2's JSON gives sentences and speakers`() throws {
        let found = try self.lines(
            """
            {"version": "1.0.0", "segments": [
              {"speaker": "Ada", "startTime": 0.5, "endTime": 2, "body": "Hello there,\\nmy"},
              {"speaker": "Ada", "startTime": 2, "endTime": 4.5, "body": "friend. How are you?"},
              {"speaker": "Bob", "startTime": "5.5", "endTime": "00:00:07", "body": "Fine."},
              {"startTime": 7, "body": "And you?"}, {"body": ""}, 7, null
            ]}
            """, .json)
        #expect(
            found == ["0.5 Ada: Hello there, my friend.", "2.95 How are you?", "¶ 5.5 Bob: Fine.", "7.0 And you?"])
    }

    @Test func `JSON of single words keeps their times`() throws {
        let words = ["So", "today", "we", "talk", "about", "tea", ".", "It", "is", "good", ",", "is", "not", "it", "?"]
        let segments = words.enumerated().map { index, word in
            "{\"startTime\": \(index), \"endTime\": \(Double(index) + 0.9), \"body\": \"\(word)\", \"speaker\": \"Ada\"}"
        }
        let transcript = try ForeignTranscript.read(
            "{\"language\": \"en\", \"segments\": [\(segments.joined(separator: ","))]}".utf8, as: .json)
        #expect(
            ForeignCaptionTests.lines(transcript) == [
                "0.0 Ada: So today we talk about tea.", "7.0 It is good, is not it?",
            ])
        let first = try #require(transcript.sentences.first)
        #expect(first.words.map(\.text).joined(separator: " ") == first.text)
        #expect(first.words.last == Transcript.Word(text: "tea.", start: 5, end: 5.9))
        #expect(transcript.language == "en")
    }

    @Test(arguments: [
        "[{\"start\": 1, \"end\": 2, \"text\": \"Hello you.\"}]",
        "{\"segments\": [{\"start\": 1, \"end\": 2, \"text\": \" Hello you. \"}]}",
        "{\"segments\": [{\"startTime\": 1, \"endTime\": 0, \"body\": \"Hello you.\"}]}",
    ]) func `what recognisers write is read as well`(text: String) throws {
        #expect(try self.lines(text, .json) == ["1.0 Hello you."])
    }

    @Test(arguments: [
        ("{\"segments\": ", "not sound JSON"), ("{\"a\": 1}", "without “segments”"), ("7", "without “segments”"),
        ("{\"segments\": []}", "no text"), (String(repeating: "[", count: 100_000), "deeper"),
        (
            "{\"segments\": [{\"body\": \(String(repeating: "[", count: 40))\(String(repeating: "]", count: 40))}]}",
            "deeper"
        ),
    ]) func `JSON that is no transcript is refused with words`(text: String, words: String) {
        let error = #expect(throws: CastError.self) { try ForeignTranscript.read(text.utf8, as: .json) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `a page of Podcasting 2's form gives times and speakers`() throws {
        let found = try self.lines(
            """
            <!DOCTYPE html><html lang="en"><head><title>No</title><style>p { x: y }</style></head><body>
            <nav>Home</nav><h1>Transcript</h1><script>if (a < b) { "</p>" }</script>
            <cite>Ada Lovelace:</cite> <time>0:01</time> <p>Hello &amp; <b>welcome</b>.<br>It is tea&nbsp;time.</p>
            <cite>Bob:</cite> <TIME>1:02:03</TIME><p>Good.</p><p>Very good.</p><!-- <p>hidden</p> -->
            <footer>Imprint</footer></body></html>
            """, .html)
        #expect(
            found == [
                "1.0 Ada Lovelace: Hello & welcome.", "2.44 It is tea time.", "¶ 3723.0 Bob: Good.",
                "¶ 3723.0 Very good.",
            ])
    }

    @Test func `a page without names and times gives its paragraphs`() throws {
        let found = try self.lines("<html><body><p>One. Two.</p><div>Three &lt;x&gt;</div></body></html>", .html)
        #expect(found == ["0.0 One.", "0.0 Two.", "¶ 0.0 Three <x>"])
    }

    @Test(arguments: [
        ("One. Two.\nThree.\n\nFour.", ["0.0 One.", "0.0 Two.", "0.0 Three.", "¶ 0.0 Four."]),
        ("A line that was\nwrapped by hand.", ["0.0 A line that was wrapped by hand."]),
        ("[00:01:02] Ada: Hello.\n[00:01:05] Bob: Hi.", ["62.0 Ada: Hello.", "¶ 65.0 Bob: Hi."]),
        ("00:01:02 - Hello.\n\nThen more.", ["62.0 Hello.", "¶ 62.0 Then more."]),
        ("Ada Lovelace [00:01:02]\nHello.\n\nBob 1:05\nHi.", ["62.0 Ada Lovelace: Hello.", "¶ 65.0 Bob: Hi."]),
        ("We meet at 10:30", ["0.0 We meet at 10:30"]), ("Ada: Hello.\nBob: Hi.", ["0.0 Ada: Hello.", "0.0 Bob: Hi."]),
    ]) func `plain text is read with the times that stand in it`(text: String, found: [String]) throws {
        #expect(try self.lines(text, .text) == found)
    }

    @Test(arguments: ForeignTranscript.Form.allCases) func `nothing is refused`(form: ForeignTranscript.Form) {
        for text in ["", " \n\u{FEFF} \n"] {
            let error = #expect(throws: CastError.self) { try ForeignTranscript.read(text.utf8, as: form) }
            #expect(error?.code == .invalid)
        }
    }

    @Test func `a transcript has a size`() {
        let bytes = Array(repeating: UInt8(ascii: "a"), count: ForeignTranscript.limit + 1)
        let error = #expect(throws: CastError.self) { try ForeignTranscript.read(bytes, as: .text) }
        #expect(error?.code == .tooLarge)
    }

    /// What would take minutes if each piece looked through the rest.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (ForeignTranscript.Form.html, "<a"), (.html, "<time>"), (.html, "<!-"),
            (.vtt, "00:01.000 --> 00:02.000\n<v<v<v\n\n"), (.srt, "\n1\n"),
        ]) func `long rows of the same do not take for ever`(form: ForeignTranscript.Form, piece: String)
    {
        let text = String(repeating: piece, count: (256 << 10) / piece.utf8.count)
        _ = try? ForeignTranscript.read(text.utf8, as: form)
    }

    @Test(
        arguments: [
            ("WEBVTT\n\n", .vtt), ("\u{FEFF}WEBVTT", .vtt), ("1\n00:00:01,000 --> 00:00:02,000\nx", .srt),
            ("{\"segments\": []}", .json),
            ("[{\"start\": 1}]", .json), ("<!DOCTYPE html><p>", .html), ("<cite>A</cite>", .html),
            ("<?xml version=\"1.0\"?><tt/>", nil),
            ("Hello", .text), ("[00:01] Hello", .text), ("", nil),
        ] as [(String, ForeignTranscript.Form?)]) func `bytes show their form`(
            text: String, form: ForeignTranscript.Form?
        )
    {
        #expect(ForeignTranscript.form(of: text.utf8) == form)
    }

    @Test(
        arguments: [
            ("text/vtt", "/a", .vtt), ("application/x-subrip", "/a.txt", .srt), ("application/json", "/a", .json),
            ("text/html", "/a", .html),
            ("text/plain", "/a", .text), ("text/plain", "/a.SRT", .srt), ("", "/a/b.vtt", .vtt), ("", "/vtt", nil),
            ("audio/mpeg", "/a", nil),
        ] as [(String, String, ForeignTranscript.Form?)]) func `names claim a form`(
            type: String, path: String, form: ForeignTranscript.Form?
        )
    {
        #expect(ForeignTranscript.form(mediaType: type, path: path) == form)
    }
}
