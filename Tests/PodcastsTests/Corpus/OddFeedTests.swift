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
}
