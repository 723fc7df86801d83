/// GUIDs and titles as publishers write them.
extension OddFeed {
    static let names: [OddFeed] = {
        func titled(_ name: String, _ title: String, _ first: String, _ more: [String: String] = [:]) -> OddFeed {
            OddFeed(
                name, Self.rss(Self.item(title: "<title>\(title)</title>")),
                more.merging(["first": first]) { $1 })
        }
        func identified(_ name: String, _ guid: String, _ taken: String) -> OddFeed {
            OddFeed(name, Self.rss(Self.item(guid: guid)), ["guid": taken])
        }
        func audio(_ number: Int) -> String { "<enclosure url=\"https://e.org/\(number).mp3\" type=\"audio/mpeg\"/>" }
        let long = String(repeating: "Words and ", count: 5000)
        return [
            identified("no guid", "", "url:https://e.org/1.mp3"),
            identified("an empty guid", "<guid/>", "url:https://e.org/1.mp3"),
            identified("a guid of white space", "<guid> \n\t </guid>", "url:https://e.org/1.mp3"),
            identified(
                "a guid that is an address", "<guid isPermaLink=\"true\">https://e.org/one</guid>", "https://e.org/one"),
            identified("a guid in CDATA between lines", "<guid>\n<![CDATA[id-1]]>\n</guid>", "id-1"),
            identified("two guids in one item", "<guid>old</guid><guid>id-1</guid>", "id-1"),
            identified(
                "a guid of 3,000 letters", "<guid>\(String(repeating: "x", count: 3000))</guid>",
                "url:https://e.org/1.mp3"),
            OddFeed(
                "one guid for two recordings",
                Self.rss(Self.item(enclosure: audio(2)) + Self.item()),
                [
                    "episodes": "2", "guid": "url:https://e.org/2.mp3", "audio": "https://e.org/2.mp3",
                    "guids": "url:https://e.org/2.mp3 url:https://e.org/1.mp3",
                ]),
            OddFeed("one item twice", Self.rss(Self.item() + Self.item()), ["left out": "1"]),
            titled("an item without a title", "", "1"),
            OddFeed(
                "a title of iTunes' alone", Self.rss(Self.item(title: "<itunes:title>One</itunes:title>"))),
            titled("HTML in a title", "<![CDATA[<b>One</b> &amp; <i>Two</i>]]>", "One & Two"),
            titled("escaped HTML in a title", "&lt;em&gt;One&lt;/em&gt;&lt;br/&gt;Two", "One Two"),
            titled("HTML as elements in a title", "One <b>Two</b> Three", "One Two Three"),
            titled("a title escaped twice", "One &amp;amp; Two &amp;quot;Three&amp;quot;", "One & Two \"Three\""),
            titled("a title in two CDATA sections", "<![CDATA[One]]><![CDATA[ Two]]>", "One Two"),
            titled("CDATA whose end is cut in two", "<![CDATA[One ]]]]><![CDATA[> Two]]>", "One ]]> Two"),
            titled("an empty CDATA section before the title", "<![CDATA[]]>One", "One"),
            titled("lines and tabs in a title", "\n   One\n\t  Two  ", "One Two"),
            titled("a title of 50,000 letters", long, String(long.prefix(999)) + "…"),
        ]
    }()
}
