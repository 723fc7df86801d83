import CastAPI
import CastClient
import CastCore
import Foundation
import Synchronization

/// A server in memory, which a test can have fail in every way, and which notes what it was told.
final class ScriptedServer: Sendable {
    enum Mood: Sendable, Equatable {
        case well
        /// No answer at all.
        case down
        /// It answers, but with a status of its own.
        case answers(Int)
        /// It says nothing until its mood changes; calls end only when they are cancelled.
        case hangs
    }

    struct Record: Sendable {
        var queue: [JobID] = []
        var handedOut: [JobID] = []
        var heartbeats: [HeartbeatRequest] = []
        var claims = 0
        var concurrentClaims = 0
        var mostConcurrentClaims = 0
        var fetches: [JobID] = []
        var progress: [JobID: [Int]] = [:]
        var completed: [JobID: CompleteRequest] = [:]
        var completeCalls = 0
        var attempts: [JobID: String] = [:]
        var failed: [JobID: FailRequest] = [:]
        var released: [JobID] = []
        var terminations = 0
        /// In order, for example `release 3`, then `terminate`.
        var calls: [String] = []

        var claimMood = Mood.well
        var heartbeatMood = Mood.well
        var audioMood = Mood.well
        var completeMood = Mood.well
        var failMood = Mood.well
        var releaseMood = Mood.well
        var lostJobs: [JobID] = []
        /// Every episode's, where it is not `Episode N`.
        var title: String?

        mutating func setMood(_ mood: Mood) {
            (self.claimMood, self.heartbeatMood, self.audioMood) = (mood, mood, mood)
            (self.completeMood, self.failMood, self.releaseMood) = (mood, mood, mood)
        }
    }

    private let record: Mutex<Record>
    /// Open means that audio comes at once.
    let audioGate: Gate
    let claimGate: Gate
    /// Where publishers have the audio, as far as claims say it: a file for each job below this address.
    let source: String?

    init(jobs: Range<Int64> = 1..<1, audioIsSlow: Bool = false, source: String? = nil) {
        self.source = source
        self.record = Mutex(Record(queue: jobs.map { JobID($0) }))
        self.audioGate = Gate(isOpen: !audioIsSlow)
        self.claimGate = Gate(isOpen: true)
    }

    var now: Record { self.record.withLock { $0 } }

    func change(_ body: (inout Record) -> Void) { self.record.withLock { body(&$0) } }

    /// What a mood makes of a call.
    private func meet(_ mood: @Sendable (Record) -> Mood) async throws {
        switch self.record.withLock({ mood($0) }) {
        case .well: return
        case .down: throw CastError(.unavailable, "server cannot be reached")
        case .hangs: try await ContinuousClock().sleep(for: .seconds(86_400))
        case .answers(let status):
            throw CastError(.internalFault, "status \(status)", cause: ServerAnswer(status: status))
        }
    }

    var api: NodeAPI {
        NodeAPI(
            heartbeat: { request in
                self.change { $0.heartbeats.append(request) }
                try await self.meet(\.heartbeatMood)
                return HeartbeatResponse(lostJobIDs: self.now.lostJobs)
            },
            claim: { try await self.claim() },
            audio: { handle, _, part, onBytes in
                self.change { $0.fetches.append(handle.job) }
                try await self.meet(\.audioMood)
                try await self.audioGate.pass()
                onBytes(4)
                try Data("audio of \(handle.job)".utf8).write(to: part.destination)
            },
            progress: { handle, percent in
                self.change { $0.progress[handle.job, default: []].append(percent) }
            },
            complete: { handle, request in
                self.change { $0.completeCalls += 1 }
                try await self.meet(\.completeMood)
                self.change {
                    $0.completed[handle.job] = request
                    $0.attempts[handle.job] = handle.attempt
                    $0.calls.append("complete \(handle.job)")
                }
            },
            fail: { handle, request in
                try await self.meet(\.failMood)
                self.change {
                    $0.failed[handle.job] = request
                    $0.calls.append("fail \(handle.job)")
                }
            },
            release: { handle in
                try await self.meet(\.releaseMood)
                self.change {
                    $0.released.append(handle.job)
                    $0.calls.append("release \(handle.job)")
                }
            },
            requestTermination: {
                self.change {
                    $0.terminations += 1
                    $0.calls.append("terminate")
                }
                return TerminationResponse(status: "ok", message: "", terminated: true)
            })
    }

    private func claim() async throws -> ClaimResponse {
        self.change {
            $0.claims += 1
            $0.concurrentClaims += 1
            $0.mostConcurrentClaims = max($0.mostConcurrentClaims, $0.concurrentClaims)
        }
        defer { self.change { $0.concurrentClaims -= 1 } }
        try await self.meet(\.claimMood)
        // The job is given away here; the answer may take its time.
        let job = self.record.withLock { record -> JobID? in
            guard !record.queue.isEmpty else { return nil }
            let job = record.queue.removeFirst()
            record.handedOut.append(job)
            return job
        }
        await Task.yield()
        try await self.claimGate.pass()
        guard let job else { return ClaimResponse() }
        return ClaimResponse(
            jobID: job, episodeTitle: self.now.title ?? "Episode \(job)", audioURL: "/api/nodes/jobs/\(job)/audio",
            attempt: "attempt-\(job)", language: "en",
            source: self.source.map {
                AudioSource(url: "\($0)\(job).mp3", size: 1000, sha256: String(repeating: "0", count: 64))
            })
    }
}

/// Holds up whoever comes, until it is opened; or lets one through at a time.
final class Gate: Sendable {
    private struct State {
        var isOpen: Bool
        var permits = 0
        var nextID = 0
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state: Mutex<State>

    init(isOpen: Bool) { self.state = Mutex(State(isOpen: isOpen)) }

    var waiting: Int { self.state.withLock { $0.waiting.count } }

    func open() {
        let all = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        all.forEach { $0.resume() }
    }

    func close() { self.state.withLock { $0.isOpen = false } }

    /// Lets one through: who came first, or who comes next.
    func letOneThrough() {
        let first = self.state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let id = state.waiting.keys.min() else {
                state.permits += 1
                return nil
            }
            return state.waiting.removeValue(forKey: id)
        }
        first?.resume()
    }

    func pass() async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = self.state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.isOpen { return .success(()) }
                    if state.permits > 0 {
                        state.permits -= 1
                        return .success(())
                    }
                    state.waiting[id] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            self.state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }
}
