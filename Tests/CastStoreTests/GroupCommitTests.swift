import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite struct GroupCommitTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(.timeLimit(.minutes(1))) func `many writes at once all happen, and one that fails fails alone`() async throws
    {
        try await withTemporaryFolder { folder in
            let database = try Database(path: folder.appendingPathComponent("c.db").path)
            let (_, episodes) = try await database.makeFeed(episodes: 100, withAudio: true, at: self.now)
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                // Each episode twice: the second is refused by the schema.
                for episode in episodes + episodes {
                    group.addTask {
                        (try? await database.jobs.enqueue(.transcribe, for: episode.id, at: self.now)) != nil
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 } == 100)
            #expect(try await database.jobs.counts()[.transcribe]?.queued == 100)
            try database.close()
        }
    }

    @Test func `an event is there exactly when its change is`() async throws {
        let database = try Database(inMemory: ())
        let (feed, episodes) = try await database.makeFeed(episodes: 1, withAudio: true, at: self.now)
        let job = try await database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try? await database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await database.jobs.claim(
            .transcribe, by: NodeID("n"), attempt: "a", until: self.now + 60, at: self.now)
        _ = try await database.jobs.handle(
            .progressed(by: NodeID("n"), percent: 5, until: self.now + 60), of: job, at: self.now)
        _ = try await database.jobs.handle(
            .failed(by: NodeID("n"), message: "broken", retry: false), of: job, at: self.now)
        let events = try await database.events.after(0, limit: 100)
        #expect(events.map(\.kind) == [.feedAdded, .jobQueued, .jobRunning, .jobFailed])
        #expect(events[0].feedID == feed.id)
        #expect(events[3].detail["error"] == .string("broken"))
        #expect(events[2].nodeID == NodeID("n"))
    }

    @Test(.timeLimit(.minutes(1))) func `a listener hears of news, and pages through what it missed`() async throws {
        let database = try Database(inMemory: ())
        let news = database.news.listen()
        _ = try await database.makeFeed(at: self.now)
        var iterator = news.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        for number in 0..<5 {
            try await database.settings.set(["name": "\(number)"], at: self.now + Double(number))
        }
        let first = try await database.events.after(1, limit: 2)
        let rest = try await database.events.after(first[1].id, limit: 10)
        #expect(first.count == 2 && rest.count == 3)
        #expect(try await database.events.newest(limit: 2).map(\.id) == rest.suffix(2).map(\.id).reversed())
        #expect(try await database.events.prune(before: self.now + 3, keeping: 100) == 4)
        #expect(try await database.events.prune(before: .distantPast, keeping: 1) == 1)
    }
}
