import CastCore
import Foundation
import Podcasts
import Testing

@Suite struct FeedParserTests {
    /// Parses what a test's server would have sent.
    private func parse(_ data: Data, contentType: String? = nil, limits: FeedParser.Limits = .init()) throws
        -> ParsedFeed
    {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("feed-\(UUID().uuidString).xml")
        try data.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let url = try #require(URL(string: "https://example.org/podcasts/feed.xml?token=secret"))
        return try FeedParser(limits: limits).parse(file: file, from: url, contentType: contentType)
    }

    private func parse(_ text: String, limits: FeedParser.Limits = .init()) throws -> ParsedFeed {
        try self.parse(Data(text.utf8), limits: limits)
    }

    private func rss(
        _ items: String,
        root: String = "<rss version=\"2.0\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">"
    )
        -> String
    {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\(root)<channel><title>Show</title>\(items)</channel></rss>"
    }

    private func item(_ inside: String, audio: String = "https://example.org/1.mp3") -> String {
        "<item>\(inside)<enclosure url=\"\(audio)\" type=\"audio/mpeg\" length=\"100\"/></item>"
    }

    @Test(arguments: [
        ("<itunes:block>Yes</itunes:block>", true), ("<itunes:block> yes\n</itunes:block>", true),
        ("<itunes:block>no</itunes:block>", false), ("<itunes:block/>", false), ("", false),
        ("<p:block>yes</p:block>", true), ("<p:block id=\"google\">yes</p:block><p:block>no</p:block>", true),
        ("<item><itunes:block>yes</itunes:block><enclosure url=\"https://x.example/2.mp3\"/></item>", false),
    ])
    func `a feed that asks not to be listed says so`(text: String, isUnlisted: Bool) throws {
        let root =
            "<rss version=\"2.0\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" "
            + "xmlns:p=\"https://podcastindex.org/namespace/1.0\">"
        #expect(try self.parse(self.rss(text + self.item(""), root: root)).isUnlisted == isUnlisted)
    }

