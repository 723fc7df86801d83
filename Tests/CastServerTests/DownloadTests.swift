import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct DownloadTests {
    /// A clock on which every wait is over at once.
    private struct Impatient: Clock {
        var now: ContinuousClock.Instant { ContinuousClock.now }
        var minimumResolution: Duration { .zero }
        func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
            try Task.checkCancellation()
        }
    }

    /// What a test sees of the calls that leave the machine.
    private final class Seen: Sendable {
        private let state = Mutex<(fetched: Int, discarded: Int)>((0, 0))
        var fetched: Int { self.state.withLock { $0.fetched } }
        var discarded: Int { self.state.withLock { $0.discarded } }
        /// Set once the fixture is there, for calls that come back to its database.
        let parts = Mutex<ServerParts?>(nil)
        var database: Database? { self.parts.withLock { $0?.database } }

        func fetch() -> Int {
            self.state.withLock {
                $0.fetched += 1
                return $0.fetched
            }
        }

        func discard() { self.state.withLock { $0.discarded += 1 } }

        func removeFeeds() async throws {
            guard let feeds = self.database?.feeds else { return }
            for listed in try await feeds.list() { _ = try await feeds.remove(listed.feed.id, at: Date()) }
        }
    }

    private typealias Fetch = @Sendable (URL, @Sendable (Double) -> Void) async throws -> PodcastSource.FetchedAudio

    private func run(
        episodes: Int = 1, seen: Seen = Seen(), fetch: @escaping Fetch,
        _ body: @Sendable (ServerFixture, [JobID], DownloadService<Impatient>) async throws -> Void
    ) async throws {
        var podcasts = PodcastSource.unimplemented
        podcasts.fetchAudio = { _, file, progress in try await fetch(file, progress) }
        podcasts.discardAudio = { _ in seen.discard() }
        try await ServerFixture.run(podcasts: podcasts) { server in
            seen.parts.withLock { $0 = server.parts }
            let (_, found) = try await server.parts.database.makeFeed(episodes: episodes, at: server.time.now)
            var jobs: [JobID] = []
            for episode in found {
                jobs.append(
                    try await server.parts.database.jobs.enqueueProcessing(of: episode.id, at: server.time.now))
            }
            try await body(server, jobs, DownloadService(parts: server.parts, clock: Impatient()))
        }
    }

    private static func store(_ file: URL) throws -> PodcastSource.FetchedAudio {
        try Data("audio".utf8).write(to: file)
        return .init(size: 5, fileExtension: "mp3")
    }

    @Test func `a full disk costs no try, and the next download gets its turn`() async throws {
        let seen = Seen()
        try await self.run(
            episodes: 2, seen: seen,
            fetch: { file, _ in
                if seen.fetch() == 1 { throw CastError(.storageFull, "There is no space left.") }
                return try Self.store(file)
            }
        ) { server, jobs, downloads in
            #expect(try await downloads.downloadNext() == false)
            let waiting = try await server.parts.database.jobs.get(jobs[0])
            #expect(waiting.attempts == 0)
            #expect(waiting.state == .queued(notBefore: server.time.now + 300))
            #expect(try await downloads.downloadNext())
            guard case .completed = try await server.parts.database.jobs.get(jobs[1]).state else {
                Issue.record("the second download did not get its turn")
                return
            }
            #expect(try await downloads.downloadNext() == false)
            server.time.advance(by: 301)
            #expect(try await downloads.downloadNext())
            #expect(seen.fetched == 3)
        }
    }

    @Test func `a file that cannot be written costs a try and waits`() async throws {
        try await self.run(fetch: { _, _ in throw CastError(.unavailable, "It cannot be written.") }) {
            server, jobs, downloads in
            #expect(try await downloads.downloadNext())
            let job = try await server.parts.database.jobs.get(jobs[0])
            #expect(job.attempts == 1)
            #expect(job.error == "Download failed: It cannot be written.")
            #expect(try await downloads.downloadNext() == false)
        }
    }

    @Test func `a request that was broken off is a failed try and no stop of the service`() async throws {
        try await self.run(fetch: { _, _ in throw CancellationError() }) { server, jobs, downloads in
            #expect(try await downloads.downloadNext())
            let job = try await server.parts.database.jobs.get(jobs[0])
            #expect(job.attempts == 1)
            #expect(job.error == "Download failed: It was broken off.")
        }
    }

    @Test func `a download whose job a person resets stops, and its part is removed`() async throws {
        let seen = Seen()
        let (never, hold) = AsyncStream.makeStream(of: Void.self)
        defer { hold.finish() }
        try await self.run(
            seen: seen,
            fetch: { file, progress in
                guard let jobs = seen.database?.jobs else { return try Self.store(file) }
                for listed in try await jobs.running(kind: .download) {
                    _ = try await jobs.handle(.interrupted, of: listed.job.id, at: Date())
                }
                progress(0.5)
                for await _ in never {}
                throw CancellationError()
            }
        ) { server, jobs, downloads in
            #expect(try await downloads.downloadNext())
            let job = try await server.parts.database.jobs.get(jobs[0])
            #expect(job.attempts == 0)
            #expect(job.error == nil)
            #expect(seen.discarded == 1)
        }
    }

    @Test(arguments: ["reporting", "finishing", "failing"])
    func `a download whose feed is removed stops quietly`(moment: String) async throws {
        let seen = Seen()
        let (never, hold) = AsyncStream.makeStream(of: Void.self)
        defer { hold.finish() }
        try await self.run(
            seen: seen,
            fetch: { file, progress in
                try await seen.removeFeeds()
                switch moment {
                case "finishing": return try Self.store(file)
                case "failing": throw CastError(.gone, "It is gone.")
                default:
                    progress(0.5)
                    for await _ in never {}
                    throw CancellationError()
                }
            }
        ) { _, _, downloads in
            let took = try await downloads.downloadNext()
            #expect(took)
            #expect(seen.discarded == 1)
            let tookAnother = try await downloads.downloadNext()
            #expect(!tookAnother)
        }
    }
}
