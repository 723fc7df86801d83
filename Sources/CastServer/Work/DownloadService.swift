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
    private let lane = DownloadLane()

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
            } catch is CancellationError where Task.isCancelled {
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
    package func downloadNext() async throws -> Bool {
        let claim = try await self.parts.database.jobs.claim(
            .download, by: .server, attempt: UUID().uuidString.lowercased(), until: self.parts.now() + 86_400,
            at: self.parts.now())
        guard let claim else { return false }
        let logger = self.logger(for: claim)
        guard self.lane.enter(claim.episode.id) else {
            // It was taken from another worker of ours, which has not noticed yet: its file is still open.
            try await self.putBack(claim, for: 5)
            return true
        }
        defer { self.lane.leave(claim.episode.id) }
        do {
            let size = try await self.fetch(claim)
            logger.info("audio fetched", metadata: ["bytes": "\(size)"])
            if self.lane.noteSpace() { logger.info("there is space for audio again; downloads go on") }
            return true
        } catch is CancellationError where Task.isCancelled {
            // Handed back by `run`; what came so far is kept, and the next try goes on there.
            throw CancellationError()
        } catch let error as CastError where error.code == .storageFull {
            try await self.waitForSpace(claim, error, logger)
            return false
        } catch is JobLost {
            self.forget(claim, logger)
            return true
        } catch {
            try await self.noteFailure(claim, error, logger)
            return true
        }
    }

    /// Counts the try and tells why; what came so far is kept for the next.
    private func noteFailure(_ claim: JobStore.Claim, _ error: any Error, _ logger: Logger) async throws {
        let reason =
            switch error {
            case let error as CastError: error.message
            case is CancellationError: "It was broken off."
            default: "\(error)"
            }
        do {
            let (verdict, job) = try await self.parts.database.jobs.handle(
                .failed(by: .server, message: "Download failed: \(reason)", retry: Self.isWorthRetry(error)),
                of: claim.job.id, attempt: claim.attempt, at: self.parts.now(), jitter: Double.random(in: -1...1))
            guard verdict != .notHolder else { return self.forget(claim, logger) }
            logger.warning("download failed", metadata: ["error": "\(error)", "state": "\(JobMessage(job).status)"])
        } catch let error as CastError where error.code == .notFound {
            self.forget(claim, logger)
        }
    }

    /// Hands the job back with its try, and pauses; other downloads, which may be smaller, go before it then.
    private func waitForSpace(_ claim: JobStore.Claim, _ error: CastError, _ logger: Logger) async throws {
        try await self.putBack(claim, for: 300)
        if self.lane.noteFull() {
            logger.error(
                "no space for audio; downloads pause and go on by themselves", metadata: ["error": "\(error)"])
        }
        try await self.clock.sleep(for: .seconds(30))
    }

    private func putBack(_ claim: JobStore.Claim, for seconds: TimeInterval) async throws {
        do {
            let (verdict, _) = try await self.parts.database.jobs.handle(
                .released(by: .server), of: claim.job.id, attempt: claim.attempt, at: self.parts.now())
            guard verdict == .changed else { return }
            try await self.parts.database.jobs.postpone(claim.job.id, until: self.parts.now() + seconds)
        } catch let error as CastError where error.code == .notFound {
            // Removed meanwhile: there is nothing to put back.
        }
    }

    /// The job is somebody else's now, or its feed was removed: what came so far is of no use.
    private func forget(_ claim: JobStore.Claim, _ logger: Logger) {
        logger.debug("download taken away")
        if let path = self.lane.path(of: claim.episode.id), let file = try? self.parts.storage.url(of: path) {
            self.parts.podcasts.discardAudio(file)
        }
    }

    private func fetch(_ claim: JobStore.Claim) async throws -> Int64 {
        guard let address = claim.episode.audioURL else {
            throw CastError(.invalid, "The episode has no address to fetch audio from.")
        }
        let feed = try await self.jobsOwn { try await self.parts.database.feeds.get(claim.episode.feedID) }
        let raw = self.parts.storage.audioPath(feed: feed, episode: claim.episode, fileExtension: "fetched")
        self.lane.note(raw, of: claim.episode.id)
        let file = try self.parts.storage.url(of: raw)
        do {
            try self.parts.storage.makeFolder(of: raw)
        } catch {
            throw WriteFault.error(error, "The feed's folder cannot be made")
        }
        let gate = ProgressGate(step: 5)
        let (reports, continuation) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        let audio = try await withThrowingTaskGroup(of: PodcastSource.FetchedAudio?.self) { group in
            group.addTask {
                for await percent in reports { try await self.report(percent, claim) }
                return nil
            }
            group.addTask {
                defer { continuation.finish() }
                return try await self.parts.podcasts.fetchAudio(address, file) { share in
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
        _ = try await self.jobsOwn {
            try await self.parts.database.jobs.complete(
                claim.job.id, by: .server,
                product: .audio(path: path, size: audio.size, duration: nil, origin: audio.origin), at: self.parts.now()
            ) {
                try storage.move(raw, to: path)
            }
        }
        return audio.size
    }

    /// Writes down how far a download is, and renews its lease.
    ///
    /// - Throws: `JobLost` when it is ours no more; any other fault is no reason to give up a download.
    private func report(_ percent: Int, _ claim: JobStore.Claim) async throws {
        do {
            let verdict = try await self.jobsOwn {
                try await self.parts.database.jobs.handle(
                    .progressed(by: .server, percent: percent, until: self.parts.now() + 86_400),
                    of: claim.job.id, attempt: claim.attempt, at: self.parts.now()
                ).verdict
            }
            if verdict == .notHolder { throw JobLost() }
        } catch let error as JobLost {
            throw error
        } catch is CancellationError where Task.isCancelled {
            throw CancellationError()
        } catch {
            self.logger(for: claim).debug("progress not noted", metadata: ["error": "\(error)"])
        }
    }

    /// Runs a call to the database about a claimed job; that the job or its feed is gone becomes `JobLost`.
    private func jobsOwn<Result>(_ call: () async throws -> Result) async throws -> Result {
        do {
            return try await call()
        } catch let error as CastError where error.code == .notFound {
            throw JobLost()
        }
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
