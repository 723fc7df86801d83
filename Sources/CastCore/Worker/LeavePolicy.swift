/// When a worker has no more reason to be here.
///
/// Time is the node's own: how long it has been running. A worker that was told to stay is never asked to leave; where
/// its recogniser keeps failing it rests between jobs instead, so that it does not use up everybody's attempts.
package struct LeavePolicy: Sendable, Equatable {
    package struct Settings: Sendable, Equatable {
        /// Answers "nothing to do" in a row that make the queue count as empty.
        package var requiredEmptyChecks = 2
        /// Time between two such answers; what comes sooner does not count.
        package var emptyQueueWait = Duration.seconds(60)
        /// Longest time without any sign of work; twice as long while a job is in recognition or a result waits.
        package var idleTimeout = Duration.seconds(600)
        /// Longest time without an answer; three times as long while results wait that would be lost with the machine.
        package var unreachableTimeout = Duration.seconds(300)
        /// Failures of the recogniser in a row that make it count as broken.
        package var maxConsecutiveFailures = 3
        package var isPersistent = false

        package init() {}
    }

    /// Why the worker leaves.
    package enum Reason: Sendable, Equatable {
        case queueEmpty(checks: Int)
        case idle(Duration)
        case serverUnreachable(Duration)
        case recogniserBroken(failures: Int)
    }

    /// What the worker has seen.
    package enum Observation: Sendable, Equatable {
        /// The server gave a useful answer of any kind.
        case answered
        /// No answer, an error of the server's, or the answer of something in between: not the same as "nothing to do".
        case unanswered
        /// The server has nothing to do for us.
        case foundEmpty
        /// The server gave us a job.
        case claimed
        /// Something moved: audio came in, the recogniser got on, a result was taken.
        case worked
        /// A job was recognised.
        case succeeded
        /// The recogniser failed on sound audio.
        case failed
        /// The audio is gone or cannot be decoded: nobody's recogniser is to blame.
        case audioUnusable
    }

    /// What the worker has in hand.
    package struct Holdings: Sendable, Equatable {
        /// A claim is on its way, or jobs are being fetched, wait, or are in recognition.
        package var hasWork: Bool
        package var isRecognising: Bool
        /// Results or reports that the server has not taken yet.
        package var hasUnsent: Bool

        package init(hasWork: Bool = false, isRecognising: Bool = false, hasUnsent: Bool = false) {
            self.hasWork = hasWork
            self.isRecognising = isRecognising
            self.hasUnsent = hasUnsent
        }

        package var isEmpty: Bool { !self.hasWork && !self.isRecognising && !self.hasUnsent }
    }

    package let settings: Settings
    private var emptyChecks = 0
    private var lastEmptyCheck: Duration?
    private var lastAnswer: Duration
    private var lastWork: Duration
    private var failures = 0
    private var lastFailure: Duration?

    package init(_ settings: Settings, at now: Duration) {
        self.settings = settings
        self.lastAnswer = now
        self.lastWork = now
    }

    package mutating func note(_ observation: Observation, holding: Holdings, at now: Duration) {
        switch observation {
        case .answered:
            self.lastAnswer = now
        case .unanswered:
            // Unknown is not empty: the answers before it and after it are not "in a row".
            self.forgetEmptyChecks()
        case .foundEmpty:
            self.lastAnswer = now
            self.countEmptyCheck(holding, at: now)
        case .claimed:
            self.lastAnswer = now
            self.lastWork = now
            self.forgetEmptyChecks()
        case .worked, .audioUnusable:
            self.lastWork = now
        case .succeeded:
            self.lastWork = now
            self.failures = 0
            self.lastFailure = nil
        case .failed:
            self.lastWork = now
            self.failures += 1
            self.lastFailure = now
        }
    }

    /// Whether, and why, the worker leaves now.
    package func reason(holding: Holdings, at now: Duration) -> Reason? {
        if self.settings.isPersistent { return nil }
        if self.failures >= self.settings.maxConsecutiveFailures { return .recogniserBroken(failures: self.failures) }
        let silence = now - self.lastAnswer
        if silence >= self.settings.unreachableTimeout * (holding.hasUnsent ? 3 : 1) {
            return .serverUnreachable(silence)
        }
        if holding.isEmpty, self.emptyChecks >= self.settings.requiredEmptyChecks {
            return .queueEmpty(checks: self.emptyChecks)
        }
        let rest = now - self.lastWork
        // A large model takes minutes to load and says nothing meanwhile; and a result is worth waiting for the server.
        if rest >= self.settings.idleTimeout * (holding.isRecognising || holding.hasUnsent ? 2 : 1) {
            return .idle(rest)
        }
        return nil
    }

    /// Until when a worker that stays leaves new jobs to others, because its recogniser keeps failing.
    ///
    /// A minute after as many failures as would have ended another, then twice as long each time, half an hour at most.
    package var restsUntil: Duration? {
        let excess = self.failures - self.settings.maxConsecutiveFailures
        guard self.settings.isPersistent, excess >= 0, let last = self.lastFailure else { return nil }
        return last + min(.seconds(60) * (1 << min(excess, 10)), .seconds(1800))
    }

    private mutating func countEmptyCheck(_ holding: Holdings, at now: Duration) {
        guard holding.isEmpty else { return self.forgetEmptyChecks() }
        if let last = self.lastEmptyCheck, now - last < self.settings.emptyQueueWait { return }
        self.emptyChecks += 1
        self.lastEmptyCheck = now
    }

    private mutating func forgetEmptyChecks() {
        self.emptyChecks = 0
        self.lastEmptyCheck = nil
    }
}

extension LeavePolicy.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .queueEmpty(let checks): "the queue was empty \(checks) times in a row"
        case .idle(let time): "nothing was done for \(time.components.seconds) seconds"
        case .serverUnreachable(let time): "the server gave no answer for \(time.components.seconds) seconds"
        case .recogniserBroken(let failures): "the recogniser failed \(failures) times in a row"
        }
    }
}
