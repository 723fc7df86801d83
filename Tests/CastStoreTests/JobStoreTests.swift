import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite struct JobStoreTests {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let database: Database

    init() throws {
        self.database = try Database(inMemory: ())
    }

    private func claim(_ node: String, _ attempt: String = UUID().uuidString, at time: Date? = nil) async throws
        -> JobStore.Claim?
    {
        let now = time ?? self.now
        return try await self.database.jobs.claim(
            .transcribe, by: NodeID("node-\(node)"), attempt: attempt, until: now + 120, at: now)
    }

    @Test func `jobs are handed out by priority, then in the order in which they came`() async throws {
        let (_, episodes) = try await self.database.makeFeed(episodes: 3, withAudio: true, at: self.now)
        let later = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        let last = try await self.database.jobs.enqueue(.transcribe, for: episodes[1].id, at: self.now + 1)
        let urgent = try await self.database.jobs.enqueue(
            .transcribe, for: episodes[2].id, JobStore.Wish(priority: 1), at: self.now + 2)
        var order: [JobID] = []
        while let claim = try await self.claim("a", at: self.now + 3) { order.append(claim.job.id) }
        #expect(order == [urgent, later, last])
    }

    @Test func `an episode has one active job of a kind`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        _ = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        await #expect(throws: CastError.self) {
            try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        }
        _ = try await self.claim("a")
        await #expect(throws: CastError.self) {
            try await self.database.jobs.enqueueProcessing(of: episodes[0].id, at: self.now)
        }
    }

    @Test func `a failed job waits, then comes again, and its episode is not called failed meanwhile`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let id = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("a")
        _ = try await self.database.jobs.handle(
            .failed(by: NodeID("node-a"), message: "out of memory", retry: true), of: id, at: self.now)
        #expect(try await self.claim("a", at: self.now + 299) == nil)
        #expect(try await self.database.episodes.get(episodes[0].id).state == .audioReady)
        let again = try #require(try await self.claim("b", at: self.now + 301))
        #expect(again.job.attempts == 2)
    }

    @Test func `a permanent failure shows at the episode, and a retry clears it`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let id = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("a")
        _ = try await self.database.jobs.handle(
            .failed(by: NodeID("node-a"), message: "damaged", retry: false), of: id, at: self.now)
        var episode = try await self.database.episodes.get(episodes[0].id)
        #expect(episode.state == .failed)
        #expect(episode.error == "damaged")
        try await self.database.jobs.retry(id, at: self.now)
        episode = try await self.database.episodes.get(episodes[0].id)
        #expect(episode.state == .audioReady)
        #expect(episode.error == nil)
    }

    @Test func `a finished download queues the transcription in the same step`() async throws {
        let (_, episodes) = try await self.database.makeFeed(at: self.now)
        _ = try await self.database.jobs.enqueueProcessing(of: episodes[0].id, at: self.now)
        #expect(try await self.database.episodes.get(episodes[0].id).state == .needsAudio)
        let claim = try #require(
            try await self.database.jobs.claim(
                .download, by: .server, attempt: "d", until: self.now + 60, at: self.now))
        #expect(try await self.database.episodes.get(episodes[0].id).state == .downloading)
        let verdict = try await self.database.jobs.complete(
            claim.job.id, by: .server, product: .audio(path: "a/b.mp3", size: 3, duration: nil), at: self.now
        ) {}
        #expect(verdict == .changed)
        #expect(try await self.database.episodes.get(episodes[0].id).state == .audioReady)
        let next = try #require(try await self.claim("a"))
        #expect(next.episode.audioPath == "a/b.mp3")
        // It waits at the node until recognition begins.
        #expect(try await self.database.episodes.get(episodes[0].id).state == .audioReady)
        _ = try await self.database.jobs.handle(
            .progressed(by: NodeID("node-a"), percent: 0, until: self.now + 120), of: next.job.id, at: self.now)
        #expect(try await self.database.episodes.get(episodes[0].id).state == .transcribing)
    }

    @Test(arguments: [true, false])
    func `where audio came from is kept with it, until other audio takes its place`(isReplaced: Bool) async throws {
        let (_, episodes) = try await self.database.makeFeed(at: self.now)
        let id = episodes[0].id
        _ = try await self.database.jobs.enqueueProcessing(of: id, at: self.now)
        let download = try #require(
            try await self.database.jobs.claim(.download, by: .server, attempt: "d", until: self.now + 60, at: self.now)
        )
        let source = AudioSource(
            url: "https://pilots.example/1.mp3", size: 3, sha256: String(repeating: "0f", count: 32), etag: "\"a\"")
        _ = try await self.database.jobs.complete(
            download.job.id, by: .server, product: .audio(path: "a/b.mp3", size: 3, duration: nil, origin: source),
            at: self.now
        ) {}
        let first = try #require(try await self.claim("a"))
        #expect(first.source == source)
        #expect(first.feedURL == "https://pilots.example/feed.xml")
        _ = try await self.database.jobs.handle(
            .released(by: NodeID("node-a")), of: first.job.id, attempt: first.attempt, at: self.now)
        if isReplaced {
            // The same name and size, and yet another file.
            try await self.database.episodes.setAudio(id, path: "a/b.mp3", size: 3, duration: nil, at: self.now)
        }
        #expect(try await self.claim("a", at: self.now + 60)?.source == (isReplaced ? nil : source))
    }

    @Test func `when the files cannot be put in place, nothing is completed`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let id = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("a")
        await #expect(throws: CastError.self) {
            try await self.database.jobs.complete(
                id, by: NodeID("node-a"),
                product: .transcript(path: "x.md", model: "base", source: "whisper", duration: nil), at: self.now
            ) { throw CastError(.storageFull, "full") }
        }
        #expect(try await self.database.episodes.get(episodes[0].id).transcriptPath == nil)
        #expect(try await self.database.jobs.running().map(\.job.id) == [id])
    }

    @Test func `a result is taken once, and late if nobody has done the job since`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let id = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("slow")
        _ = try await self.database.jobs.expireLeases(at: self.now + 121, stalledBefore: .distantPast)
        _ = try await self.claim("quick", at: self.now + 122)
        let product = JobStore.Product.transcript(path: "slow.md", model: "base", source: "whisper", duration: 60)
        // The slow node is back before the quick one is done.
        #expect(
            try await self.database.jobs.complete(
                id, by: NodeID("node-slow"), product: product, at: self.now + 200, install: {}) == .changed)
        // The quick one comes too late; its answer is a yes all the same, and nothing is overwritten.
        #expect(
            try await self.database.jobs.complete(
                id, by: NodeID("node-quick"),
                product: .transcript(path: "quick.md", model: "base", source: "whisper", duration: 60),
                at: self.now + 300, install: { Issue.record("nothing is to be put in place") }) == .unchanged)
        #expect(try await self.database.episodes.get(episodes[0].id).transcriptPath == "slow.md")
        await #expect(throws: CastError.self) {
            try await self.database.jobs.complete(
                id, by: NodeID("node-stranger"), product: product, at: self.now, install: {})
        }
    }

    @Test func `a job that stands still is taken from a node that only beats`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let id = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("hung")
        let hung = NodeID("node-hung")
        _ = try await self.database.jobs.handle(
            .progressed(by: hung, percent: 3, until: self.now + 120), of: id, at: self.now)
        let later = self.now + 3600
        _ = try await self.database.jobs.handle(.renewed(by: hung, until: later + 120), of: id, at: later)
        #expect(try await self.database.jobs.expireLeases(at: later, stalledBefore: later - 1800).map(\.id) == [id])
    }

    @Test func `an event of an earlier try is nobody's`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let id = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("a", "first")
        _ = try await self.database.jobs.handle(.released(by: NodeID("node-a")), of: id, at: self.now)
        _ = try await self.claim("a", "second")
        let late = try await self.database.jobs.handle(
            .released(by: NodeID("node-a")), of: id, attempt: "first", at: self.now)
        #expect(late.verdict == .notHolder)
        #expect(try await self.database.jobs.running().count == 1)
    }

    @Test func `bulk queueing takes what is missing and leaves the rest alone`() async throws {
        let (feed, episodes) = try await self.database.makeFeed(episodes: 50, at: self.now)
        _ = try await self.database.jobs.enqueueProcessing(of: episodes[49].id, at: self.now)
        let newest = try await self.database.jobs.enqueueAll(.feed(feed.id, newest: 3), at: self.now)
        #expect(newest.queued == 2)
        #expect(newest.skipped == 1)
        let rest = try await self.database.jobs.enqueueAll(.all, at: self.now)
        #expect(rest.queued == 47)
        #expect(try await self.database.episodes.counts() == [.needsAudio: 50])
        let first = try await self.database.jobs.claim(
            .download, by: .server, attempt: "d", until: self.now + 60, at: self.now)
        #expect(first?.episode.id == episodes[49].id)
    }

    @Test func `two episodes with one title on one day have two names`() async throws {
        let drafts = ["a", "b", "c"].map { EpisodeDraft(guid: $0, title: "News", publishedAt: self.now) }
        let feed = try await self.database.feeds.add(
            url: "https://n.example", draft: FeedDraft(title: "News"), episodes: drafts, at: self.now)
        let stems = try await self.database.episodes.list(feed: feed.id, limit: 9).episodes.map(\.stem)
        #expect(Set(stems) == ["2027-01-15_News", "2027-01-15_News_2", "2027-01-15_News_3"])
    }

    @Test func `queueing again takes up the job that had failed, and the failure is not counted any more`() async throws
    {
        let (feed, episodes) = try await self.database.makeFeed(episodes: 2, withAudio: true, at: self.now)
        for episode in episodes {
            let id = try await self.database.jobs.enqueue(.transcribe, for: episode.id, at: self.now)
            _ = try await self.claim("a")
            _ = try await self.database.jobs.handle(
                .failed(by: NodeID("node-a"), message: "damaged", retry: false), of: id, at: self.now)
        }
        let first = try await self.database.jobs.enqueueProcessing(of: episodes[0].id, at: self.now + 1)
        #expect(try await self.database.jobs.enqueueAll(.feed(feed.id), at: self.now + 2).queued == 1)
        #expect(try await self.database.jobs.counts()[.transcribe] == JobStore.Counts(queued: 2))
        #expect(try await self.claim("b", at: self.now + 3)?.job.id == first)
        #expect(try await self.claim("b", at: self.now + 3)?.job.attempts == 1)
        #expect(try await self.database.jobs.retryAllFailed(at: self.now + 4) == 0)
    }

    @Test func `a job that stood still does not go back to the node that hangs`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let node = try await self.database.makeNode("hung", at: self.now)
        let id = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("hung")
        _ = try await self.database.jobs.handle(
            .progressed(by: node.id, percent: 3, until: self.now + 120), of: id, at: self.now)
        let later = self.now + 3600
        let beat = NodeStore.Heartbeat(currentJobID: id, claimedJobIDs: [id])
        _ = try await self.database.nodes.heartbeat(node.id, beat, beingFetched: [], leaseUntil: later + 120, at: later)
        #expect(try await self.database.jobs.expireLeases(at: later, stalledBefore: later - 1800).map(\.id) == [id])
        let lost = try await self.database.nodes.heartbeat(
            node.id, beat, beingFetched: [], leaseUntil: later + 150, at: later + 30)
        #expect(lost == [id])
        #expect(try await self.database.jobs.queued(limit: 5).map(\.job.id) == [id])
    }

    @Test func `after a stop of the server every holder has the time to say that it lives`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        _ = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("a")
        let back = self.now + 7200
        try await self.database.jobs.renewAll(until: back + 120, at: back)
        #expect(try await self.database.jobs.expireLeases(at: back + 119, stalledBefore: back - 1800).isEmpty)
        #expect(try await self.database.jobs.expireLeases(at: back + 120, stalledBefore: back - 1800).count == 1)
    }

    @Test func `asking for a transcript while the audio is on its way is enough`() async throws {
        let (_, episodes) = try await self.database.makeFeed(at: self.now)
        let download = try await self.database.jobs.enqueue(.download, for: episodes[0].id, at: self.now)
        #expect(try await self.database.jobs.enqueueProcessing(of: episodes[0].id, at: self.now) == download)
        #expect(try await self.database.jobs.get(download).followUp == .transcribe)
    }

    @Test func `audio that is gone from the disk is fetched again`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        try await self.database.episodes.forgetAudio(episodes[0].id, at: self.now)
        _ = try await self.database.jobs.enqueueProcessing(of: episodes[0].id, at: self.now)
        #expect(try await self.database.jobs.queued(kind: .download, limit: 5).count == 1)
    }

    @Test func `the record says who brought a late result`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let id = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        _ = try await self.claim("slow")
        _ = try await self.database.jobs.expireLeases(at: self.now + 200, stalledBefore: self.now)
        _ = try await self.claim("other", at: self.now + 201)
        let verdict = try await self.database.jobs.complete(
            id, by: NodeID("node-slow"), product: .transcript(path: "a.md", model: "m", source: "whisper", duration: 1),
            at: self.now + 202
        ) {}
        #expect(verdict == .changed)
        let outcomes = try await self.database.episodes.attempts(of: episodes[0].id).map(\.outcome)
        #expect(outcomes == ["completed", "superseded"])
    }
}
