import Foundation
import Podcasts
import Testing

/// A feed of 20 MB: large, and seen.
@Suite struct LargeFeedTests {
    static let episodes = 5000

    /// Written piece by piece, so that the test's own memory says nothing.
    private func write(to file: URL) throws {
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        let words = String(repeating: "Some words about this episode, and <b>more</b>. ", count: 80)
        try handle.write(contentsOf: Data((OddFeed.declaration + OddFeed.root + "<channel><title>Show</title>").utf8))
        for number in 1...Self.episodes {
            let item = OddFeed.item(
                "<description><![CDATA[\(words)]]></description><itunes:duration>3600</itunes:duration>",
                title: "<title>Episode \(number)</title>", guid: "<guid>g\(number)</guid>",
                enclosure: "<enclosure url=\"https://e.org/\(number).mp3\" type=\"audio/mpeg\"/>")
            try handle.write(contentsOf: Data(item.utf8))
        }
        try handle.write(contentsOf: Data("</channel></rss>".utf8))
    }

    /// The most memory that the process has had, in bytes; nil where the system does not say.
    private static var peakMemory: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(separator: " ").dropLast().last.flatMap({ Int($0) })
        else { return nil }
        return kilobytes << 10
    }

    /// Three times the file is what its texts and their copies may take; a tree of it would be tens of times as large.
    @Test(.timeLimit(.minutes(2))) func `a feed of 20 MB is read in bounded memory`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("large-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("feed.xml")
        try self.write(to: file)
        let size = try #require(FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int)
        #expect(size > 20_000_000)
        let before = Self.peakMemory
        let feed = try FeedParser().parse(file: file, from: try #require(OddFeed.address))
        #expect(feed.episodes.count == Self.episodes)
        #expect(feed.episodes.last?.guid == "g\(Self.episodes)")
        #expect(feed.fault == nil)
        if let before, let after = Self.peakMemory {
            // Other tests run beside this one: twice the room that it needs.
            #expect(after - before < size * 6)
        }
    }
}
