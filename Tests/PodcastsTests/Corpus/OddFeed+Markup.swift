import Foundation

/// XML that is not sound, or is more than it should be.
extension OddFeed {
    static let markup: [OddFeed] = {
        func titled(_ name: String, _ title: String, _ first: String) -> OddFeed {
            OddFeed(name, Self.rss(Self.item(title: "<title>\(title)</title>")), ["first": first])
        }
        func before(_ name: String, _ junk: String) -> OddFeed { OddFeed(name, junk + Self.rss(Self.item())) }
        func behind(_ name: String, _ junk: String) -> OddFeed { OddFeed(name, Self.rss(Self.item()) + junk) }
        func typed(_ name: String, _ type: String, title: String = "One", _ first: String = "One") -> OddFeed {
            OddFeed(
                name,
                Self.rss(Self.item(title: "<title>\(title)</title>"), head: Self.declaration + type), ["first": first])
        }
        let whole = Self.rss(Self.item() + Self.item(title: "<title>Two</title>", guid: "<guid>id-2</guid>"))
        func cut(_ name: String, at mark: String, _ facts: [String: String]) -> OddFeed {
            OddFeed(name, String(whole[..<(whole.range(of: mark)?.lowerBound ?? whole.startIndex)]), facts)
        }
        return [
            titled("HTML's entities, undeclared", "One&nbsp;&copy;&eacute;&hellip;", "One ©é…"),
            titled("an entity that nobody knows", "One &bogus; Two", "One &bogus; Two"),
            titled("bare ampersands", "One & Two &Three; &", "One & Two &Three; &"),
            titled("a bare less-than sign", "1 < 2", "1 < 2"),
            titled("control characters", "O\u{0}n\u{8}\u{1B}e\u{7F}", "One\u{7F}"),
            titled("control characters by number", "O&#0;n&#x8;e&#xFFFF;", "One"),
            titled("half a pair of surrogates by number", "One&#xD83D;", "One"),
            OddFeed(
                "a bare ampersand in the audio's address",
                Self.rss(Self.item(enclosure: "<enclosure url=\"https://e.org/1.mp3?a=1&b=2\" type=\"audio/mpeg\"/>")),
                ["audio": "https://e.org/1.mp3?a=1&b=2"]),
            before("empty lines before the declaration", "\n\r\n  "),
            before("a warning in plain text before the declaration", "Warning: cannot modify header in x.php\n"),
            before(
                "a warning in HTML before the declaration",
                "<br />\n<b>Warning</b>: mysql_query() in <b>x.php</b><br />\n"),
            before("a comment before the declaration", "<!-- cached -->"),
            behind("a comment behind the end", "\n<!-- 0.3 seconds -->\n"),
            behind("a script behind the end", "<script>track()</script>"),
            behind("text behind the end", "\n0\n"),
            behind("zeros behind the end", String(repeating: "\u{0}", count: 100)),
            OddFeed("the whole feed twice", Self.rss(Self.item()) + Self.rss(Self.item(guid: "<guid>id-2</guid>"))),
            OddFeed(
                "a prefix that nobody declared",
                Self.rss(Self.item("<itunes:duration>60</itunes:duration>"), root: "<rss>"),
                ["seconds": "60.0"]),
            OddFeed(
                "HTML in a description that nobody closed",
                Self.rss(
                    Self.item("<description>One<br>Two<p>Three <img src=x.png><b>four</description>")
                        + Self.item(title: "<title>Two</title>", guid: "<guid>id-2</guid>")),
                ["episodes": "2", "description": "One\nTwo\nThree four"]),
            OddFeed(
                "HTML in a description, closed",
                Self.rss(Self.item("<description>One<br/>Two<p>Three</p></description>")),
                ["description": "One\nTwo\nThree"]),
            OddFeed("an element that nobody closed", Self.rss(Self.item("<itunes:subtitle>Words")), ["title": "Show"]),
            OddFeed(
                "a title that nobody closed", Self.rss(Self.item(title: "<title>One", enclosure: "") + Self.item()),
                ["without audio": "1", "episodes": "1"]),
            OddFeed(
                "an item that nobody closed",
                Self.rss(
                    Self.item().replacing("</item>", with: "<description>Open")
                        + Self.item(guid: "<guid>id-2</guid>", enclosure: "<author>Ada" + Self.enclosure)),
                ["episodes": "2", "guids": "id-1 id-2"]),
            OddFeed("an end that nothing began", Self.rss(Self.item("</p></b></itunes:x>") + "</div>")),
            OddFeed(
                "elements that are closed in the wrong order",
                Self.rss(
                    Self.item("<description><b>A <i>B</b> C</i></description><itunes:duration>60</itunes:duration>")),
                ["seconds": "60.0", "description": "A B C"]),
            OddFeed(
                "ends in another case than their beginnings",
                Self.rss(Self.item(title: "<Title>One</title>", guid: "<GUID>id-1</guid>"))),
            OddFeed(
                "attributes without quotation marks",
                Self.rss(Self.item(enclosure: "<enclosure url=https://e.org/1.mp3 type=audio/mpeg length=7/>")),
                ["bytes": "7", "type": "audio/mpeg"]),
            OddFeed(
                "attributes in single quotes, with double ones inside",
                Self.rss(Self.item(enclosure: "<enclosure url = 'https://e.org/1.mp3?a=\"&b' type='audio/mpeg' />")),
                ["audio": "https://e.org/1.mp3?a=%22&b"]),
            OddFeed(
                "an attribute twice",
                Self.rss(Self.item(enclosure: "<enclosure url=\"https://e.org/1.mp3\" url=\"https://e.org/2.mp3\"/>"))),
            OddFeed(
                "attributes without space between them",
                Self.rss(
                    Self.item(enclosure: "<enclosure url=\"https://e.org/1.mp3\"type=\"audio/mpeg\"length=\"7\"/>")),
                ["bytes": "7"]),
            OddFeed(
                "an attribute without a value",
                Self.rss(Self.item(enclosure: "<enclosure hidden url=\"https://e.org/1.mp3\"/>"))),
            OddFeed(
                "a tag that is not ended",
                Self.rss(Self.item(title: "<title>One</title><category", guid: "<guid>id-1</guid>"))),
            OddFeed(
                "a CDATA section that never ends",
                Self.rss(Self.item("<description><![CDATA[Open</description>")),
                ["episodes": "0", "first": "none", "guid": "none", "audio": "none", "fault": "line 1 is not sound XML"]),
            cut("a feed that ends within an item", at: "Two", ["fault": "line 1 is not sound XML"]),
            cut("a feed that ends between items", at: "<item><title>Two", ["fault": "line 1 is not sound XML"]),
            cut(
                "a feed that ends before its end tags", at: "</channel>",
                ["episodes": "2", "fault": "line 1 is not sound XML"]),
            typed("a document type", "<!DOCTYPE rss>"),
            typed(
                "RSS 0.91's document type",
                "<!DOCTYPE rss PUBLIC \"-//Netscape Communications//DTD RSS 0.91//EN\" "
                    + "\"http://my.netscape.com/publish/formats/rss-0.91.dtd\">"),
            typed(
                "a document type with HTML's entities by reference",
                "<!DOCTYPE rss [<!ENTITY % HTMLlat1 PUBLIC \"-//W3C//ENTITIES Latin 1 for XHTML//EN\" "
                    + "\"http://www.w3.org/TR/xhtml1/DTD/xhtml-lat1.ent\">%HTMLlat1;]>", title: "Caf&eacute;", "Café"),
            typed("a small entity of its own", "<!DOCTYPE rss [<!ENTITY me \"Ada\">]>", title: "One &me;", "One &me;"),
        ]
    }()

