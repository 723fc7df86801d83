import CastCore
import Foundation
import Podcasts
import Testing

@Suite struct OPMLTests {
    private func url(_ text: String) throws -> URL { try #require(URL(string: text)) }

    private func list(_ outlines: String, head: String = "") -> String {
        "<?xml version=\"1.0\"?><opml version=\"2.0\">\(head)<body>\(outlines)</body></opml>"
    }

    @Test func `a list that was rendered is read back as it was`() throws {
        let entries = [
            OPML.Entry(title: "Loose & \"free\" <b> 'x'", url: try self.url("https://e.org/a?b=1&c=2")),
            OPML.Entry(title: "One", url: try self.url("https://e.org/1"), groups: ["News", "Daily"]),
            OPML.Entry(title: "Two", url: try self.url("https://e.org/2"), groups: ["News", "Daily"]),
            OPML.Entry(title: "Three", url: try self.url("https://e.org/3"), groups: ["News"]),
            OPML.Entry(title: "", url: try self.url("https://e.org/4"), groups: ["Ünï & co"]),
            OPML.Entry(title: "Five", url: try self.url("https://e.org/5"), groups: ["News"]),
        ]
        let text = OPML.render(entries, title: "Mine & yours")
        #expect(try OPML.parse(text.utf8) == OPML.List(title: "Mine & yours", entries: entries))
        // “News” twice, “Daily” once, “Ünï & co” once.
        #expect(text.components(separatedBy: "</outline>").count == 5)
    }

    @Test func `a list of nothing is read back as one`() throws {
        #expect(try OPML.parse(OPML.render([], title: "").utf8) == OPML.List())
    }

    @Test func `characters that XML does not know are left out of what is rendered`() throws {
        let entry = OPML.Entry(title: "A\u{0}B\u{1B}\nC\u{FFFF}", url: try self.url("https://e.org/"))
        #expect(try OPML.parse(OPML.render([entry], title: "T").utf8).entries.map(\.title) == ["AB C"])
    }

    static let odd: [(String, String, [String], [String])] = [
        ("capitals", "<OUTLINE TEXT=\"A\" XMLURL=\"https://e.org/1\"/>", ["A|https://e.org/1|"], []),
        ("xmlurl in small letters", "<outline text=\"A\" xmlurl=\"https://e.org/1\"/>", ["A|https://e.org/1|"], []),
        ("url", "<outline text=\"A\" url=\"https://e.org/1\"/>", ["A|https://e.org/1|"], []),
        ("url of a page", "<outline text=\"A\" type=\"link\" url=\"https://e.org/1\"/>", [], []),
        ("no text", "<outline title=\"A\" xmlUrl=\"https://e.org/1\"/>", ["A|https://e.org/1|"], []),
        ("no name at all", "<outline xmlUrl=\"https://e.org/1\"/>", ["|https://e.org/1|"], []),
        ("white space", "<outline text=\" A\n B \" xmlUrl=\" https://e.org/1 \"/>", ["A B|https://e.org/1|"], []),
        (
            "bare ampersands", "<outline text=\"A & B\" xmlUrl=\"https://e.org/?a=1&b=2\"/>",
            ["A & B|https://e.org/?a=1&b=2|"], []
        ),
        (
            "HTML's entities", "<outline text=\"Caf&eacute;\" xmlUrl=\"https://e.org/1\"/>", ["Café|https://e.org/1|"],
            []
        ),
        (
            "a scheme that podcast programs made up", "<outline text=\"A\" xmlUrl=\"feed://e.org/1\"/>",
            ["A|https://e.org/1|"], []
        ),
        ("feed: before the scheme", "<outline text=\"A\" xmlUrl=\"feed:http://e.org/1\"/>", ["A|http://e.org/1|"], []),
        (
            "a feed twice",
            "<outline text=\"A\" xmlUrl=\"https://e.org/1\"/><outline text=\"B\" xmlUrl=\"https://e.org/1\"/>",
            ["A|https://e.org/1|"], []
        ),
        (
            "groups",
            "<outline text=\"G\"><outline title=\"H\"><outline text=\"A\" xmlUrl=\"https://e.org/1\"/></outline></outline>",
            ["A|https://e.org/1|G/H"], []
        ),
        (
            "a feed within a feed",
            "<outline text=\"A\" xmlUrl=\"https://e.org/1\"><outline text=\"B\" xmlUrl=\"https://e.org/2\"/></outline>",
            ["A|https://e.org/1|", "B|https://e.org/2|"], []
        ),
        ("no address", "<outline text=\"A\" type=\"rss\"/>", [], ["“A” has no address"]),
        ("a file", "<outline text=\"A\" xmlUrl=\"file:///etc/passwd\"/>", [], ["“file:///etc/passwd” is no address"]),
        ("words for an address", "<outline text=\"A\" xmlUrl=\"not an address\"/>", [], ["is no address"]),
        (
            "an entity of its own", "<outline text=\"A &x;\" xmlUrl=\"https://e.org/1\"/>", ["A &x;|https://e.org/1|"],
            []
        ),
    ]

    @Test(arguments: Self.odd) func `an odd list is read all the same`(
        name: String, outlines: String, entries: [String], faults: [String]
    ) throws {
        let list = try OPML.parse(self.list(outlines).utf8)
        let found = list.entries.map { "\($0.title)|\($0.url)|\($0.groups.joined(separator: "/"))" }
        #expect(found == entries, "\(name)")
        #expect(list.faults.count == faults.count, "\(name): \(list.faults)")
        for (fault, words) in zip(list.faults, faults) { #expect(fault.contains(words), "\(name): \(fault)") }
    }

    @Test(arguments: [
        ("Latin 1 that says so", "iso-8859-1", String.Encoding.isoLatin1),
        ("Latin 1 that says UTF-8", "utf-8", .isoLatin1),
        ("UTF-16", "utf-16", .utf16), ("UTF-8 that says UTF-16", "utf-16", .utf8),
    ]) func `a list's encoding is found out`(name: String, declared: String, encoding: String.Encoding) throws {
        let text =
            "<?xml version=\"1.0\" encoding=\"\(declared)\"?><opml><body><outline text=\"Café\" xmlUrl=\"https://e.org/\"/></body></opml>"
        let list = try OPML.parse(#require(text.data(using: encoding)))
        #expect(list.entries.map(\.title) == ["Café"], "\(name)")
    }

    @Test(arguments: [
        ("", "no list of feeds"), ("hello", "no list of feeds"), ("<html><body/></html>", "web page"),
        ("<rss><channel/></rss>", "<rss>"), ("{\"opml\": 1}", "no list of feeds"),
    ]) func `what is no list is refused with words`(text: String, words: String) {
        let error = #expect(throws: CastError.self) { try OPML.parse(text.utf8) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `a list that breaks off gives what came before, and says so`() throws {
        let list = try OPML.parse(
            "<opml><body><outline text=\"A\" xmlUrl=\"https://e.org/1\"/><outline text=\"B\"".utf8)
        #expect(list.entries.map(\.title) == ["A"])
        #expect(list.faults.count == 1)
    }

    @Test func `size, number, depth and complaints have bounds`() throws {
        var limits = OPML.Limits()
        limits.bytes = 100
        #expect(throws: CastError.self) {
            try OPML.parse(Array(repeating: UInt8(ascii: " "), count: 101), limits: limits)
        }

        limits = OPML.Limits()
        limits.entries = 2
        let many = (1...5).map { "<outline text=\"\($0)\" xmlUrl=\"https://e.org/\($0)\"/>" }.joined()
        let cut = try OPML.parse(self.list(many).utf8, limits: limits)
        #expect(cut.entries.count == 2)
        #expect(cut.faults == ["The list has more than 2 feeds; the rest was left out."])

        let deep =
            (1...60).map { "<outline text=\"g\($0)\">" }.joined() + "<outline text=\"A\" xmlUrl=\"https://e.org/1\"/>"
            + String(repeating: "</outline>", count: 60)
        #expect(try OPML.parse(self.list(deep).utf8).entries.map(\.groups.count) == [16])

        let abyss = String(repeating: "<outline text=\"x\">", count: 100_000)
        #expect(try OPML.parse(self.list(abyss).utf8).faults.count == 1)

        let bad = String(repeating: "<outline xmlUrl=\"x\"/>", count: 1000)
        #expect(try OPML.parse(self.list(bad).utf8).faults.count == 100)
    }
}
