import CastAPI
import CastCore
import Foundation
import Logging
import Transcription

extension NodeRunner {
    /// Tells the server every 30 s that this node lives, and what it holds.
    func beat() async throws {
        while true {
            do {
                let (current, claimed) = self.state.heartbeatJobs
                let answer = try await self.server.heartbeat(
                    HeartbeatRequest(
                        name: self.credentials.name, whisperModel: self.transcriber.model,
                        whisperBackend: self.transcriber.backend.rawValue, currentJobID: current,
                        claimedJobIDs: claimed))
                self.state.answered(at: self.now())
                for held in self.state.lose(answer.lostJobIDs ?? []) {
                    self.logger.warning(
                        "job is somebody else's now", metadata: ["job.id": "\(held.claim.jobID?.description ?? "")"])
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch  where self.isUnknownHere(error) {
                throw self.notRegistered
            } catch {
                self.logger.warning("heartbeat failed", metadata: ["error": "\(error)"])
            }
            try await self.clock.sleep(for: self.settings.heartbeatInterval)
        }
    }

    /// Claims jobs while there is room, and fetches their audio; the one place that claims.
    func prefetch() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            while true {
                try Task.checkCancellation()
                guard self.state.freeSlots(of: self.settings.prefetchSlots) > 0 else {
                    try await self.state.slotFreed.wait(upTo: self.settings.pollInterval, self.clock)
                    continue
                }
                guard let held = try await self.claimNext() else {
                    try await self.state.slotFreed.wait(upTo: self.settings.pollInterval, self.clock)
                    continue
                }
                group.addTask { await self.fetch(held) }
            }
        }
    }

    private func claimNext() async throws -> NodeState.Held? {
        do {
            let claim = try await self.server.claim()
            self.state.answered(at: self.now())
            guard claim.hasJob, let held = self.state.claimed(claim, at: self.now()) else {
                self.state.queueWasEmpty(at: self.now())
                return nil
            }
            self.logger.info(
                "job claimed",
                metadata: ["job.id": "\(claim.jobID?.description ?? "")", "episode": "\(claim.episodeTitle ?? "")"])
            return held
        } catch is CancellationError {
            throw CancellationError()
        } catch  where self.isUnknownHere(error) {
            throw self.notRegistered
        } catch {
            // An error is not an empty queue.
            self.logger.warning("claim failed", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Where a job's audio is while the job is held.
    func audioFile(_ job: JobID) -> URL { self.audioFolder.appendingPathComponent("\(job).audio") }

    /// Fetches the audio of a job; a connection that breaks is taken up again a few times.
    private func fetch(_ held: NodeState.Held) async {
        guard let job = held.claim.jobID else { return }
        let file = self.audioFile(job)
        var pause = 1.0
        for attempt in 1...5 {
            do {
                try await self.server.fetchAudio(held.claim, file)
                self.state.answered(at: self.now())
                self.state.fetched(job)
                return
            } catch is CancellationError {
                return
            } catch let error as CastError where [.notFound, .gone].contains(error.code) {
                await self.giveUp(
                    held, "Failed to download audio: HTTP \(error.code == .gone ? 410 : 404) (\(error.message))",
                    retry: false, countsAgainstUs: false)
                return
            } catch let error as CastError where error.code == .forbidden {
                _ = self.state.lose([job])
                return
            } catch {
                self.logger.warning("audio broke off", metadata: ["job.id": "\(job)", "error": "\(error)"])
                if attempt == 5 {
                    await self.giveUp(
                        held, "Failed to download audio: \((error as? CastError)?.message ?? "\(error)")", retry: true,
                        countsAgainstUs: false)
                    return
                }
                do {
                    try await self.clock.sleep(for: .seconds(pause))
                } catch {
                    return
                }
                pause *= 3
            }
        }
    }

    /// Tells the server that a job failed; if that does not get through, its lease runs out.
    func giveUp(_ held: NodeState.Held, _ message: String, retry: Bool, countsAgainstUs: Bool) async {
        guard let job = held.claim.jobID else { return }
        self.logger.warning("job failed", metadata: ["job.id": "\(job)", "error": "\(message)", "retry": "\(retry)"])
        try? FileManager.default.removeItem(at: self.audioFile(job))
        for pause in [1.0, 5, 20] {
            do {
                try await self.server.fail(job, FailRequest(errorMessage: message, retry: retry), held.claim.attempt)
                break
            } catch let error as CastError where [.unavailable, .timedOut].contains(error.code) {
                do {
                    try await self.clock.sleep(for: .seconds(pause))
                } catch {
                    break
                }
            } catch {
                break
            }
        }
        self.state.failed(job, countsAgainstUs: countsAgainstUs, at: self.now())
    }
}
