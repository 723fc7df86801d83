import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite struct QueueOrderTests {
    private let database: Database
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws { self.database = try Database(inMemory: ()) }

    private func claimAll(model: String? = nil, _ limit: Int = 1000) async throws -> [JobStore.Claim] {
        var claims: [JobStore.Claim] = []
        while claims.count < limit,
            let claim = try await self.database.jobs.claim(
                .transcribe, by: NodeID("n"), model: model, attempt: UUID().uuidString, until: self.now + 120,
                at: self.now + 10)
        { claims.append(claim) }
        return claims
    }

    private func makeFeed(_ name: String, _ count: Int, daysOld: Double = 100) async throws -> Feed {
        try await self.database.makeFeed(
            name, url: "https://\(name).example/f", episodes: count, withAudio: true, at: self.now - daysOld * 86_400
        ).feed
    }

    @Test func `feeds take turns, however long one's line is`() async throws {
        let big = try await self.makeFeed("big", 50)
        let small = try await self.makeFeed("small", 3)
        _ = try await self.database.jobs.enqueueAll(.feed(big.id), at: self.now)
        _ = try await self.database.jobs.enqueueAll(.feed(small.id), at: self.now + 1)
        let order = try await self.claimAll(6).map(\.episode.feedID)
        #expect(order == [big.id, small.id, big.id, small.id, big.id, small.id])
    }

    @Test func `a feed that comes later starts where the others are, neither behind nor before all of them`()
        async throws
    {
        let first = try await self.makeFeed("first", 40)
        _ = try await self.database.jobs.enqueueAll(.feed(first.id), at: self.now)
        _ = try await self.claimAll(20)
        let late = try await self.makeFeed("late", 5)
        for episode in try await self.database.episodes.list(feed: late.id, limit: 10).episodes {
            _ = try await self.database.jobs.enqueueProcessing(of: episode.id, at: self.now + 5)
        }
        let order = try await self.claimAll(10).map(\.episode.feedID)
        #expect(order.count { $0 == late.id } == 5)
        #expect(order.prefix(3).contains(first.id))
    }

    @Test func `a fresh episode goes before the archive, and priority before both`() async throws {
        let archive = try await self.makeFeed("archive", 3)
        let fresh = try await self.makeFeed("fresh", 1, daysOld: 1)
        let urgent = try await self.makeFeed("urgent", 1)
        _ = try await self.database.jobs.enqueueAll(.feed(archive.id), at: self.now)
        _ = try await self.database.jobs.enqueueAll(.feed(fresh.id), at: self.now)
        _ = try await self.database.jobs.enqueueAll(.feed(urgent.id), JobStore.Wish(priority: 1), at: self.now)
        let order = try await self.claimAll().map(\.episode.feedID)
        #expect(order == [urgent.id, fresh.id, archive.id, archive.id, archive.id])
    }

    @Test func `one by one and all at once lead to the same order`() async throws {
        let feeds = [try await self.makeFeed("a", 4), try await self.makeFeed("b", 4)]
        for feed in feeds {
            for episode in try await self.database.episodes.list(feed: feed.id, limit: 10).episodes {
                _ = try await self.database.jobs.enqueueProcessing(of: episode.id, at: self.now)
            }
        }
        let single = try await self.claimAll().map(\.episode.title)
        let other = try Database(inMemory: ())
        for name in ["a", "b"] {
            _ = try await other.makeFeed(
                name, url: "https://\(name).example/f", episodes: 4, withAudio: true, at: self.now - 100 * 86_400)
        }
        _ = try await other.jobs.enqueueAll(.all, at: self.now)
        var bulk: [String] = []
        while let claim = try await other.jobs.claim(
            .transcribe, by: NodeID("n"), attempt: UUID().uuidString, until: self.now + 9, at: self.now)
        { bulk.append(claim.episode.title) }
        #expect(single == bulk)
        #expect(single.count == 8)
    }

    @Test func `a feed's model is for nodes that have it; others get the rest`() async throws {
        let picky = try await self.makeFeed("picky", 2)
        let easy = try await self.makeFeed("easy", 1)
        var change = FeedStore.Change()
        change.model = .some("large-v3")
        _ = try await self.database.feeds.change(picky.id, change, at: self.now)
        _ = try await self.database.jobs.enqueueAll(.all, at: self.now)
        #expect(try await self.claimAll(model: "base").map(\.episode.feedID) == [easy.id])
        #expect(try await self.claimAll(model: nil).isEmpty)
        #expect(try await self.claimAll(model: "large-v3", 1).map(\.episode.feedID) == [picky.id])
        change.model = .some(nil)
        _ = try await self.database.feeds.change(picky.id, change, at: self.now)
        #expect(try await self.claimAll(model: "base").map(\.episode.feedID) == [picky.id])
    }

    @Test func `a pause outlives the moment and holds back one kind only`() async throws {
        let feed = try await self.makeFeed("a", 2)
        _ = try await self.database.jobs.enqueueAll(.feed(feed.id), at: self.now)
        try await self.database.jobs.pause([.transcribe], reason: "moving house", at: self.now)
        try await self.database.jobs.pause([.transcribe], reason: "again", at: self.now + 5)
        #expect(try await self.claimAll().isEmpty)
        let pauses = try await self.database.jobs.pauses()
        #expect(pauses.map(\.reason) == ["moving house"])
        #expect(try await self.database.jobs.counts()[.transcribe]?.queued == 2)
        try await self.database.jobs.resume(JobKind.allCases, at: self.now)
        #expect(try await self.claimAll().count == 2)
    }

    @Test func `a job that is moved up is next`() async throws {
        let feed = try await self.makeFeed("a", 5)
        _ = try await self.database.jobs.enqueueAll(.feed(feed.id), at: self.now)
        let last = try #require(try await self.database.jobs.queued(limit: 10).last)
        try await self.database.jobs.moveUp(last.job.id, at: self.now)
        #expect(try await self.claimAll(1).first?.job.id == last.job.id)
        await #expect(throws: CastError.self) { try await self.database.jobs.moveUp(last.job.id, at: self.now) }
    }

    @Test func `places and days choose what they say`() async throws {
        let (feed, episodes) = try await self.database.makeFeed(episodes: 10, withAudio: true, at: self.now)
        let queued = try await self.database.jobs.enqueueAll(
            .range(feed.id, positions: 2...3, from: nil, until: nil), at: self.now)
        #expect(queued.queued == 2)
        let titles = try await self.database.jobs.queued(limit: 10).map(\.episodeTitle)
        #expect(Set(titles) == [episodes[8].title, episodes[7].title])
        let days = try await self.database.jobs.enqueueAll(
            .range(feed.id, positions: nil, from: self.now - 86_400 * 4.5, until: self.now - 86_400 * 2.5), at: self.now
        )
        #expect(days.queued == 2)
        let ids = try await self.database.jobs.enqueueAll(
            .episodes([episodes[0].id, episodes[9].id, EpisodeID(999)]), at: self.now)
        #expect(ids.queued == 2)
    }

    @Test func `cancelling all leaves what runs`() async throws {
        let feed = try await self.makeFeed("a", 5)
        let other = try await self.makeFeed("b", 2)
        _ = try await self.database.jobs.enqueueAll(.all, at: self.now)
        let running = try await self.claimAll(1)
        #expect(
            try await self.database.jobs.cancelAll(feed: feed.id, at: self.now) + 1 == 5
                + (running[0].episode.feedID == other.id ? 1 : 0))
        #expect(try await self.database.jobs.cancelAll(at: self.now) > 0)
        #expect(try await self.database.jobs.counts()[.transcribe] == JobStore.Counts(queued: 0, running: 1))
        #expect(try await self.database.episodes.counts()[.audioReady] == 7)
    }

    @Test func `a publisher's transcript is fetched first, and what is of no use becomes our own work`() async throws {
        let offer = [PublishedTranscript(url: "https://p.example/1.vtt", type: "text/vtt", language: "en")]
        let feed = try await self.database.feeds.add(
            url: "https://p.example/f", draft: FeedDraft(title: "P"),
            episodes: [
                EpisodeDraft(guid: "1", title: "One", audioURL: "https://p.example/1.mp3", published: offer),
                EpisodeDraft(guid: "2", title: "Two", audioURL: "https://p.example/2.mp3"),
            ], at: self.now)
        #expect(try await self.database.jobs.enqueueAll(.feed(feed.id), at: self.now).queued == 2)
        let counts = try await self.database.jobs.counts()
        #expect(counts[.transcriptDownload]?.queued == 1)
        #expect(counts[.download]?.queued == 1)
        #expect(try await self.database.episodes.counts()[.awaitingTranscript] == 1)
        let claim = try #require(
            try await self.database.jobs.claim(
                .transcriptDownload, by: .server, attempt: "t1", until: self.now + 60, at: self.now))
        #expect(claim.episode.published == offer)
        let next = try await self.database.jobs.fallBack(
            from: claim.job.id, attempt: "t1", reason: "It is a log-in page.", at: self.now)
        #expect(next == .download)
        let episode = try await self.database.episodes.get(claim.episode.id)
        #expect(episode.publishedFault == "It is a log-in page.")
        #expect(episode.state == .needsAudio)
        #expect(try await self.database.jobs.get(claim.job.id).followUp == .transcribe)
        let attempts = try await self.database.episodes.attempts(of: episode.id)
        #expect(attempts.map(\.outcome) == ["failed"])
        // Somebody else's try, or a repetition, changes nothing.
        #expect(
            try await self.database.jobs.fallBack(from: claim.job.id, attempt: "t1", reason: "x", at: self.now) == nil)
    }

    @Test func `a feed may refuse publishers' transcripts, and so may a person`() async throws {
        let offer = [PublishedTranscript(url: "https://p.example/1.vtt", type: "text/vtt")]
        let feed = try await self.database.feeds.add(
            url: "https://p.example/f", draft: FeedDraft(title: "P"),
            episodes: [EpisodeDraft(guid: "1", title: "One", audioURL: "https://p.example/1.mp3", published: offer)],
            at: self.now)
        let episode = try #require(try await self.database.episodes.list(feed: feed.id, limit: 1).episodes.first)
        let job = try await self.database.jobs.enqueueProcessing(
            of: episode.id, JobStore.Wish(takesPublished: false), at: self.now)
        #expect(try await self.database.jobs.get(job).kind == .download)
        try await self.database.jobs.cancel(job, at: self.now)
        var change = FeedStore.Change()
        change.takesPublished = false
        _ = try await self.database.feeds.change(feed.id, change, at: self.now)
        let other = try await self.database.jobs.enqueueProcessing(of: episode.id, at: self.now)
        #expect(try await self.database.jobs.get(other).kind == .download)
    }
}