    /// Documents that want to hurt whoever reads them.
    static let hostile: [OddFeed] = {
        func typed(_ name: String, _ type: String, title: String, refused words: String) -> OddFeed {
            OddFeed(
                name, Self.rss(Self.item(title: "<title>\(title)</title>"), head: Self.declaration + type),
                refused: words)
        }
        let laughs = (1...9).map { "<!ENTITY l\($0) \"\(String(repeating: "&l\($0 - 1);", count: 10))\">" }.joined()
        let large = String(repeating: "a", count: 50_000)
        let nested = String(repeating: "<x>", count: 100_000)
        return [
            typed(
                "a billion laughs", "<!DOCTYPE rss [<!ENTITY l0 \"ha\">\(laughs)]>", title: "&l9;",
                refused: "expand into others"),
            typed(
                "one large entity many times", "<!DOCTYPE rss [<!ENTITY a \"\(large)\">]>",
                title: String(repeating: "&a;", count: 5000), refused: "large entities"),
            typed(
                "a file as an entity", "<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", title: "&x;",
                refused: "entities from elsewhere"),
            typed(
                "an address as an entity", "<!DOCTYPE rss [<!ENTITY x PUBLIC 'a' 'http://169.254.169.254/'>]>",
                title: "&x;", refused: "entities from elsewhere"),
            typed(
                "a parameter entity that makes entities",
                "<!DOCTYPE rss [<!ENTITY % a \"ha\"><!ENTITY % b \"%a;%a;\">%b;]>", title: "One",
                refused: "expand into others"),
            OddFeed(
                "a name that is not UTF-8",
                bytes: Data((Self.rss(Self.item()) + "~").utf8)
                    .replacing(Data("<item>".utf8), with: Data([0x3C, 0x6C, 0xC7, 0x3E]) + Data("<item>".utf8)),
                .taken([:])),
            OddFeed("an instruction without content", Self.rss(Self.item() + "<?r?>")),
            OddFeed("a declaration without a version", Self.rss(Self.item(), head: "<?xml?>")),
            OddFeed(
                "a declaration that is not one",
                bytes: Data("<?xml >".utf8) + Data([0x3C, 0xDE, 0x3F, 0x3E])
                    + Data(Self.rss(Self.item(), head: "").utf8), .taken([:])),
            OddFeed(
                "a declaration over several lines",
                Self.rss(Self.item(), head: "<?xml\r\n version='1.0'\r\n encoding='utf-8'\r\n?>")),
            OddFeed("an instruction of PHP's", Self.rss("<?php echo '<item>' ?>" + Self.item())),
            OddFeed(
                "100,000 elements within one another", Self.rss(Self.item("<description>\(nested)")),
                ["episodes": "0", "first": "none", "guid": "none", "audio": "none", "fault": "line 1 is not sound XML"]),
        ]
    }()
}
