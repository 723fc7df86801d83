import Foundation

/// Feeds of other kinds, in other clothes, and what is no feed.
extension OddFeed {
    static let shapes: [OddFeed] = {
        let rdf = """
            <?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
              xmlns="http://purl.org/rss/1.0/" xmlns:enc="http://purl.oclc.org/net/rss_2.0/enc#"
              xmlns:dc="http://purl.org/dc/elements/1.1/">
            <channel rdf:about="https://e.org/"><title>Show</title><items><rdf:Seq><rdf:li resource="id-1"/></rdf:Seq></items></channel>
            <item rdf:about="id-1"><title>One</title><dc:date>2024-01-02T15:04:05Z</dc:date>
            <enc:enclosure rdf:resource="https://e.org/1.mp3" enc:type="audio/mpeg" enc:length="100"/></item></rdf:RDF>
            """
        let atom = """
            <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Show</title><link rel="next" href="/2"/>
            <link rel="self" href="/self"/><link href="/home"/>
            <entry><title type="text">One</title><id>id-1</id><updated>2024-01-02T15:04:05Z</updated>
            <link href="/one"/><link rel="enclosure" type="audio/mpeg" length="100" href="https://e.org/1.mp3"/>
            <summary type="html">&lt;p&gt;Words&lt;/p&gt;</summary></entry></feed>
            """
        let shout = Self.rss(Self.item(), head: "").replacing(/<(\/?)([a-z]+)/) { "<\($0.1)\($0.2.uppercased())" }
            .replacing("url=", with: "URL=").replacing("type=", with: "TYPE=")
        let nothing = ["episodes": "0", "first": "none", "guid": "none", "audio": "none"]
        return [
            OddFeed("RSS 1.0", rdf, ["date": Self.moment, "bytes": "100", "type": "audio/mpeg"]),
            OddFeed(
                "Atom", atom,
                [
                    "date": Self.moment, "bytes": "100", "link": "https://e.org/one", "description": "Words",
                    "next page": "https://e.org/2", "page": "https://e.org/home",
                ]),
            OddFeed("RSS 0.91", Self.rss(Self.item(), root: "<rss version=\"0.91\">")),
            OddFeed("RSS without a version", Self.rss(Self.item(), head: "", root: "<rss>")),
            OddFeed("tags and attributes in capitals", shout),
            OddFeed(
                "pubdate in small letters", Self.rss(Self.item("<PubDate>Tue, 02 Jan 2024 15:04:05 GMT</PubDate>")),
                ["date": Self.moment]),
            OddFeed(
                "other prefixes than usual",
                Self.rss(
                    Self.item(
                        "<apple:duration>60</apple:duration><pc:transcript url=\"/1.srt\" type=\"application/srt\"/>"),
                    root:
                        "<rss xmlns:apple=\"http://www.itunes.com/DTDs/PodCast-1.0.dtd\" xmlns:pc=\"https://podcastindex.org/namespace/1.0\">"
                ),
                ["seconds": "60.0", "transcripts": "1.srt application/srt - -"]),
            OddFeed(
                "items behind the channel",
                "<rss><channel><title>Show</title></channel>\(Self.item())</rss>"),
            OddFeed("a channel as the root", "<channel><title>Show</title>\(Self.item())</channel>"),
            OddFeed("a feed that is called a web page", Self.rss(Self.item()), contentType: "text/html"),
            OddFeed("a channel without a title", "<rss><channel>\(Self.item())</channel></rss>", ["title": "e.org"]),
            OddFeed("no items", Self.rss(""), nothing),
            OddFeed(
                "one style sheet", Self.rss(Self.item(), head: Self.declaration + "<?xml-stylesheet href=\"x.xsl\"?>")),
            OddFeed(
                "RSS within HTML", "<html><body>\(Self.rss(Self.item(), head: ""))</body></html>", refused: "web page"),
            OddFeed(
                "an error page", "<!DOCTYPE html>\n<html><h1>503</h1></html>", contentType: "text/html",
                refused: "web page"),
            OddFeed("a page behind a comment", "<!-- x --><html><p>Hi</p></html>", refused: "web page"),
            OddFeed("nothing", "", refused: "nothing"),
            OddFeed("white space", " \n\t\r\n ", refused: "nothing"),
            OddFeed("a declaration alone", Self.declaration, refused: "not a feed"),
            OddFeed("a site map", "\(Self.declaration)<urlset><url/></urlset>", refused: "<urlset>"),
            OddFeed(
                "a list of feeds", "\(Self.declaration)<opml version=\"2.0\"><body/></opml>", refused: "list of feeds"),
            OddFeed("JSON", "{\"version\": \"https://jsonfeed.org/version/1\"}", refused: "JSON"),
            OddFeed("plain text", "Feed not found", refused: "text that is no feed"),
            OddFeed("a packed file", bytes: Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]), .refused("compressed")),
            OddFeed("a recording", bytes: Data("ID3\u{4}\0\0".utf8), .refused("audio file")),
        ]
    }()

    static let all = encodings + names + markup + hostile + times + addresses + shapes
}
