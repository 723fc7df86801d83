import CastCore
import Foundation
import Podcasts
import Testing

@Suite struct FeedRendererTests {
    private func url(_ text: String) throws -> URL { try #require(URL(string: text)) }

    private func read(_ text: String) throws -> ParsedFeed {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("rendered-\(UUID().uuidString).xml")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try FeedParser().parse(file: file, from: try self.url("https://cast.example/feeds/1.xml"))
    }

    private func feed() throws -> ParsedFeed {
        ParsedFeed(
            title: "Talk & \"Tea\" <3", description: "First & best.\nA line.\n\nSecond <b>.",
            link: try self.url("https://e.org/?a=1&b=2"),
            author: "Ada & Bob", imageURL: try self.url("https://e.org/i.png"), language: "de-at",
            categories: ["Society & Culture", "News"],
            nextPage: try self.url("https://cast.example/feeds/1.xml?page=2"),
            episodes: [
                ParsedEpisode(
                    guid: "id-1 <&>", title: "One & \"two\" 'three' ü 😀", description: "Q&A &amp; more: 1 < 2 & <i>",
                    link: try self.url("https://e.org/1"),
                    audioURL: try self.url("https://cdn.example/1.mp3?a=1&b=%20c"), mimeType: "audio/mpeg",
                    byteCount: 12_345, duration: 3723, publishedAt: Date(timeIntervalSince1970: 1_704_207_845),
                    season: 2, episode: 7,
                    transcripts: [
                        TranscriptOffer.vtt.link(try self.url("https://cast.example/1.vtt?x=1&y=2"), language: "de"),
                        TranscriptOffer.srt.link(try self.url("https://cast.example/1.srt"), language: "de"),
                        TranscriptOffer.json.link(try self.url("https://cast.example/1.json"), language: nil),
                        TranscriptOffer.html.link(try self.url("https://cast.example/1.html"), language: "de"),
                        TranscriptOffer.txt.link(try self.url("https://cast.example/1.txt"), language: "de"),
                    ]),
                ParsedEpisode(
                    guid: "id-2", title: "Two", audioURL: try self.url("https://cdn.example/2.ogg"),
                    mimeType: "audio/ogg"),
            ])
    }

    @Test func `what is rendered is read back as it was`() throws {
        let feed = try self.feed()
        let text = FeedRenderer(feed, address: try self.url("https://cast.example/feeds/1.xml")).text
        #expect(try self.read(text) == feed)
        #expect(text.contains("<pubDate>Tue, 02 Jan 2024 15:04:05 +0000</pubDate>"))
        #expect(text.contains("<atom:link href=\"https://cast.example/feeds/1.xml\" rel=\"self\""))
        #expect(
            text.contains(
                "<podcast:transcript url=\"https://cast.example/1.vtt?x=1&amp;y=2\" type=\"text/vtt\" language=\"de\" rel=\"captions\"/>"
            ))
    }

    @Test func `a feed without anything is a feed`() throws {
        #expect(try self.read(FeedRenderer(ParsedFeed(title: "T")).text) == ParsedFeed(title: "T"))
    }

    @Test func `what XML does not know is left out, and nothing breaks out`() throws {
        let nasty = "A\u{0}B\u{8}\u{FFFF}]]></title><item>\r\n\"'>"
        var feed = try self.feed()
        feed.title = nasty
        feed.author = nasty
        feed.categories = [nasty]
        feed.episodes[0].title = nasty
        feed.episodes[0].guid = nasty
        feed.episodes[0].description = nasty
        feed.episodes[0].transcripts[0].language = nasty
        let read = try self.read(FeedRenderer(feed).text)
        #expect(read.fault == nil)
        #expect(read.episodes.count == 2)
        #expect(read.episodes[1] == feed.episodes[1])
        #expect(read.episodes[0].guid.hasPrefix("AB]]></title><item>"))
    }

    /// Five thousand episodes take a second; in quadratic time it would be many minutes.
    @Test(.timeLimit(.minutes(1))) func `many episodes come in pieces, one each`() throws {
        var feed = try self.feed()
        let episode = feed.episodes[0]
        feed.episodes = (0..<5000).map { number in
            var other = episode
            other.guid = "g\(number)"
            return other
        }
        var count = 0
        var bytes = 0
        for piece in FeedRenderer(feed).pieces {
            count += 1
            bytes += piece.utf8.count
        }
        #expect(count == 5002)
        #expect(bytes > 5000 * 800)
    }

    @Test(
        arguments: [
            (0.0, "Thu, 01 Jan 1970 00:00:00 +0000"), (1_704_207_845.9, "Tue, 02 Jan 2024 15:04:05 +0000"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 +0000"),
            (-1, "Wed, 31 Dec 1969 23:59:59 +0000"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (4_133_894_400, "Fri, 31 Dec 2100 00:00:00 +0000"),
            (-2_208_988_800, "Mon, 01 Jan 1900 00:00:00 +0000"), (7_289_654_399, "Wed, 31 Dec 2200 23:59:59 +0000"),
            (1e300, nil), (-1e300, nil), (.nan, nil),
        ] as [(Double, String?)]) func `a date is written as feeds have it`(seconds: Double, text: String?)
    {
        let date = Date(timeIntervalSince1970: seconds)
        #expect(FeedDate.text(date) == text)
        if let text { #expect(FeedDate.date(text) == Date(timeIntervalSince1970: seconds.rounded(.down))) }
    }

    @Test func `a day that is written is read as the same`() {
        for day in stride(from: -25_567, to: 84_370, by: 3) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            guard let text = FeedDate.text(date), FeedDate.date(text) == date else {
                Issue.record("day \(day)")
                return
            }
        }
    }

    @Test(arguments: TranscriptOffer.allCases) func `a transcript that is offered can be read by others`(
        offer: TranscriptOffer
    ) throws {
        let sentences = [
            Transcript.Sentence(text: "Hello \"you\" & <all>, back\\slash.", start: 1, end: 3.5, startsParagraph: true),
            Transcript.Sentence(text: "Good bye.", start: 65, end: 66.25, startsParagraph: true),
        ]
        let text = try offer.format.render(
            Transcript(sentences: sentences, language: "en"), header: TranscriptHeader(title: "T & <x>"))
        let form = try #require(ForeignTranscript.form(of: text.utf8))
        #expect(form == ForeignTranscript.form(mediaType: offer.mediaType, path: ""))
        let read = try ForeignTranscript.read(text.utf8, as: form)
        #expect(read.sentences.map(\.text) == sentences.map(\.text))
        if offer != .txt { #expect(read.sentences.map(\.start) == [1, 65]) }
    }
}
