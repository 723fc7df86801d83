package import CastAPI
import CastCore
package import Foundation
import Synchronization

/// What a node holds and has seen; every change is synchronous.
package final class NodeState: Sendable {
    /// Where a held job stands.
    package enum Stage: Sendable, Equatable {
        case fetching
        /// The audio is here.
        case ready
        case recognising(since: Date, progress: Double)
    }

    package struct Held: Sendable {
        package var claim: ClaimResponse
        package var stage: Stage
        /// Rung when the job is not ours any more.
        let lost: Bell
    }

    private struct State {
        var jobs: [JobID: Held] = [:]
        /// Jobs whose audio is here, in the order in which it came.
        var ready: [JobID] = []
        /// Jobs whose results are in the spool.
        var results: Set<JobID> = []
        var facts: LeavePolicy.Facts
        var completed = 0
        var failed = 0
    }

    private let state: Mutex<State>
    private let policy: LeavePolicy
    /// Rung when a slot may be free, or the queue is worth another look.
    let slotFreed = Bell()
    /// Rung when audio has come.
    let audioReady = Bell()
    /// Rung when there is something to hand in.
    let resultReady = Bell()

    init(policy: LeavePolicy, startedAt: Date) {
        self.policy = policy
        self.state = Mutex(State(facts: LeavePolicy.Facts(startedAt: startedAt)))
    }

    private func change<Result>(_ body: (inout State) -> Result) -> Result {
        self.state.withLock { state in
            let wasBusy = state.facts.hasJobs || state.facts.hasResults
            defer {
                state.facts.hasJobs = !state.jobs.isEmpty
                state.facts.hasResults = !state.results.isEmpty
                if state.facts.hasJobs || state.facts.hasResults || wasBusy {
                    state.facts.emptyChecks = 0
                    state.facts.lastEmptyCheckAt = nil
                }
            }
            return body(&state)
        }
    }

    // MARK: A job's way

    /// A job was claimed, and its audio is to be fetched.
    func claimed(_ claim: ClaimResponse, at now: Date) -> Held? {
        guard let id = claim.jobID else { return nil }
        return self.change { state in
            let held = Held(claim: claim, stage: .fetching, lost: Bell())
            state.jobs[id] = held
            state.facts.idleSince = now
            return held
        }
    }

    /// How many more jobs may be fetched ahead.
    func freeSlots(of slots: Int) -> Int {
        self.state.withLock { state in
            let ahead = state.jobs.values.count { held in
                if case .recognising = held.stage { false } else { true }
            }
            return max(0, slots - ahead)
        }
    }

    func fetched(_ id: JobID) {
        self.change { state in
            guard state.jobs[id] != nil else { return }
            state.jobs[id]?.stage = .ready
            state.ready.append(id)
        }
        self.audioReady.ring()
    }

    /// The next job to recognise, if its audio is here.
    func begin(at now: Date) -> Held? {
        let held: Held? = self.change { state in
            while !state.ready.isEmpty {
                let id = state.ready.removeFirst()
                guard state.jobs[id] != nil else { continue }
                state.jobs[id]?.stage = .recognising(since: now, progress: 0)
                return state.jobs[id]
            }
            return nil
        }
        if held != nil { self.slotFreed.ring() }
        return held
    }

    func progressed(_ id: JobID, _ share: Double) {
        self.change { state in
            guard case .recognising(let since, _) = state.jobs[id]?.stage else { return }
            state.jobs[id]?.stage = .recognising(since: since, progress: share)
        }
    }

    /// The result is on disk.
    func finished(_ id: JobID, at now: Date) {
        self.change { state in
            state.jobs[id] = nil
            state.results.insert(id)
            state.facts.consecutiveFailures = 0
            state.facts.idleSince = now
            state.completed += 1
        }
        self.resultReady.ring()
    }

    /// The job ended without a result.
    ///
    /// - Parameter countsAgainstUs: Whether another machine might have done it: that is what the breaker counts.
    func failed(_ id: JobID, countsAgainstUs: Bool, at now: Date) {
        self.change { state in
            state.jobs[id] = nil
            state.ready.removeAll { $0 == id }
            state.facts.idleSince = now
            state.failed += 1
            if countsAgainstUs { state.facts.consecutiveFailures += 1 }
        }
        self.slotFreed.ring()
    }

    /// The server says that these are somebody else's now; results are sent all the same.
    func lose(_ ids: [JobID]) -> [Held] {
        let lost = self.change { state in
            ids.compactMap { id in
                defer { state.ready.removeAll { $0 == id } }
                return state.jobs.removeValue(forKey: id)
            }
        }
        for held in lost { held.lost.ring() }
        if !lost.isEmpty { self.slotFreed.ring() }
        return lost
    }

    /// Everything that is held, to be handed back.
    func takeAll() -> [Held] {
        self.change { state in
            defer {
                state.jobs = [:]
                state.ready = []
            }
            return Array(state.jobs.values)
        }
    }

    // MARK: Results

    func restored(_ ids: [JobID]) {
        self.change { $0.results.formUnion(ids) }
        if !ids.isEmpty { self.resultReady.ring() }
    }

    func handedIn(_ id: JobID) { self.change { _ = $0.results.remove(id) } }

    // MARK: The server and the queue

    func answered(at now: Date) { self.change { $0.facts.lastAnswerAt = now } }

    func queueWasEmpty(at now: Date) { self.change { self.policy.noteEmpty(&$0.facts, at: now) } }

    func reasonToLeave(at now: Date) -> LeavePolicy.Reason? {
        self.state.withLock { self.policy.reason($0.facts, at: now) }
    }

    // MARK: What others may see

    package struct Snapshot: Sendable {
        package var held: [Held]
        package var results: Int
        package var completed: Int
        package var failed: Int
        package var lastAnswerAt: Date

        /// The job that is being recognised.
        package var current: Held? {
            self.held.first { held in
                if case .recognising = held.stage { true } else { false }
            }
        }
    }

    package var snapshot: Snapshot {
        self.state.withLock { state in
            Snapshot(
                held: state.jobs.values.sorted { ($0.claim.jobID?.rawValue ?? 0) < ($1.claim.jobID?.rawValue ?? 0) },
                results: state.results.count, completed: state.completed, failed: state.failed,
                lastAnswerAt: state.facts.lastAnswerAt)
        }
    }

    /// What a heartbeat names: everything held, and every result that is not handed in.
    var heartbeatJobs: (current: JobID?, claimed: [JobID]) {
        let snapshot = self.snapshot
        let results = self.state.withLock { $0.results }
        let ids = Set(snapshot.held.compactMap(\.claim.jobID)).union(results)
        return (snapshot.current?.claim.jobID, ids.sorted { $0.rawValue < $1.rawValue })
    }
}
