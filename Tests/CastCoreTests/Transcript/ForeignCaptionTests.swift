import CastCore
import Foundation
import Testing

@Suite struct ForeignCaptionTests {
    /// The sentences as `start text`, with `¶` where a paragraph begins behind the first.
    static func lines(_ transcript: Transcript) -> [String] {
        transcript.sentences.enumerated().map { index, sentence in
            let start = (sentence.start * 100).rounded() / 100
            return "\(index > 0 && sentence.startsParagraph ? "¶ " : "")\(start) \(sentence.text)"
        }
    }

    private func vtt(_ text: String) throws -> [String] {
        Self.lines(try ForeignTranscript.read(text.utf8, as: .vtt))
    }

    private func srt(_ text: String) throws -> [String] {
        Self.lines(try ForeignTranscript.read(text.utf8, as: .srt))
    }

    @Test func `WebVTT gives sentences, whatever its cues were cut to`() throws {
        let transcript = try ForeignTranscript.read(
            """
            WEBVTT - A talk
            Kind: captions
            Language: en-GB

            STYLE
            ::cue { color: red }

            REGION
            id:left

            NOTE
            Not said --> at all

            intro
            00:00:01.000 --> 00:00:03.000 align:start position:10%
            Welcome to the show. Today
            we talk

            2
            00:03.000 --> 00:05.000
            about <i>tea</i> &amp; <c.yellow>cake</c>.

            NOTE one line

            100:00:00.000 --> 100:00:02.000
            Good&nbsp;bye.&lrm;
            """.utf8, as: .vtt)
        #expect(
            Self.lines(transcript) == [
                "1.0 Welcome to the show.", "2.2 Today we talk about tea & cake.", "¶ 360000.0 Good bye.",
            ])
        #expect(transcript.language == "en")
        #expect(transcript.source == .publisher)
        #expect(transcript.sentences.allSatisfy { $0.words.isEmpty })
        #expect(transcript.sentences[1].end == 5)
    }

    @Test func `who speaks stands in front of a turn, once`() throws {
        let found = try self.vtt(
            """
            WEBVTT

            00:00.000 --> 00:02.000
            <v Ada Lovelace>Hello there

            00:02.000 --> 00:04.000
            <v Ada Lovelace>my friend. How are you?

            00:04.000 --> 00:06.000
            <v.loud Bob &amp; Co>Fine.</v> <v Ada Lovelace>Good.</v>

            00:06.000 --> 00:07.000
            And you?
            """)
        #expect(
            found == [
                "0.0 Ada Lovelace: Hello there my friend.", "2.92 How are you?", "¶ 4.0 Bob & Co: Fine.",
                "¶ 4.0 Ada Lovelace: Good.", "6.0 And you?",
            ])
    }

    static let one = ["1.0 Hello you."]

    @Test(arguments: [
        ("no header", "00:01.000 --> 00:02.000\nHello you."),
        ("a mark", "\u{FEFF}WEBVTT\n\n00:01.000 --> 00:02.000\nHello you."),
        ("Windows' line ends", "WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nHello\r\nyou.\r\n"),
        ("old line ends", "WEBVTT\r\r00:01.000 --> 00:02.000\rHello you.\r"),
        ("commas", "WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nHello you."),
        ("no empty lines", "WEBVTT\n00:01.000 --> 00:02.000\nHello you."),
        ("no spaces at the arrow", "WEBVTT\n\n00:01.000-->00:02.000\nHello you."),
        ("a time that ends before it begins", "WEBVTT\n\n00:01.000 --> 00:00.500\nHello you."),
        ("times for single words", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello<00:01.500><c> you.</c>"),
        (
            "empty cues",
            "WEBVTT\n\n00:00.000 --> 00:01.000\n\n00:01.000 --> 00:02.000\n<i></i>Hello you.\n\n00:02.000 --> 00:03.000\n \n"
        ),
        ("control characters", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\u{1}\u{200B} you."),
        ("out of order is put in order", "WEBVTT\n\n00:01.500 --> 00:02.000\nyou.\n\n00:01.000 --> 00:01.500\nHello"),
    ]) func `odd WebVTT is read all the same`(name: String, text: String) throws {
        #expect(try self.vtt(text) == Self.one, "\(name)")
    }

    @Test(arguments: [
        ("as it should be", "1\n00:00:01,000 --> 00:00:02,000\nHello you.\n"),
        ("points", "1\n00:00:01.000 --> 00:00:02.000\nHello you.\n"),
        ("a mark and Windows' line ends", "\u{FEFF}1\r\n00:00:01,000 --> 00:00:02,000\r\nHello you.\r\n"),
        ("no numbers", "00:00:01,000 --> 00:00:01,500\nHello\n\n00:00:01,500 --> 00:00:02,000\nyou."),
        ("no empty lines", "1\n00:00:01,000 --> 00:00:01,500\nHello\n2\n00:00:01,500 --> 00:00:02,000\nyou."),
        (
            "empty lines within a text",
            "1\n00:00:01,000 --> 00:00:02,000\nHello\n\nyou.\n\n2\n00:00:02,000 --> 00:00:03,000\n\n"
        ),
        (
            "tags and places",
            "1\n00:00:01,000 --> 00:00:02,000 X1:10 X2:20\n{\\an8}<font color=\"red\"><b>Hello</b></font> you.\n"
        ),
        ("few digits", "1\n0:0:1,0 --> 0:0:2,0\nHello you.\n"),
    ]) func `SubRip is read in its many forms`(name: String, text: String) throws {
        #expect(try self.srt(text) == Self.one, "\(name)")
    }

    @Test func `what is no tag stays`() throws {
        #expect(
            try self.srt("1\n00:00:01,000 --> 00:00:02,000\nI <3 it, 1 < 2, a <b and <script>.\n") == [
                "1.0 I <3 it, 1 < 2, a <b and <script>."
            ])
    }

    @Test func `captions that roll are said once`() throws {
        let found = try self.vtt(
            """
            WEBVTT

            00:00.000 --> 00:02.000
             
            so<00:00.500><c> today</c><00:01.000><c> we</c>

            00:02.000 --> 00:02.010
            so today we
             

            00:02.010 --> 00:04.000
            so today we
            look<00:02.500><c> at</c><00:03.000><c> tea</c>

            00:04.000 --> 00:04.010
            look at tea
             

            00:04.010 --> 00:06.000
            look at tea
            and at cake
            """)
        #expect(found == ["0.0 so today we look at tea and at cake"])
    }

    @Test func `captions that grow are said once`() throws {
        let found = try self.srt(
            """
            1
            00:00:00,000 --> 00:00:01,000
            We all

            2
            00:00:01,000 --> 00:00:02,000
            We all drink

            3
            00:00:02,000 --> 00:00:03,000
            We all drink tea.
            """)
        #expect(found == ["0.0 We all drink tea."])
    }

    @Test func `people may repeat themselves`() throws {
        let found = try self.srt(
            """
            1
            00:00:00,000 --> 00:00:01,000
            No.

            2
            00:00:01,000 --> 00:00:02,000
            No.

            3
            00:00:02,000 --> 00:00:04,000
            We will, we will

            4
            00:00:04,000 --> 00:00:06,000
            we will do it again.

            5
            00:00:06,000 --> 00:00:08,000
            Something else now.

            6
            00:00:08,000 --> 00:00:09,000
            And the end.
            """)
        #expect(
            found == [
                "0.0 No.", "1.0 No.", "2.0 We will, we will we will do it again.", "6.0 Something else now.",
                "8.0 And the end.",
            ])
    }

    @Test func `what two people say at once is kept, in order`() throws {
        let found = try self.vtt(
            """
            WEBVTT

            00:00.000 --> 00:04.000
            <v A>One two three.

            00:01.000 --> 00:02.000
            <v B>One two three.

            00:02.000 --> 00:05.000
            <v A>Four.
            """)
        #expect(found == ["0.0 A: One two three.", "¶ 1.0 B: One two three.", "¶ 2.0 A: Four."])
    }

    @Test(arguments: [TranscriptFormat.vtt, .srt]) func `our own subtitles are read back`(format: TranscriptFormat)
        throws
    {
        let sentences = [
            Transcript.Sentence(
                text: "A first sentence, a <b>long</b> one & more than two lines of subtitles can ever hold, I think.",
                start: 1, end: 9),
            Transcript.Sentence(text: "Then a second.", start: 9.5, end: 11),
        ]
        let text = try format.render(Transcript(sentences: sentences), header: TranscriptHeader(title: "T"))
        let form = try #require(ForeignTranscript.form(of: text.utf8))
        #expect(form == (format == .vtt ? .vtt : .srt))
        let read = try ForeignTranscript.read(text.utf8, as: form)
        // SubRip has no way to say that `<b>` is text.
        let expected = format == .vtt ? sentences.map(\.text) : sentences.map { $0.text.replacing(/<\/?b>/, with: "") }
        #expect(read.sentences.map(\.text) == expected)
        #expect(read.sentences.map(\.start) == [1, 9.5])
    }

    @Test func `a Windows code page is read`() throws {
        let bytes = try #require("1\n00:00:01,000 --> 00:00:02,000\nÜber “alles”.\n".data(using: .windowsCP1252))
        #expect(Self.lines(try ForeignTranscript.read(bytes, as: .srt)) == ["1.0 Über “alles”."])
        let wide =
            Data([0xFF, 0xFE])
            + (try #require("WEBVTT\n\n00:01.000 --> 00:02.000\nÜber.".data(using: .utf16LittleEndian)))
        #expect(Self.lines(try ForeignTranscript.read(wide, as: .vtt)) == ["1.0 Über."])
    }

    /// Whatever bytes come: an answer or an error, and times that can be written.
    @Test(.timeLimit(.minutes(1)), arguments: ForeignTranscript.Form.allCases) func `no bytes do harm`(
        form: ForeignTranscript.Form
    ) {
        let sample = Array(
            "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n<v A>Hi <b>x</b> &amp;</v>\n{\"segments\":[{\"startTime\":1,\"body\":\"x\"}]}<cite>A</cite><time>0:01</time><p>x</p>"
                .utf8)
        var seed: UInt64 = 42
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        for _ in 0..<400 {
            var bytes = sample
            for _ in 0...next(12) {
                switch next(3) {
                case 0: bytes[next(bytes.count)] = UInt8(next(256))
                case 1: bytes.remove(at: next(bytes.count))
                default: bytes.insert(contentsOf: bytes[next(bytes.count)...].prefix(next(20)), at: next(bytes.count))
                }
            }
            guard let read = try? ForeignTranscript.read(bytes, as: form) else { continue }
            #expect(read.sentences.allSatisfy { $0.start >= 0 && $0.end >= $0.start && $0.end <= 3_600_000 })
        }
    }
}
