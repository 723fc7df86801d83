import CastCore
import CastStore
import Foundation
import Logging
import ServiceLifecycle

/// Fetches the transcripts that publishers offer; what is of no use becomes a job of our own.
package struct PublishedTranscripts<Ticker: Clock<Duration>>: Service {
    let parts: ServerParts
    let clock: Ticker

    package init(parts: ServerParts, clock: Ticker) {
        self.parts = parts
        self.clock = clock
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<self.parts.configuration.maxTranscriptDownloads {
                    group.addTask { try? await self.work() }
                }
            }
        }
    }

    private func work() async throws {
        while true {
            try Task.checkCancellation()
            let isBusy: Bool
            do {
                isBusy = try await self.fetchNext()
            } catch is CancellationError where Task.isCancelled {
                throw CancellationError()
            } catch {
                self.parts.logger.error("transcript queue cannot be read", metadata: ["error": "\(error)"])
                isBusy = false
            }
            if !isBusy { try await self.clock.sleep(for: .seconds(1)) }
        }
    }

    /// Takes the next one, if there is one.
    ///
    /// - Returns: Whether there was one.
    package func fetchNext() async throws -> Bool {
        let claim = try await self.parts.database.jobs.claim(
            .transcriptDownload, by: .server, attempt: UUID().uuidString.lowercased(),
            until: self.parts.now() + 86_400, at: self.parts.now())
        guard let claim else { return false }
        var logger = self.parts.logger
        logger[metadataKey: "job.id"] = "\(claim.job.id)"
        logger[metadataKey: "episode.id"] = "\(claim.episode.id)"
        do {
            let feed = try await self.parts.database.feeds.get(claim.episode.feedID)
            let (transcript, source) = try await self.parts.podcasts.fetchTranscript(
                claim.episode.published, feed.language)
            try await TranscriptIntake(parts: self.parts).take(
                transcript, source: source, for: claim.job, of: claim.episode, in: feed)
            logger.info("publisher's transcript taken", metadata: ["source": "\(source)"])
        } catch is CancellationError where Task.isCancelled {
            throw CancellationError()
        } catch {
            if try await self.isGone(claim) {
                logger.debug("episode removed while its transcript was fetched")
                return true
            }
            try await self.note(error, of: claim, logger)
        }
        return true
    }

    private func isGone(_ claim: JobStore.Claim) async throws -> Bool {
        do {
            _ = try await self.parts.database.jobs.get(claim.job.id)
            return false
        } catch let error as CastError where error.code == .notFound {
            return true
        }
    }

    /// A publisher who does not answer now is asked again a few times; one who has nothing of use is not.
    private func note(_ error: any Error, of claim: JobStore.Claim, _ logger: Logger) async throws {
        let reason = (error as? CastError)?.message ?? "The publisher's transcript could not be fetched."
        if let error = error as? CastError, error.code == .storageFull {
            _ = try await self.parts.database.jobs.handle(
                .released(by: .server), of: claim.job.id, attempt: claim.attempt, at: self.parts.now())
            try await self.parts.database.jobs.postpone(claim.job.id, until: self.parts.now() + 300)
            return logger.error("no space for a transcript; it is tried again", metadata: ["error": "\(error)"])
        }
        if DownloadService<Ticker>.isWorthRetry(error), claim.job.attempts < Self.mostTries {
            let event = JobEvent.failed(by: .server, message: reason, retry: true)
            _ = try await self.parts.database.jobs.handle(
                event, of: claim.job.id, attempt: claim.attempt, at: self.parts.now(), jitter: .random(in: -1...1))
            return logger.warning("publisher's transcript not fetched", metadata: ["error": "\(error)"])
        }
        let next = try await self.parts.database.jobs.fallBack(
            from: claim.job.id, attempt: claim.attempt, reason: reason, at: self.parts.now())
        logger.info(
            "publisher's transcript is of no use",
            metadata: ["error": "\(error)", "next": "\(next?.rawValue ?? "nothing")"])
    }

    /// Tries before we transcribe ourselves; half an hour with the queue's backoff.
    private static var mostTries: Int { 3 }
}
