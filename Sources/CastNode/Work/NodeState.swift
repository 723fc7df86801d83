package import CastAPI
package import CastClient
package import CastCore
package import Foundation

/// Every job that the node holds, from the claim's answer until the server has taken what came of it.
///
/// A job is in this list without a gap, so that no heartbeat ever leaves out one that is on its way from one stage to
/// the next. All transitions are synchronous; what they ask for is done outside.
package struct NodeState: Sendable {
    package enum Stage: Sendable, Equatable {
        /// Its audio is on its way.
        case fetching
        /// Its audio is here.
        case waiting(file: URL)
        case recognising(file: URL, share: Double, since: Duration)
        /// A result, or a report, that the server has not taken yet.
        case unsent
    }

    package struct HeldJob: Sendable, Equatable {
        package var handle: JobHandle
        package var title: String?
        package var language: String?
        /// The audio's path on the server.
        package var audioPath: String
        /// Seconds of audio, as far as anybody said or its size tells.
        package var seconds: Double?
        /// Seconds of audio as the server says; nil when it does not, or when the job is of an earlier run.
        package var duration: Double?
        /// Where the publisher has the same audio, if the server says so.
        package var source: AudioSource?
        package var stage: Stage

        package var isUnsent: Bool { self.stage == .unsent }

        package init(
            handle: JobHandle, title: String?, language: String?, audioPath: String, seconds: Double? = nil,
            duration: Double? = nil, source: AudioSource? = nil, stage: Stage
        ) {
            self.handle = handle
            self.title = title
            self.language = language
            self.audioPath = audioPath
            self.seconds = seconds
            self.duration = duration
            self.source = source
            self.stage = stage
        }
    }

    /// What came of a claim.
    package enum ClaimOutcome: Sendable {
        case answered(ClaimResponse)
        case noAnswer
    }

    package private(set) var jobs: [HeldJob] = []
    /// Nothing new is taken any more.
    package private(set) var isStopping = false
    package private(set) var jobsDone = 0
    package private(set) var jobsFailed = 0
    /// Whether the last call got an answer; nil before the first.
    package private(set) var isServerReachable: Bool?
    private var isClaiming = false
    private var policy: LeavePolicy
    private let settings: NodeSettings
    private let prefetch: PrefetchPolicy

    package init(_ settings: NodeSettings, at now: Duration) {
        self.settings = settings
        self.prefetch = PrefetchPolicy(slots: settings.prefetchSlots)
        self.policy = LeavePolicy(settings.leave, at: now)
    }

    // MARK: Claiming

    /// Starts a claim, if there is room for another job; only one is ever on its way.
    ///
    /// - Parameter speed: Seconds of audio that the recogniser does in a second, once that is known.
    package mutating func beginClaim(at now: Duration, speed: Double? = nil) -> Bool {
        guard !self.isStopping, !self.isClaiming,
            self.prefetch.wantsMore(beside: self.ahead.count, seconds: self.secondsAhead, speed: speed),
            self.unsent < self.settings.maximumUnsent, (self.policy.restsUntil ?? now) <= now
        else { return false }
        self.isClaiming = true
        return true
    }

    /// Ends a claim.
    ///
    /// - Returns: The job to fetch; nil when there is none, or when it is one that the node holds already.
    package mutating func endClaim(_ outcome: ClaimOutcome, at now: Duration) -> HeldJob? {
        self.isClaiming = false
        guard case .answered(let answer) = outcome else {
            self.note(.unanswered, at: now)
            return nil
        }
        self.isServerReachable = true
        guard answer.hasJob, let id = answer.jobID else {
            self.note(.foundEmpty, at: now)
            return nil
        }
        self.note(.claimed, at: now)
        guard !self.jobs.contains(where: { $0.handle.job == id }) else { return nil }
        let job = HeldJob(
            handle: JobHandle(job: id, attempt: answer.attempt), title: answer.episodeTitle,
            language: answer.language, audioPath: answer.audioURL ?? "",
            seconds: answer.audioDuration ?? answer.audioSize.map(PrefetchPolicy.seconds(ofBytes:)),
            duration: answer.audioDuration, source: answer.source, stage: .fetching)
        self.jobs.append(job)
        return job
    }

    /// Takes up a job that an earlier run held when it was killed.
    ///
    /// - Returns: False when what came of it is in the spool already.
    package mutating func resume(_ job: HeldJob) -> Bool {
        guard !self.jobs.contains(where: { $0.handle.job == job.handle.job }) else { return false }
        var job = job
        job.stage = .fetching
        self.jobs.append(job)
        return true
    }

    /// Takes up what an earlier run left in the spool.
    package mutating func adopt(_ handle: JobHandle, title: String?) {
        self.jobs.append(HeldJob(handle: handle, title: title, language: nil, audioPath: "", stage: .unsent))
    }

    // MARK: A job's way

    /// - Returns: False when the job was lost meanwhile: the file is of no use.
    package mutating func fetched(_ handle: JobHandle, file: URL, at now: Duration) -> Bool {
        self.note(.worked, at: now)
        return self.change(handle) { $0.stage = .waiting(file: file) }
    }

    /// A job whose audio is here, the oldest first, which is in recognition from now on.
    ///
    /// Several are at a time: the recogniser fills its batches from all of them.
    package mutating func nextToRecognise(at now: Duration) -> (job: HeldJob, file: URL)? {
        guard !self.isStopping else { return nil }
        for index in self.jobs.indices {
            guard case .waiting(let file) = self.jobs[index].stage else { continue }
            self.jobs[index].stage = .recognising(file: file, share: 0, since: now)
            return (self.jobs[index], file)
        }
        return nil
    }

    package mutating func progressed(_ handle: JobHandle, share: Double, at now: Duration) {
        self.change(handle) { job in
            guard case .recognising(let file, let before, let since) = job.stage, share > before else { return }
            job.stage = .recognising(file: file, share: min(1, share), since: since)
        }
        self.note(.worked, at: now)
    }

    /// The job's work ended, well or badly; something about it is to be told to the server.
    ///
    /// - Returns: False when the job was lost meanwhile: nobody wants to know.
    package mutating func ended(_ handle: JobHandle, _ observation: LeavePolicy.Observation, at now: Duration) -> Bool {
        self.note(observation, at: now)
        if observation == .succeeded { self.jobsDone += 1 } else { self.jobsFailed += 1 }
        return self.change(handle) { $0.stage = .unsent }
    }

    /// The server has taken the result or the report, or will never take it.
    package mutating func settled(_ handle: JobHandle, at now: Duration) {
        self.jobs.removeAll { $0.handle == handle }
        self.note(.worked, at: now)
    }

    /// The server says that these jobs are somebody else's.
    ///
    /// Finished work is still handed in: the server takes it if nobody has done the job since.
    /// - Returns: The jobs to drop at once.
    package mutating func lose(_ ids: [JobID]) -> [HeldJob] {
        let lost = self.jobs.filter { ids.contains($0.handle.job) && !$0.isUnsent }
        self.jobs.removeAll { job in lost.contains { $0.handle == job.handle } }
        return lost
    }

    package func holds(_ handle: JobHandle) -> Bool { self.jobs.contains { $0.handle == handle } }

    // MARK: Leaving

    package mutating func note(_ observation: LeavePolicy.Observation, at now: Duration) {
        switch observation {
        case .answered, .foundEmpty, .claimed: self.isServerReachable = true
        case .unanswered: self.isServerReachable = false
        case .worked, .succeeded, .failed, .audioUnusable: break
        }
        self.policy.note(observation, holding: self.holdings, at: now)
    }

    /// Decides whether to leave and, in the same moment, takes nothing new any more.
    package mutating func decideToLeave(at now: Duration) -> LeavePolicy.Reason? {
        guard let reason = self.policy.reason(holding: self.holdings, at: now) else { return nil }
        self.isStopping = true
        return reason
    }

    package mutating func stop() { self.isStopping = true }

    /// Until when no new work is taken although there is room; nil when there is no such time.
    package var restsUntil: Duration? { self.policy.restsUntil }

    package var holdings: LeavePolicy.Holdings {
        LeavePolicy.Holdings(
            hasWork: self.isClaiming || self.jobs.contains { !$0.isUnsent }, isRecognising: self.recognising != nil,
            hasUnsent: self.unsent > 0)
    }

    // MARK: What others see

    /// The oldest job in recognition; the one that others are told of.
    package var recognising: (job: HeldJob, share: Double, since: Duration)? {
        for job in self.jobs {
            if case .recognising(_, let share, let since) = job.stage { return (job, share, since) }
        }
        return nil
    }

    /// How far a job in recognition is, 0 to 1.
    package func share(of handle: JobHandle) -> Double? {
        guard case .recognising(_, let share, _) = self.jobs.first(where: { $0.handle == handle })?.stage else {
            return nil
        }
        return share
    }

    /// What a heartbeat says of jobs: all of them.
    package func heartbeat(
        name: String, model: String, backend: Backend, stages: [StageReport] = []
    ) -> HeartbeatRequest {
        HeartbeatRequest(
            name: name, whisperModel: model, whisperBackend: backend.rawValue,
            currentJobID: self.recognising?.job.handle.job, claimedJobIDs: self.jobs.map(\.handle.job),
            stages: stages.map(StageMessage.init))
    }

    /// The jobs beside the oldest in recognition whose audio is here or on its way.
    package var ahead: [HeldJob] {
        let current = self.recognising?.job.handle
        return self.jobs.filter { !$0.isUnsent && $0.handle != current }
    }

    /// Seconds of their audio that are not recognised yet.
    package var secondsAhead: Double {
        self.ahead.reduce(0) { $0 + ($1.seconds ?? PrefetchPolicy.guess) * (1 - (self.share(of: $1.handle) ?? 0)) }
    }

    package var unsent: Int { self.jobs.count { $0.isUnsent } }

    @discardableResult
    private mutating func change(_ handle: JobHandle, _ body: (inout HeldJob) -> Void) -> Bool {
        guard let index = self.jobs.firstIndex(where: { $0.handle == handle }) else { return false }
        body(&self.jobs[index])
        return true
    }
}
