/// In what order a pod's end is asked for, and how long is waited between: a value that never comes to its end.
///
/// The server first, since it gives the jobs back; it gets a while to do it. Then RunPod, by the new interface and by the old
/// one; then all of it again, later and later. Whoever is in the pod is killed when it has worked. So an answer that all is
/// done, or that there is no such pod, counts for little: whoever can still read it asks the next one.
package struct EndingCourse: Sendable, Equatable {
    package enum Step: Sendable, Equatable {
        case askServer
        /// REST v2.
        case deletePod
        /// GraphQL.
        case terminatePod
        case rest(Duration)
    }

    /// What came of a step.
    package enum Outcome: Sendable, Equatable {
        /// The other side will end the pod.
        case accepted
        /// The other side says that there is no such pod any more.
        case gone
        /// It said no, or nothing.
        case failed
    }

    private enum Place: Sendable, Equatable {
        case server
        case rest
        case graphQL
        case pause(Duration, then: Resting)
    }

    private enum Resting: Sendable, Equatable {
        case runPod
        case graphQL
        case newRound
    }

    /// How long the server may take once it has said yes: jobs go back first, for which it allows two minutes.
    package let serverGrace: Duration
    /// How long RunPod may take once it has said yes.
    package static let settling = Duration.seconds(30)
    private let hasServer: Bool
    private let hasRunPod: Bool
    private let backoff: Backoff
    private var place: Place
    private var rounds = 0
    private var serverHadItsTime = false

    /// Who took the wish in this round, if anybody.
    package private(set) var isAccepted = false
    /// RunPod itself said that the pod is gone.
    package private(set) var isGone = false

    /// - Parameters:
    ///   - hasServer: Whether there is anything to ask the server with.
    ///   - hasRunPod: Whether there is a key for RunPod.
    ///   - firstPause: After the first round in which nobody took the wish; then twice as long each time, a minute at most.
    package init(
        serverGrace: Duration = .seconds(150), firstPause: Duration = .seconds(5), hasServer: Bool, hasRunPod: Bool
    ) {
        self.serverGrace = serverGrace
        self.backoff = Backoff(first: firstPause, limit: .seconds(60))
        self.hasServer = hasServer
        self.hasRunPod = hasRunPod
        self.place = hasServer ? .server : .rest
    }

    /// What is to be done now.
    package var step: Step {
        switch self.place {
        case .server: .askServer
        case .rest: .deletePod
        case .graphQL: .terminatePod
        case .pause(let duration, _): .rest(duration)
        }
    }

    /// Takes what came of the step.
    ///
    /// - Parameter jitter: −1 to 1, drawn by the caller.
    package mutating func note(_ outcome: Outcome, jitter: Double) {
        switch (self.place, outcome) {
        case (.server, .accepted), (.server, .gone):
            self.isAccepted = true
            if self.serverHadItsTime {
                self.goToRunPod(jitter: jitter)
            } else {
                self.serverHadItsTime = true
                self.place = .pause(self.serverGrace, then: .runPod)
            }
        case (.server, .failed):
            self.goToRunPod(jitter: jitter)
        case (.rest, .failed):
            self.place = .graphQL
        case (.rest, .gone):
            // Of the pod that this is in: it may also be the answer to a key that is good for the old interface only.
            self.isGone = true
            self.place = .graphQL
        case (.rest, .accepted):
            self.isAccepted = true
            self.place = .pause(Self.settling, then: .graphQL)
        case (.graphQL, .failed):
            self.pause(jitter)
        case (.graphQL, .accepted), (.graphQL, .gone):
            self.isAccepted = true
            self.isGone = self.isGone || outcome == .gone
            self.rounds += 1
            self.place = .pause(Self.settling, then: .newRound)
        case (.pause(_, .runPod), _):
            self.goToRunPod(jitter: jitter)
        case (.pause(_, .graphQL), _):
            self.place = .graphQL
        case (.pause(_, .newRound), _):
            self.place = self.hasServer ? .server : .rest
        }
    }

    private mutating func goToRunPod(jitter: Double) {
        if self.hasRunPod { self.place = .rest } else { self.pause(jitter) }
    }

    private mutating func pause(_ jitter: Double) {
        self.rounds += 1
        self.place = .pause(self.backoff.wait(after: self.rounds, jitter: jitter), then: .newRound)
    }
}