    @Test func `a complete feed gives every field`() throws {
        let feed = try self.parse(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <rss version="2.0" xmlns:it="http://www.itunes.com/DTDs/Podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom"
              xmlns:p="https://podcastindex.org/namespace/1.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">
            <channel>
              <title>Talk &amp;amp; Tea</title>
              <atom:link href="https://example.org/feed.xml" rel="self"/>
              <link>/show</link>
              <language>de-AT</language>
              <it:author>Ada</it:author>
              <image><url>small.png</url><title>No title</title><link>https://wrong.example</link></image>
              <it:image href="//cdn.example.org/large.png"/>
              <it:category text="Society &amp; Culture"><it:category text="History"/></it:category>
              <it:new-feed-url>https://new.example.org/feed</it:new-feed-url>
              <description><![CDATA[<p>First.</p><p>Second &mdash; <b>bold</b>.</p>]]></description>
              <item>
                <title>One &lt;b&gt;two&lt;/b&gt;</title>
                <guid isPermaLink="false"> id-1 </guid>
                <link>https://example.org/one</link>
                <description>Short</description>
                <content:encoded><![CDATA[Longer text<br>in two lines]]></content:encoded>
                <enclosure url="audio/one file.mp3?a=1&amp;b=2" type="Audio/MPEG; x=y" length="12345"/>
                <pubDate>Tue, 02 Jan 2024 15:04:05 +0100</pubDate>
                <it:duration>01:02:03</it:duration><it:season>2</it:season><it:episode>7</it:episode>
                <p:transcript url="/t/one.vtt" type="text/vtt" language="de"/>
              </item>
            </channel></rss>
            """)
        #expect(feed.title == "Talk & Tea")
        #expect(feed.link?.absoluteString == "https://example.org/show")
        #expect(feed.language == "de-at")
        #expect(feed.author == "Ada")
        #expect(feed.imageURL?.absoluteString == "https://cdn.example.org/large.png")
        #expect(feed.categories == ["Society & Culture", "History"])
        #expect(feed.newFeedURL?.absoluteString == "https://new.example.org/feed")
        #expect(feed.description == "First.\n\nSecond — bold.")
        #expect(feed.fault == nil)
        let episode = try #require(feed.episodes.first)
        #expect(feed.episodes.count == 1)
        #expect(episode.guid == "id-1")
        #expect(episode.title == "One two")
        #expect(episode.description == "Longer text\nin two lines")
        #expect(episode.link?.absoluteString == "https://example.org/one")
        #expect(episode.audioURL.absoluteString == "https://example.org/podcasts/audio/one%20file.mp3?a=1&b=2")
        #expect(episode.mimeType == "audio/mpeg")
        #expect(episode.byteCount == 12345)
        #expect(episode.duration == 3723)
        #expect(episode.publishedAt == Date(timeIntervalSince1970: 1_704_204_245))
        #expect(episode.season == 2)
        #expect(episode.episode == 7)
        #expect(episode.transcripts.map(\.url.absoluteString) == ["https://example.org/t/one.vtt"])
        #expect(episode.transcripts.first?.mimeType == "text/vtt")
        #expect(episode.transcripts.first?.language == "de")
    }

    @Test func `an Atom feed with enclosures is read, with and without a prefix`() throws {
        let plain = """
            <feed xmlns="http://www.w3.org/2005/Atom"><title type="html">A &amp;lt; B</title>
            <author><name>Bo</name><email>b@example.org</email></author>
            <link rel="self" href="https://example.org/atom"/><link href="https://example.org/home"/>
            <entry><id>tag:1</id><title>First</title><updated>2024-01-03T00:00:00Z</updated>
            <published>2024-01-02T00:00:00Z</published>
            <link rel="enclosure" type="audio/ogg" length="5" href="a.ogg"/>
            <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Some <b>words</b></p></div></content></entry></feed>
            """
        let prefixed = plain.replacing(/<(\/?)(feed|title|author|name|email|link|entry|id|updated|published|content)\b/)
        {
            "<\($0.1)atom:\($0.2)"
        }.replacing("xmlns=\"http://www.w3.org/2005/Atom\"", with: "xmlns:atom=\"http://www.w3.org/2005/Atom\"")
        for text in [plain, prefixed] {
            let feed = try self.parse(text)
            #expect(feed.title == "A < B")
            #expect(feed.author == "Bo")
            #expect(feed.link?.absoluteString == "https://example.org/home")
            let episode = try #require(feed.episodes.first)
            #expect(episode.guid == "tag:1")
            #expect(episode.publishedAt == Date(timeIntervalSince1970: 1_704_153_600))
            #expect(episode.audioURL.absoluteString == "https://example.org/podcasts/a.ogg")
            #expect(episode.description == "Some words")
        }
    }

    /// Feeds that are not sound, and the title that their only episode has all the same.
    static let odd: [(String, Data, String)] = {
        func feed(_ title: String, head: String = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", root: String = "<rss>")
            -> String
        {
            head + root + "<channel><title>Show</title><item><title>" + title
                + "</title><enclosure url=\"https://example.org/1.mp3?a=1&b=2\" type=\"audio/mpeg\"/></item></channel></rss>"
        }
        func utf8(_ text: String) -> Data { Data(text.utf8) }
        let latin1 = feed("Caf\u{E9}", head: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>")
        let undeclared = feed("Caf\u{E9} &amp; more", head: "")
        return [
            ("bare ampersand", utf8(feed("Q&A & more")), "Q&A & more"),
            ("HTML entity", utf8(feed("Caf&eacute;&nbsp;&ndash; &hellip;")), "Café – …"),
            ("unknown entity", utf8(feed("A &bogus; B")), "A &bogus; B"),
            ("less-than sign", utf8(feed("1 < 2 <3")), "1 < 2 <3"),
            ("control characters", utf8(feed("A\u{0}B\u{8}C\u{1B}")), "ABC"),
            ("forbidden number", utf8(feed("A&#0;B&#x1F;C&#233;")), "ABCé"),
            ("byte order mark", Data([0xEF, 0xBB, 0xBF]) + utf8(feed("Tea")), "Tea"),
            ("lines before the declaration", utf8("\n\n  " + feed("Tea")), "Tea"),
            ("PHP warning before it", utf8("Warning: foo() in bar.php\n" + feed("Tea")), "Tea"),
            ("Latin 1, declared", latin1.data(using: .isoLatin1) ?? Data(), "Café"),
            ("Latin 1, undeclared", undeclared.data(using: .isoLatin1) ?? Data(), "Café & more"),
            (
                "windows-1252 inside UTF-8",
                utf8(feed("ü ")).replacing(Data([0x20, 0x3C]), with: Data([0x93, 0x61, 0x94, 0x3C])), "ü“a”"
            ),
            (
                "UTF-8 declared as Latin 1",
                utf8(feed("Zoë & co", head: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>")), "Zoë & co"
            ),
            (
                "UTF-16 with a mark",
                (feed("Tea & ☕", head: "<?xml version=\"1.0\" encoding=\"UTF-16\"?>")).data(using: .utf16) ?? Data(),
                "Tea & ☕"
            ),
            ("undeclared prefix", utf8(feed("Tea</title><itunes:duration>60</itunes:duration><title>Tea")), "Tea"),
            ("CDATA with markup", utf8(feed("<![CDATA[<b>Q&A</b> & more]]>")), "Q&A & more"),
            ("CDATA's end in text", utf8(feed("a ]]> b")), "a ]]> b"),
            (
                "harmless declared entity", utf8(feed("Hi &x;", root: "<!DOCTYPE rss [<!ENTITY x \"there\">]><rss>")),
                "Hi &x;"
            ),
            ("a comment with hyphens", utf8(feed("Tea", root: "<!-- a -- b --><rss>")), "Tea"),
            ("escaped twice", utf8(feed("Q&amp;amp;A")), "Q&A"),
            ("generic type in a title", utf8(feed("Array&lt;Int&gt; explained")), "Array<Int> explained"),
        ]
    }()

    @Test(arguments: Self.odd) func `a feed that is not sound is read all the same`(
        name: String, data: Data, title: String
    ) throws {
        let feed = try self.parse(data)
        #expect(feed.episodes.map(\.title) == [title], "\(name)")
        #expect(feed.title == "Show", "\(name)")
        #expect(feed.episodes.first?.audioURL.absoluteString == "https://example.org/1.mp3?a=1&b=2", "\(name)")
        #expect(feed.fault == nil, "\(name): \(feed.fault ?? "")")
    }

    static let refused: [(String, String)] = [
        ("<!DOCTYPE html><html><body>Hello</body></html>", "a web page"),
        ("\n\n<html lang=\"en\"><head></head></html>", "a web page"),
        ("{\"error\": \"not found\"}", "JSON"),
        ("", "nothing"),
        ("Not found", "text that is no feed"),
        ("<?xml version=\"1.0\"?><opml version=\"2.0\"><body/></opml>", "<opml>"),
        ("<?xml version=\"1.0\"?><rss", "cannot be read"),
        ("ID3\u{4}", "audio file"),
        (
            "<!DOCTYPE rss [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><rss><channel><title>&b;</title></channel></rss>",
            "expand into others"
        ),
    ]

    @Test(arguments: Self.refused) func `what is no feed is refused with words`(text: String, words: String) throws {
        let error = #expect(throws: CastError.self) { try self.parse(text) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `a file that ends in the middle gives what came before`() throws {
        let whole = self.rss(
            self.item("<title>One</title>", audio: "https://e.org/1.mp3")
                + self.item("<title>Two</title>", audio: "https://e.org/2.mp3"))
        let end = try #require(whole.range(of: "Two"))
        let feed = try self.parse(String(whole[..<end.lowerBound]))
        #expect(feed.episodes.map(\.title) == ["One"])
        #expect(feed.fault != nil)
    }

    @Test func `items without audio are counted and left out`() throws {
        let feed = try self.parse(
            self.rss(
                "<item><title>Text only</title></item>"
                    + "<item><title>Picture</title><enclosure url=\"https://e.org/a.jpg\" type=\"image/jpeg\"/></item>"
                    + "<item><title>Local</title><enclosure url=\"file:///etc/passwd\" type=\"audio/mpeg\"/></item>"
                    + self.item("<title>Audio</title>")))
        #expect(feed.episodes.map(\.title) == ["Audio"])
        #expect(feed.itemsWithoutAudio == 3)
    }

    @Test func `of several enclosures the audio is taken`() throws {
        let feed = try self.parse(
            self.rss(
                "<item><enclosure url=\"https://e.org/a.mp4\" type=\"video/mp4\"/>"
                    + "<enclosure url=\"https://e.org/a.mp3\" type=\"audio/mpeg\"/></item>"))
        #expect(feed.episodes.map(\.audioURL.absoluteString) == ["https://e.org/a.mp3"])
        #expect(feed.episodes.map(\.title) == ["a"])
    }

    @Test func `a missing guid is made from the audio's address`() throws {
        let feed = try self.parse(self.rss(self.item("<title>One</title>")))
        #expect(feed.episodes.map(\.guid) == ["url:https://example.org/1.mp3"])
    }

    @Test func `a guid that names two recordings names neither`() throws {
        let feed = try self.parse(
            self.rss(
                self.item("<guid>x</guid><title>New</title>", audio: "https://e.org/2.mp3")
                    + self.item("<guid>x</guid><title>Old</title>", audio: "https://e.org/1.mp3")))
        #expect(feed.episodes.map(\.guid) == ["url:https://e.org/2.mp3", "url:https://e.org/1.mp3"])
    }

    @Test func `episodes at one address are told apart by title and date`() throws {
        let feed = try self.parse(
            self.rss(
                self.item("<title>New</title><pubDate>Tue, 02 Jan 2024 00:00:00 GMT</pubDate>")
                    + self.item("<title>Old</title>")))
        #expect(feed.episodes.map(\.guid) == ["title:New|1704153600", "title:Old"])
    }

    @Test func `an exact repetition is left out`() throws {
        let one = self.item("<guid>x</guid><title>One</title>")
        let feed = try self.parse(self.rss(one + one))
        #expect(feed.episodes.count == 1)
        #expect(feed.itemsLeftOut == 1)
    }

    @Test func `texts and items are limited`() throws {
        var limits = FeedParser.Limits()
        limits.items = 2
        limits.textBytes = 10
        let items = (1...3).map { self.item("<title>Title \($0) is long</title>", audio: "https://e.org/\($0).mp3") }
        let feed = try self.parse(self.rss(items.joined()), limits: limits)
        #expect(feed.episodes.map(\.title) == ["Title 1 is", "Title 2 is"])
        #expect(feed.itemsLeftOut == 1)
    }

    @Test func `twenty thousand episodes are read`() throws {
        let items = (1...20_000).map {
            self.item("<guid>\($0)</guid><title>Episode \($0)</title>", audio: "https://e.org/\($0).mp3")
        }
        let feed = try self.parse(self.rss(items.joined()))
        #expect(feed.episodes.count == 20_000)
        #expect(feed.episodes.last?.guid == "20000")
    }
}
