import CastAPI
import CastClient
import CastCore
import Foundation
import Logging
import Synchronization

extension NodeRunner {
    /// Tries to fetch a job's audio before the node gives up; about two minutes.
    private static let fetchTries = 8

    /// Fetches a job's audio ahead of its turn.
    func fetch(_ job: NodeState.HeldJob) async {
        let part = PartialFile(
            self.audioFolder.appendingPathComponent("\(job.handle.job)-\(UUID().uuidString.prefix(8))"))
        if await self.fetchFromPublisher(job, to: part.destination) { return self.take(part, for: job) }
        let begun = self.uptime.now
        let received = Mutex<Int64>(0)
        var tries = 0
        while !Task.isCancelled {
            do {
                try await self.cancellable(job.handle) {
                    try await self.api.audio(job.handle, job.audioPath, part) { bytes in
                        received.withLock { $0 += Int64(bytes) }
                        self.fetchedAudio.withLock { $0.serverBytes += Int64(bytes) }
                        self.note(.worked)
                    }
                }
                self.fetchedAudio.withLock { $0.serverFiles += 1 }
                self.logFetched(job, from: "server", received.withLock { $0 }, since: begun)
                return self.take(part, for: job)
            } catch {
                tries += 1
                guard self.state.withLock({ $0.holds(job.handle) }), !Task.isCancelled, !(error is CancellationError)
                else { break }
                if self.giveUp(job, after: error, isLastTry: tries >= Self.fetchTries) { break }
                self.logger.warning(
                    "audio could not be fetched, trying again",
                    metadata: ["job.id": "\(job.handle.job)", "error": "\(error)"])
                try? await self.clock.sleep(for: Backoff().wait(after: tries, jitter: self.jitter()))
            }
        }
        part.discard()
        self.talkBell.ring()
    }

    /// The job's audio is here.
    private func take(_ part: PartialFile, for job: NodeState.HeldJob) {
        let now = self.uptime.now
        if !self.state.withLock({ $0.fetched(job.handle, file: part.destination, at: now) }) { part.discard() }
        self.audioBell.ring()
        self.talkBell.ring()
    }

    /// Ends a job whose audio does not come, if that is what the error means.
    private func giveUp(_ job: NodeState.HeldJob, after error: any Error, isLastTry: Bool) -> Bool {
        let status = (error as? CastError)?.answeredStatus
        switch (Refusal(error), status) {
        case (.definitive, 403):
            // Not ours (any more): there is nothing to report.
            self.logger.warning("job is not ours, dropped", metadata: self.facts(job.handle, job.title))
            let now = self.uptime.now
            self.state.withLock { $0.settled(job.handle, at: now) }
            return true
        case (.definitive, let status?):
            let isGone = status == 404 || status == 410
            self.report(job, "Failed to download audio: HTTP \(status)", retry: !isGone, .audioUnusable)
            return true
        case (.keyRefused, _), (.later, _), (.definitive, nil):
            guard isLastTry else { return false }
            let reason = status.map { "HTTP \($0)" } ?? (error as? CastError)?.message ?? "\(error)"
            self.report(job, "Failed to download audio: \(reason)", retry: true, .audioUnusable)
            return true
        }
    }

    /// Puts a failure into the outbox.
    func report(
        _ job: NodeState.HeldJob, _ message: String, retry: Bool, _ observation: LeavePolicy.Observation
    ) {
        self.logger.error("job failed", metadata: ["job.id": "\(job.handle.job)", "error": "\(message)"])
        let now = self.uptime.now
        guard self.state.withLock({ $0.ended(job.handle, observation, at: now) }) else { return }
        self.outbox.withLock {
            $0.add(job.handle, .failure(FailRequest(errorMessage: message, retry: retry)), at: now)
        }
        self.outboxBell.ring()
        self.talkBell.ring()
        self.watchBell.ring()
    }
}
