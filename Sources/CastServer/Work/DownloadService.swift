import CastAPI
import CastCore
import CastStore
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Fetches the audio of queued downloads, a bounded number at once.
package struct DownloadService<Ticker: Clock<Duration>>: Service {
    let parts: ServerParts
    let clock: Ticker

    package init(parts: ServerParts, clock: Ticker) {
        self.parts = parts
        self.clock = clock
    }

    package func run() async throws {
        // What we were at when we were stopped is nobody's fault: it goes back with its attempt.
        let interrupted = try await self.parts.database.jobs.interruptAll(of: .server, at: self.parts.now())
        if interrupted > 0 {
            self.parts.logger.info("downloads taken up again", metadata: ["jobs": "\(interrupted)"])
        }
        do {
            try await cancelWhenGracefulShutdown {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<self.parts.configuration.maxConcurrentDownloads {
                        group.addTask { try await self.work() }
                    }
                    try await group.waitForAll()
                }
            }
        } catch is CancellationError {
            // The stop that was asked for.
        }
        // In a task of its own, because this one may be cancelled and the database would refuse it.
        try await Task { _ = try await self.parts.database.jobs.interruptAll(of: .server, at: self.parts.now()) }.value
    }

    /// One download after the other; looks once a second while there is none.
    private func work() async throws {
        while !Task.isCancelled {
            let isBusy: Bool
            do {
                isBusy = try await self.downloadNext()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                self.parts.logger.error("download queue cannot be read", metadata: ["error": "\(error)"])
                isBusy = false
            }
            if !isBusy { try await self.clock.sleep(for: .seconds(1)) }
        }
    }

    /// Takes the next download, if there is one.
    ///
    /// - Returns: Whether there was one, and the next can follow at once.
    func downloadNext() async throws -> Bool {
        let claim = try await self.parts.database.jobs.claim(
            .download, by: .server, attempt: UUID().uuidString.lowercased(), until: self.parts.now() + 86_400,
            at: self.parts.now())
        guard let claim else { return false }
        let logger = self.logger(for: claim)
        do {
            let size = try await self.fetch(claim)
            logger.info("audio fetched", metadata: ["bytes": "\(size)"])
            return true
        } catch is CancellationError {
            // Handed back by `run`; what came so far is kept, and the next try goes on there.
            throw CancellationError()
        } catch let error as CastError where error.code == .storageFull {
            _ = try await self.parts.database.jobs.handle(
                .released(by: .server), of: claim.job.id, at: self.parts.now())
            logger.error("no space for audio; the download waits", metadata: ["error": "\(error)"])
            try await self.clock.sleep(for: .seconds(30))
            return false
        } catch {
            let message = (error as? CastError)?.message ?? "\(error)"
            let result = try await self.parts.database.jobs.handle(
                .failed(by: .server, message: "Download failed: \(message)", retry: Self.isWorthRetry(error)),
                of: claim.job.id, at: self.parts.now(), jitter: Double.random(in: -1...1))
            logger.warning(
                "download failed", metadata: ["error": "\(error)", "state": "\(JobMessage(result.job).status)"])
            return true
        }
    }

    private func fetch(_ claim: JobStore.Claim) async throws -> Int64 {
        guard let address = claim.episode.audioURL else {
            throw CastError(.invalid, "The episode has no address to fetch audio from.")
        }
        let feed = try await self.parts.database.feeds.get(claim.episode.feedID)
        let raw = self.parts.storage.audioPath(feed: feed, episode: claim.episode, fileExtension: "fetched")
        try self.parts.storage.makeFolder(of: raw)
        let gate = ProgressGate(step: 5)
        let (reports, continuation) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        let audio = try await withThrowingTaskGroup(of: PodcastSource.FetchedAudio?.self) { group in
            group.addTask {
                for await percent in reports {
                    _ = try await self.parts.database.jobs.handle(
                        .progressed(by: .server, percent: percent, until: self.parts.now() + 86_400),
                        of: claim.job.id, at: self.parts.now())
                }
                return nil
            }
            group.addTask {
                defer { continuation.finish() }
                return try await self.parts.podcasts.fetchAudio(address, try self.parts.storage.url(of: raw)) { share in
                    if let percent = gate.pass(share) { continuation.yield(percent) }
                }
            }
            var fetched: PodcastSource.FetchedAudio?
            for try await result in group { fetched = result ?? fetched }
            return fetched
        }
        guard let audio else { throw CastError(.internalFault, "The download ended without a result.") }
        let path = self.parts.storage.audioPath(feed: feed, episode: claim.episode, fileExtension: audio.fileExtension)
        let storage = self.parts.storage
        _ = try await self.parts.database.jobs.complete(
            claim.job.id, by: .server, product: .audio(path: path, size: audio.size, duration: nil),
            at: self.parts.now()
        ) {
            try storage.move(raw, to: path)
        }
        return audio.size
    }

    private func logger(for claim: JobStore.Claim) -> Logger {
        var logger = self.parts.logger
        logger[metadataKey: "job.id"] = "\(claim.job.id)"
        logger[metadataKey: "episode.id"] = "\(claim.episode.id)"
        return logger
    }

    /// Whether another try may end differently.
    static func isWorthRetry(_ error: any Error) -> Bool {
        guard let error = error as? CastError else { return true }
        switch error.code {
        case .gone, .notFound, .forbidden, .invalid, .tooLarge, .unreadableMedia: return false
        case .unauthorized, .conflict, .limitReached, .unavailable, .timedOut, .engineFailed, .storageFull,
            .internalFault:
            return true
        }
    }
}

/// Lets every so many percent pass: enough for the eye, and cheap.
private final class ProgressGate: Sendable {
    private let step: Int
    private let last = Mutex(0)

    init(step: Int) { self.step = step }

    func pass(_ share: Double) -> Int? {
        let percent = Int(share * 100)
        return self.last.withLock { last in
            guard percent >= last + self.step else { return nil }
            last = percent
            return percent
        }
    }
}
