import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite struct WaitingTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func `what waits is counted by episodes, with their audio where its length is known`() async throws {
        let database = try Database(inMemory: ())
        let (feed, _) = try await database.makeFeed(episodes: 3, withAudio: true, at: self.now)
        let (other, _) = try await database.makeFeed("Sailors", url: "https://b.example", episodes: 2, at: self.now)
        #expect(try await database.jobs.waiting() == JobStore.Waiting())
        _ = try await database.jobs.enqueueAll(.feed(feed.id), at: self.now)
        _ = try await database.jobs.enqueueAll(.feed(other.id), at: self.now)
        #expect(try await database.jobs.waiting() == JobStore.Waiting(episodes: 5, audioSeconds: 180, unknown: 2))
    }

    @Test func `what was given up is listed once, until it is done or on its way`() async throws {
        let database = try Database(inMemory: ())
        let (feed, _) = try await database.makeFeed(episodes: 3, withAudio: true, at: self.now)
        _ = try await database.jobs.enqueueAll(.feed(feed.id), at: self.now)
        let jobs = try await database.jobs.queued(limit: 10).map(\.job)
        let node = try await database.makeNode("home", at: self.now)
        for place in jobs.indices {
            _ = try await database.jobs.claim(
                .transcribe, by: node.id, attempt: "a\(place)", until: self.now + 60, at: self.now)
            _ = try await database.jobs.handle(
                .failed(by: node.id, message: "no", retry: false), of: jobs[place].id, at: self.now + Double(place))
        }
        var given = try await database.jobs.givenUp(limit: 2)
        #expect(given.total == 3)
        #expect(given.jobs.map(\.job.id) == [jobs[2].id, jobs[1].id])
        try await database.jobs.retry(jobs[2].id, at: self.now)
        given = try await database.jobs.givenUp(limit: 2)
        #expect(given.total == 2 && given.jobs.map(\.job.id) == [jobs[1].id, jobs[0].id])
        #expect(try await database.jobs.retryAllFailed(at: self.now) == 2)
        #expect(try await database.jobs.givenUp(limit: 2).total == 0)
    }
}
