import CastCore
import CastStore
import CastTestSupport
import Foundation
import GRDB
import Synchronization
import Testing

@Suite struct SecondTryTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let database: CastStore.Database

    init() throws { self.database = try Database(inMemory: ()) }

    private static func quality(_ kinds: TranscriptQuality.Finding.Kind...) -> TranscriptQuality {
        let text = kinds.isEmpty ? "fine words" : String(repeating: "Thank you for watching. ", count: 20)
        var quality = TranscriptQuality(of: Transcript(sentences: [.init(text: text, start: 0, end: 30)]))
        quality.findings = kinds.map { .init(kind: $0, reason: "It is so.") }
        return quality
    }

    private static func product(_ name: String, _ quality: TranscriptQuality?) -> JobStore.Product {
        .transcript(path: "\(name).md", model: name, source: "whisper", duration: 60, quality: quality)
    }

    private func claim(_ model: String?, at time: Date? = nil) async throws -> JobStore.Claim? {
        let now = time ?? self.now
        return try await self.database.jobs.claim(
            .transcribe, by: NodeID("node-\(model ?? "old")"), model: model, attempt: UUID().uuidString,
            until: now + 120, at: now)
    }

    private func complete(
        _ claim: JobStore.Claim, _ model: String, _ quality: TranscriptQuality?, secondTryModel: String? = "large"
    ) async throws -> JobVerdict {
        try await self.database.jobs.complete(
            claim.job.id, by: NodeID("node-\(model)"), product: Self.product(model, quality), at: self.now,
            secondTryModel: secondTryModel, setAside: {}, install: {})
    }

    /// An episode with a doubtful transcript by `base`, and its second try in the queue.
    private func makeDoubtful(_ quality: TranscriptQuality = Self.quality(.repetition)) async throws -> Episode {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        _ = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        let first = try #require(try await self.claim("base"))
        #expect(try await self.complete(first, "base", quality) == .changed)
        return try await self.database.episodes.get(episodes[0].id)
    }

    private func secondTry(of episode: Episode) async throws -> SecondTry? {
        try await self.database.episodes.secondTries(of: [episode.id])[episode.id]
    }

    @Test func `a doubtful transcript is queued once more, with the other model, behind everything`() async throws {
        let episode = try await self.makeDoubtful()
        #expect(episode.state == .completed && episode.isDoubtful && episode.transcriptModel == "base")
        let job = try #require(try await self.database.jobs.queued(limit: 10).first?.job)
        #expect(job.isSecondTry && job.model == "large" && job.maxAttempts == 3)
        let (_, others) = try await self.database.makeFeed(
            "Sailors", url: "https://b.example", withAudio: true, at: self.now - 9e6)
        _ = try await self.database.jobs.enqueue(
            .transcribe, for: others[0].id, JobStore.Wish(priority: 5000), at: self.now)
        #expect(try await self.claim("large")?.episode.id == others[0].id)
        #expect(try await self.claim("large")?.job.id == job.id)
    }

    @Test func `only a node with that model gets it`() async throws {
        _ = try await self.makeDoubtful()
        #expect(try await self.claim("base") == nil)
        #expect(try await self.claim(nil) == nil, "a node that says nothing of models")
        #expect(try await self.claim("large") != nil)
    }

    @Test func `pods are wanted for it only if they run that model`() async throws {
        let episode = try await self.makeDoubtful()
        #expect(try await self.database.jobs.waiting(for: "base", unknown: 60, at: self.now) == (0, 0))
        #expect(try await self.database.jobs.waiting(for: "large", unknown: 60, at: self.now) == (1, 60))
        _ = try await self.claim("large")
        #expect(try await self.database.jobs.waiting(for: "base", unknown: 60, at: self.now) == (0, 0))
        #expect(try await self.database.jobs.waiting(for: "large", unknown: 60, at: self.now) == (0, 60))
        #expect(episode.duration == 60)
    }

    @Test func `the better of the two stays, and the episode is completed all the time`() async throws {
        let episode = try await self.makeDoubtful()
        let claim = try #require(try await self.claim("large"))
        _ = try await self.database.jobs.handle(
            .progressed(by: NodeID("node-large"), percent: 10, until: self.now + 120), of: claim.job.id, at: self.now)
        #expect(try await self.database.episodes.get(episode.id).state == .completed)
        #expect(try await self.complete(claim, "large", Self.quality()) == .changed)
        let after = try await self.database.episodes.get(episode.id)
        #expect(after.state == .completed && !after.isDoubtful)
        #expect(after.transcriptPath == "large.md" && after.transcriptModel == "large")
        let tried = try #require(try await self.secondTry(of: episode))
        #expect(tried.outcome == .keptSecond && tried.firstModel == "base" && tried.secondModel == "large")
        #expect(tried.first.findings.count == 1 && tried.second?.findings == [])
        let event = try #require(
            try await self.database.events.newest(limit: 50).first { $0.kind == .secondTryEnded })
        #expect(event.detail["outcome"] == .string("kept_second"))
        #expect(try await self.database.episodes.secondTryCounts() == [.keptSecond: 1])
        #expect(try await self.database.jobs.queued(limit: 10).isEmpty)
    }

    @Test(arguments: [true, false])
    func `a second one that is no better is set aside`(isJudged: Bool) async throws {
        let episode = try await self.makeDoubtful()
        let claim = try #require(try await self.claim("large"))
        let isAside = Flag()
        let verdict = try await self.database.jobs.complete(
            claim.job.id, by: NodeID("node-large"),
            product: Self.product("large", isJudged ? Self.quality(.repetition, .fewWords) : nil), at: self.now,
            secondTryModel: "third", setAside: { isAside.raise() },
            install: { Issue.record("the first one is to stay") })
        #expect(verdict == .changed && isAside.isRaised)
        let after = try await self.database.episodes.get(episode.id)
        #expect(after.transcriptPath == "base.md" && after.transcribedAt == episode.transcribedAt)
        #expect(after.state == .completed && after.isDoubtful)
        #expect(try await self.secondTry(of: episode)?.outcome == .keptFirst)
        // It is doubtful still, and never tried a third time.
        #expect(try await self.database.jobs.queued(limit: 10).isEmpty)
    }

    @Test func `what is said of the transcript that is there decides, not what was said when the try was asked for`()
        async throws
    {
        let episode = try await self.makeDoubtful(Self.quality(.repetition, .fewWords))
        let second = try #require(try await self.claim("large"))
        _ = try await self.database.jobs.handle(
            .failed(by: NodeID("node-large"), message: "no", retry: false), of: second.job.id, at: self.now)
        // Meanwhile a person has it made anew, and it comes out well.
        _ = try await self.database.jobs.enqueueProcessing(of: episode.id, JobStore.Wish(again: true), at: self.now)
        let again = try #require(try await self.claim("base"))
        #expect(again.job.id != second.job.id, "the failed second try is not taken up as another job")
        _ = try await self.complete(again, "base", Self.quality())
        try await self.database.jobs.retry(second.job.id, at: self.now)
        let retried = try #require(try await self.claim("large"))
        _ = try await self.complete(retried, "large", Self.quality(.repetition))
        #expect(try await self.secondTry(of: episode)?.outcome == .keptFirst)
        #expect(try await self.database.episodes.get(episode.id).transcriptModel == "base")
    }

    @Test func `while a second try runs, a person is told so`() async throws {
        let episode = try await self.makeDoubtful()
        _ = try await self.claim("large")
        let error = await #expect(throws: CastError.self) {
            try await self.database.jobs.enqueueProcessing(of: episode.id, JobStore.Wish(again: true), at: self.now)
        }
        #expect(error?.code == .conflict)
        #expect(error?.message == "A second try with the model large is running. Ask again when it has ended.")
    }

    @Test func `there is one second try for an episode and its audio, and one more for other audio`() async throws {
        let episode = try await self.makeDoubtful()
        let claim = try #require(try await self.claim("large"))
        _ = try await self.complete(claim, "large", Self.quality(.fewWords, .manyWords))
        func again() async throws -> Int {
            _ = try await self.database.jobs.enqueueProcessing(of: episode.id, JobStore.Wish(again: true), at: self.now)
            let claim = try #require(try await self.claim("base"))
            _ = try await self.complete(claim, "base", Self.quality(.fewWords))
            return try await self.database.jobs.queued(limit: 10).count
        }
        #expect(try await again() == 0)
        try await self.database.episodes.setAudio(episode.id, path: "x.mp3", size: 2000, duration: 60, at: self.now)
        #expect(try await again() == 1)
    }

    @Test func `without a reason, a model, audio or a judgement there is none`() async throws {
        let (_, episodes) = try await self.database.makeFeed(episodes: 4, withAudio: true, at: self.now)
        for (place, episode) in episodes.enumerated() {
            _ = try await self.database.jobs.enqueue(.transcribe, for: episode.id, at: self.now)
            let claim = try #require(try await self.claim("base"))
            if place == 3 { try await self.database.episodes.forgetAudio(episode.id, at: self.now) }
            let quality: TranscriptQuality? = place == 2 ? nil : Self.quality(.repetition)
            // A result without a wish stands for a good one: who decides is `SecondTry.isWanted`.
            _ = try await self.complete(claim, "base", quality, secondTryModel: place < 2 ? nil : "large")
        }
        #expect(try await self.database.jobs.queued(limit: 10).isEmpty)
        #expect(try await self.database.episodes.secondTryCounts().isEmpty)
    }

    @Test func `when the files cannot be put in place, no second try is queued either`() async throws {
        let (_, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        _ = try await self.database.jobs.enqueue(.transcribe, for: episodes[0].id, at: self.now)
        let claim = try #require(try await self.claim("base"))
        await #expect(throws: CastError.self) {
            try await self.database.jobs.complete(
                claim.job.id, by: NodeID("node-base"), product: Self.product("base", Self.quality(.repetition)),
                at: self.now, secondTryModel: "large"
            ) { throw CastError(.storageFull, "full") }
        }
        #expect(try await self.database.jobs.queued(limit: 10).isEmpty)
        #expect(try await self.secondTry(of: episodes[0]) == nil)
        // The result comes again, and brings the one second try with it.
        #expect(try await self.complete(claim, "base", Self.quality(.repetition)) == .changed)
        #expect(try await self.complete(claim, "base", Self.quality(.repetition)) == .unchanged)
        #expect(try await self.database.jobs.queued(limit: 10).count == 1)
    }

    @Test func `a second try that fails leaves the episode as it was`() async throws {
        let episode = try await self.makeDoubtful()
        for attempt in 1...3 {
            let time = self.now + Double(attempt) * 86_400
            let claim = try #require(try await self.claim("large", at: time))
            _ = try await self.database.jobs.handle(
                .failed(by: NodeID("node-large"), message: "out of memory", retry: true), of: claim.job.id, at: time)
        }
        let after = try await self.database.episodes.get(episode.id)
        #expect(after.state == .completed && after.error == nil && after.transcriptModel == "base")
        #expect(try await self.secondTry(of: episode)?.outcome == .failed)
        // It is shown to people, who may try it again; then it is open again.
        let failed = try await self.database.jobs.givenUp(limit: 5).jobs.map(\.job)
        #expect(failed.map(\.isSecondTry) == [true])
        try await self.database.jobs.retry(failed[0].id, at: self.now)
        #expect(try await self.secondTry(of: episode)?.outcome == nil)
        #expect(try await self.database.episodes.get(episode.id).state == .completed)
    }

    @Test func `a person's wish goes before a second try that nobody has begun`() async throws {
        let episode = try await self.makeDoubtful()
        let id = try await self.database.jobs.enqueueProcessing(
            of: episode.id, JobStore.Wish(again: true), at: self.now)
        let job = try await self.database.jobs.get(id)
        #expect(!job.isSecondTry && job.model == nil && job.maxAttempts == Job.defaultMaxAttempts)
        let tried = try #require(try await self.secondTry(of: episode))
        #expect(tried.outcome == .cancelled && tried.jobID == nil)
        #expect(try await self.database.jobs.queued(limit: 10).count == 1)
    }

    @Test func `the same for many at once`() async throws {
        let episode = try await self.makeDoubtful()
        let result = try await self.database.jobs.enqueueAll(.all, JobStore.Wish(again: true), at: self.now)
        #expect(result == (1, 0))
        #expect(try await self.database.jobs.queued(limit: 10).map(\.job.isSecondTry) == [false])
        #expect(try await self.secondTry(of: episode)?.outcome == .cancelled)
    }

    @Test func `a job that takes the number of a cancelled one is not taken for it`() async throws {
        let episode = try await self.makeDoubtful()
        let second = try #require(try await self.database.jobs.queued(limit: 1).first?.job.id)
        try await self.database.jobs.cancel(second, at: self.now)
        _ = try await self.database.jobs.enqueueProcessing(of: episode.id, JobStore.Wish(again: true), at: self.now)
        let claim = try #require(try await self.claim("base"))
        #expect(claim.job.id == second, "SQLite gives the number again")
        #expect(try await self.complete(claim, "base", Self.quality(.repetition, .fewWords)) == .changed)
        #expect(try await self.database.episodes.get(episode.id).transcriptPath == "base.md")
        #expect(try await self.secondTry(of: episode)?.outcome == .cancelled)
    }

    @Test func `doubtful ones are found, counted, and forgotten when a better transcript comes`() async throws {
        let episode = try await self.makeDoubtful(Self.quality(.repetition, .fewWords))
        let (feed, _) = try await self.database.makeFeed("Others", url: "https://b.example", episodes: 3, at: self.now)
        let episodes = self.database.episodes
        #expect(try await episodes.list(onlyDoubtful: true, limit: 10).episodes.map(\.id) == [episode.id])
        #expect(try await episodes.list(onlyDoubtful: true, limit: 10).total == 1)
        #expect(try await episodes.page(onlyDoubtful: true, after: nil, limit: 10).map(\.id) == [episode.id])
        #expect(try await episodes.list(feed: feed.id, onlyDoubtful: true, limit: 10).total == 0)
        #expect(try await episodes.doubtfulCount() == 1)
        #expect(try await episodes.doubtfulCount(feed: feed.id) == 0)
        #expect(try await episodes.findingCounts() == [.repetition: 1, .fewWords: 1])
        #expect(try await episodes.qualities(of: [episode.id])[episode.id]?.findings.count == 2)
        let claim = try #require(try await self.claim("large"))
        _ = try await self.complete(claim, "large", Self.quality())
        #expect(try await episodes.doubtfulCount() == 0)
        #expect(try await episodes.findingCounts().isEmpty)
    }

    /// Bounds of the work, not of the time: each is a look into an index, however many there are.
    @Test(arguments: [
        (
            "SELECT id FROM episode WHERE feedID = 1 AND isDoubtful = 1 ORDER BY publishedAt DESC, id DESC LIMIT 50",
            "episodeDoubtful"
        ),
        (
            "SELECT id FROM episode WHERE isDoubtful = 1 ORDER BY publishedAt DESC, id DESC LIMIT 50",
            "episodeDoubtfulOfAll"
        ),
        ("SELECT count(*) FROM episode WHERE isDoubtful = 1", "episodeDoubtful"),
        (
            """
            SELECT id FROM job WHERE kind = 'transcribe' AND model = 'large' AND state = 'queued' AND notBefore <= 1
            ORDER BY priority, lane, turn, scheduledAt, id LIMIT 1
            """, "jobClaimable"
        ),
        ("UPDATE secondTry SET outcome = 'failed' WHERE jobID = 1", "secondTryOfJob"),
    ])
    func `the indexes serve`(sql: String, index: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("a.db").path
            try CastStore.Database(path: path).close()
            let plan = try await DatabaseQueue(path: path).read { db in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
            }
            #expect(plan.contains { $0.contains("INDEX \(index)") }, "\(plan)")
            #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
        }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isRaised: Bool { self.value.withLock { $0 } }
        func raise() { self.value.withLock { $0 = true } }
    }
}
