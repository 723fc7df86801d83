import CastAPI
import CastClient
import CastCore
import Foundation
import Logging
import Synchronization
import Transcription

/// Heartbeats and claims: one loop, so that there is never more than one claim on its way, and no heartbeat that leaves
/// out a job whose claim is being answered at that moment.
extension NodeRunner {
    /// - Returns: An ending when the server does not know this node; else nil, when cancelled.
    func talk() async -> Ending? {
        await withDiscardingTaskGroup(returning: Ending?.self) { fetches in
            var heartbeatDue = self.uptime.now
            var claimDue = heartbeatDue
            // What an earlier run held is fetched again once the server has heard that we are back.
            var resumed = self.state.withLock { $0.jobs.filter { !$0.isUnsent } }
            while !Task.isCancelled {
                let now = self.uptime.now
                if now >= heartbeatDue {
                    heartbeatDue = now + self.settings.heartbeatInterval
                    if await self.heartbeat() == false {
                        fetches.cancelAll()
                        return .registrationRefused
                    }
                    guard !resumed.isEmpty, self.state.withLock({ $0.isServerReachable == true }) else { continue }
                    for job in resumed where self.state.withLock({ $0.holds(job.handle) }) {
                        fetches.addTask { await self.fetchMeasured(job) }
                    }
                    resumed = []
                } else if now >= claimDue, self.beginClaim(at: now) {
                    switch await self.claim() {
                    case .job(let job):
                        self.noteHeld()
                        fetches.addTask { await self.fetchMeasured(job) }
                    case .nothing:
                        claimDue = self.uptime.now + self.settings.pollInterval
                    case .refused:
                        fetches.cancelAll()
                        return .registrationRefused
                    }
                } else {
                    // Either it is too early to claim, or there is no room: then a bell tells when there is.
                    var next = heartbeatDue
                    if claimDue > now { next = min(next, claimDue) }
                    if let rest = self.state.withLock({ $0.restsUntil }), rest > now { next = min(next, rest) }
                    await self.talkBell.wait(upTo: next - now, self.clock)
                }
            }
            return nil
        }
    }

    private func beginClaim(at now: Duration) -> Bool {
        let speed = self.speed
        return self.state.withLock { $0.beginClaim(at: now, speed: speed) }
    }

    private func fetchMeasured(_ job: NodeState.HeldJob) async {
        let begun = self.uptime.now
        await self.fetch(job)
        self.meter.add(.fetch, busy: self.uptime.now - begun, items: 1, audio: job.seconds ?? 0)
        self.noteHeld()
    }

    private enum ClaimResult {
        case job(NodeState.HeldJob)
        case nothing
        case refused
    }

    /// Tells the server that we are here and what we hold.
    ///
    /// - Returns: False when it does not know us.
    private func heartbeat() async -> Bool {
        let stages = self.stages
        let request = self.state.withLock {
            $0.heartbeat(
                name: self.name, model: self.transcriber.model, backend: self.transcriber.backend, stages: stages)
        }
        do {
            let response = try await self.api.heartbeat(request)
            self.noteAnswer()
            self.drop(response.lostJobIDs ?? [])
            return true
        } catch {
            return self.isStillRegistered(after: error)
        }
    }

    private func claim() async -> ClaimResult {
        do {
            let answer = try await finishing(within: Self.farewellLimit, self.clock, self.api.claim)
            self.noteAnswer()
            let now = self.uptime.now
            guard let job = self.state.withLock({ $0.endClaim(.answered(answer), at: now) }) else { return .nothing }
            self.logger.info("job claimed", metadata: self.facts(job.handle, job.title))
            return .job(job)
        } catch {
            let isKnown = self.isStillRegistered(after: error)
            let now = self.uptime.now
            _ = self.state.withLock { $0.endClaim(.noAnswer, at: now) }
            return isKnown ? .nothing : .refused
        }
    }

    /// Whether the node goes on after a heartbeat or a claim that failed.
    private func isStillRegistered(after error: any Error) -> Bool {
        switch (error as? CastError)?.answeredStatus {
        case 401, 404:
            self.logger.error("server does not know this node", metadata: ["error": "\(error)"])
            return false
        case .some(400..<500):
            // It is there, but something about us does not suit it.
            self.noteAnswer()
            self.logger.warning("server refuses a request", metadata: ["error": "\(error)"])
            return true
        case .some, nil:
            if !Task.isCancelled { self.noteSilence(error) }
            return true
        }
    }

    /// Stops work on jobs that are somebody else's now.
    private func drop(_ ids: [JobID]) {
        for job in self.state.withLock({ $0.lose(ids) }) {
            self.logger.warning("job lost to another worker, dropped", metadata: self.facts(job.handle, job.title))
            if case .waiting(let file) = job.stage { try? FileManager.default.removeItem(at: file) }
            self.cancellations.withLock { $0[job.handle] }?()
        }
        self.noteHeld()
    }

    func facts(_ handle: JobHandle, _ title: String?) -> Logger.Metadata {
        ["job.id": "\(handle.job)", "episode": "\(title ?? "")"]
    }
}
