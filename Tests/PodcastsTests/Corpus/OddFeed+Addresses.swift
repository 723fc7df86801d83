/// Where the audio is, and how that is said.
extension OddFeed {
    static let addresses: [OddFeed] = {
        func enclosed(_ name: String, _ enclosure: String, _ facts: [String: String] = [:]) -> OddFeed {
            OddFeed(name, Self.rss(Self.item(enclosure: enclosure)), facts)
        }
        func relative(_ name: String, _ address: String, root: String, channel: String = "", _ audio: String) -> OddFeed
        {
            OddFeed(
                name,
                Self.rss(
                    Self.item(enclosure: "<enclosure url=\"\(address)\" type=\"audio/mpeg\"/>"), channel: channel,
                    root: root), ["audio": audio])
        }
        let none = ["episodes": "0", "first": "none", "guid": "none", "audio": "none", "without audio": "1"]
        let based = Self.root.replacing("<rss ", with: "<rss xml:base=\"https://cdn.example/shows/\" ")
        return [
            enclosed(
                "an enclosure without a type", "<enclosure url=\"https://e.org/1.mp3\" length=\"5\"/>",
                ["type": "", "bytes": "5"]),
            enclosed(
                "an enclosure without a length", "<enclosure url=\"https://e.org/1.mp3\" type=\"audio/mpeg\"/>",
                ["bytes": "none"]),
            enclosed(
                "a length in words", "<enclosure url=\"https://e.org/1.mp3\" length=\"unknown\"/>", ["bytes": "none"]),
            enclosed("a length of 0", "<enclosure url=\"https://e.org/1.mp3\" length=\"0\"/>", ["bytes": "none"]),
            enclosed(
                "a length with commas", "<enclosure url=\"https://e.org/1.mp3\" length=\"1,234\"/>", ["bytes": "1234"]),
            enclosed(
                "a length beyond all bounds",
                "<enclosure url=\"https://e.org/1.mp3\" length=\"99999999999999999999\"/>", ["bytes": "none"]),
            enclosed("an enclosure without an address", "<enclosure type=\"audio/mpeg\" length=\"5\"/>", none),
            enclosed("an enclosure with an empty address", "<enclosure url=\"\" type=\"audio/mpeg\"/>", none),
            enclosed("no enclosure", "", none),
            enclosed("a picture as an enclosure", "<enclosure url=\"https://e.org/1.jpg\" type=\"image/jpeg\"/>", none),
            enclosed("an address of another kind", "<enclosure url=\"ftp://e.org/1.mp3\" type=\"audio/mpeg\"/>", none),
            enclosed(
                "several enclosures",
                "<enclosure url=\"https://e.org/1.mp4\" type=\"video/mp4\"/><enclosure url=\"https://e.org/1.jpg\" type=\"image/jpeg\"/>"
                    + Self.enclosure + "<enclosure url=\"https://e.org/1.ogg\" type=\"audio/ogg\"/>"),
            enclosed(
                "media:content", "<media:content url=\"https://e.org/1.mp3\" type=\"audio/mpeg\" fileSize=\"7\"/>",
                ["bytes": "7"]),
            enclosed("media:content without a type", "<media:content url=\"https://e.org/1.mp3\"/>", ["type": ""]),
            enclosed(
                "media:content in a group",
                "<media:group><media:content url=\"https://e.org/1.jpg\" medium=\"image\"/>"
                    + "<media:content url=\"https://e.org/1.mp3\" medium=\"audio\"/></media:group>"),
            enclosed(
                "another recording in podcast:alternateEnclosure",
                Self.enclosure
                    + "<podcast:alternateEnclosure type=\"audio/ogg\"><podcast:source uri=\"https://e.org/1.ogg\"/>"
                    + "</podcast:alternateEnclosure>"),
            OddFeed(
                "an item that is live",
                Self.rss(
                    "<podcast:liveItem status=\"live\"><title>Now</title><guid>live</guid>\(Self.enclosure)</podcast:liveItem>"
                        + Self.item())),
            enclosed("a link to audio instead of an enclosure", "<link>https://e.org/1.mp3</link>"),
            enclosed(
                "spaces in an address", "<enclosure url=\" https://e.org/one two.mp3\n\" type=\"audio/mpeg\"/>",
                ["audio": "https://e.org/one%20two.mp3"]),
            enclosed(
                "an address escaped twice", "<enclosure url=\"https://e.org/1.mp3?a=1&amp;amp;b=2\"/>",
                ["audio": "https://e.org/1.mp3?a=1&b=2"]),
            enclosed(
                "an address without a scheme", "<enclosure url=\"//cdn.example/1.mp3\" type=\"audio/mpeg\"/>",
                ["audio": "https://cdn.example/1.mp3"]),
            relative("an address relative to the feed", "a/1.mp3", root: Self.root, "https://e.org/podcasts/a/1.mp3"),
            relative("an address from the host's root", "/1.mp3", root: Self.root, "https://e.org/1.mp3"),
            relative("an address relative to xml:base", "1.mp3", root: based, "https://cdn.example/shows/1.mp3"),
            relative(
                "a link of the channel is no base", "1.mp3", root: Self.root,
                channel: "<link>https://other.example/x/</link>",
                "https://e.org/podcasts/1.mp3"),
            OddFeed(
                "xml:base within xml:base, and only as far as it goes",
                Self.rss(
                    "<item xml:base=\"s1/\"><title>One</title><guid>id-1</guid><enclosure url=\"1.mp3\" type=\"audio/mpeg\"/></item>"
                        + "<item><title>Two</title><enclosure url=\"2.mp3\" type=\"audio/mpeg\"/></item>", root: based),
                [
                    "episodes": "2", "audio": "https://cdn.example/shows/s1/1.mp3",
                    "guids": "id-1 url:https://cdn.example/shows/2.mp3",
                ]),
            OddFeed(
                "a new address",
                Self.rss(Self.item(), channel: "<itunes:new-feed-url> https://new.example/f </itunes:new-feed-url>"),
                ["new address": "https://new.example/f"]),
            OddFeed(
                "a new address of another kind",
                Self.rss(Self.item(), channel: "<itunes:new-feed-url>file:///f</itunes:new-feed-url>"),
                ["new address": "none"]),
            OddFeed(
                "links to transcripts",
                Self.rss(
                    Self.item(
                        "<podcast:transcript url=\"t/1.VTT\" type=\"Text/VTT; charset=utf-8\" language=\"EN\" rel=\"captions\"/>"
                            + "<podcast:transcript url=\"t/1.html\"/><podcast:transcript type=\"text/vtt\"/>")),
                ["transcripts": "1.VTT text/vtt en captions, 1.html  - -"]),
            OddFeed(
                "a next page",
                Self.rss(
                    Self.item(),
                    channel: "<atom:link rel=\"next\" href=\"?page=2\"/><atom:link rel=\"self\" href=\"/x\"/>"),
                ["next page": "https://e.org/podcasts/feed.xml?page=2", "page": "none"]),
        ]
    }()
}
