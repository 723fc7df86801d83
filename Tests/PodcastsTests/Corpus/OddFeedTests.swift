import CastCore
import Foundation
import Podcasts
import Testing

@Suite struct OddFeedTests {
    @Test(.timeLimit(.minutes(1)), arguments: OddFeed.all) func `what is taken of an odd feed, or why it is refused`(
        odd: OddFeed
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("odd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("feed.xml")
        try odd.bytes.write(to: file)
        let url = try #require(OddFeed.address)
        let read = Result { try FeedParser().parse(file: file, from: url, contentType: odd.contentType) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["feed.xml"])

        switch (odd.outcome, read) {
        case (.taken(let facts), .success(let feed)):
            let found = OddFeed.facts(feed)
            for (name, value) in OddFeed.usual.merging(facts, uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key })
            {
                #expect(found[name] == value, "\(odd.name): \(name)")
            }
        case (.refused(let words), .failure(let error as CastError)):
            #expect(error.code == .invalid)
            #expect(error.message.contains(words), "\(odd.name): \(error.message)")
        case (.taken, .failure(let error)): Issue.record("\(odd.name) was refused: \(error)")
        case (.refused, .success(let feed)): Issue.record("\(odd.name) was taken: \(OddFeed.facts(feed))")
        case (.refused, .failure(let error)): Issue.record("\(odd.name) was refused without words: \(error)")
        }
    }

    @Test func `every odd feed has a name of its own`() {
        #expect(Set(OddFeed.all.map(\.name)).count == OddFeed.all.count)
        #expect(OddFeed.all.count >= 40)
    }

    private func parse(_ bytes: Data) throws -> ParsedFeed {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("odd-\(UUID().uuidString).xml")
        try bytes.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try FeedParser().parse(file: file, from: try #require(OddFeed.address))
    }

    /// Whatever happens to a feed's bytes: an answer, or an error with words.
    @Test(.timeLimit(.minutes(1))) func `no bytes do harm`() throws {
        let sample = Array(
            OddFeed.rss(OddFeed.item("<description><![CDATA[<p>A</p>]]> &amp; &eacute;</description>") + OddFeed.item())
                .utf8)
        var seed: UInt64 = 7
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        for round in 0..<500 {
            var bytes = sample
            for _ in 0...next(10) {
                switch next(4) {
                case 0: bytes[next(bytes.count)] = UInt8(next(256))
                case 1: bytes[next(bytes.count)] = Array("<>&\"'/=;![]?-\0".utf8)[next(14)]
                case 2:
                    let start = next(bytes.count - 1)
                    bytes.removeSubrange(start..<min(bytes.count - 1, start + next(20)))
                default: bytes.insert(contentsOf: bytes[next(bytes.count)...].prefix(next(30)), at: next(bytes.count))
                }
            }
            do {
                let feed = try self.parse(Data(bytes))
                #expect(feed.episodes.allSatisfy { !$0.guid.isEmpty && !$0.title.isEmpty }, "round \(round)")
            } catch let error as CastError {
                #expect(error.code == .invalid, "round \(round): \(error)")
            }
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["<a", "<a ", "<a b='", "</a>", "<a>", "&", "&#", "<!", "<![CDATA[", "<item>", "<title>", "]]>"])
    func `long rows of the same do not take for ever`(piece: String) throws {
        let row = String(repeating: piece, count: (32 << 10) / piece.utf8.count)
        _ = try? self.parse(Data(OddFeed.rss("<item><title>\(row)").utf8))
        _ = PlainText.paragraphs(row)
    }

    @Test(arguments: [
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<rss/>", true),
        ("<?xml version='1.0' standalone='yes'?>\r\n", "<rss/>", true),
        ("\u{FEFF}<?xml version=\"1.0\"?><?xml-stylesheet href=\"x\"?>", "<rss/>", true),
        ("", "<rss><![CDATA[é]]><!-- x --></rss>", true),
        ("<?xml version=\"1.0\" encoding=\"latin1\"?>", "<rss/>", false),
        ("<?xml version=\"1.0\" encoding=\"UTF-7\"?>", "<rss/>", false),
        ("<?xml?>", "<rss/>", false), ("<?xml-stylesheet?>", "<rss/>", false), ("", "<!DOCTYPE rss><rss/>", false),
        ("", "<rss><?r?></rss>", false), ("", "<rss><?r", false), ("", "<rss>\u{0}</rss>", false), ("", "<rss><", true),
    ]) func `only what cannot hurt the parser is read as it is`(head: String, body: String, isHarmless: Bool) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("odd-\(UUID().uuidString).xml")
        defer { try? FileManager.default.removeItem(at: file) }
        // Where a piece that is read at once ends must not matter.
        for padding in [0] + ((64 << 10) - 40...(64 << 10) + 3) {
            let space = String(repeating: " ", count: padding)
            try Data((head + space + body).utf8).write(to: file)
            #expect(try FeedInspection.isHarmless(file) == isHarmless, "\(padding)")
            try (Data((head + space + body).utf8) + [0xC7]).write(to: file)
            #expect(try !FeedInspection.isHarmless(file), "\(padding)")
        }
    }
}
