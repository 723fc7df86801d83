package import Foundation

/// When a worker has done its work and ends itself, so that it costs nothing.
///
/// Four reasons, each with its setting. A server that answers with an error is not an empty queue, audio that is missing
/// or damaged is not a broken machine, and whoever has a job in hand, or a result not handed in yet, does not leave for
/// want of work.
package struct LeavePolicy: Sendable, Equatable {
    /// Empty answers in a row, each `emptyQueueWait` after the last.
    package var requiredEmptyChecks = 2
    /// Seconds between two empty answers that count.
    package var emptyQueueWait: TimeInterval = 60
    package var idleTimeout: TimeInterval = 600
    package var unreachableTimeout: TimeInterval = 300
    /// The same while there are results that the server has not got: they are worth more than the wait.
    package var unreachableTimeoutWithResults: TimeInterval = 3600
    package var maxConsecutiveFailures = 3
    /// Stays whatever happens.
    package var isPersistent = false

    package init() {}

    package enum Reason: Sendable, Equatable {
        case queueEmpty(checks: Int)
        case idle(seconds: Int)
        case serverUnreachable(seconds: Int)
        case failures(count: Int)

        /// For the log and the server.
        package var sentence: String {
            switch self {
            case .queueEmpty(let checks): "queue empty for \(checks) consecutive checks"
            case .idle(let seconds): "no job for \(seconds / 60) minutes"
            case .serverUnreachable(let seconds): "server unreachable for \(seconds / 60) minutes"
            case .failures(let count): "\(count) consecutive transcription failures"
            }
        }
    }

    /// What a worker knows of itself.
    package struct Facts: Sendable, Equatable {
        /// Jobs being fetched, waiting, or being recognised.
        package var hasJobs = false
        /// Finished work that the server has not taken yet.
        package var hasResults = false
        /// Since when there has been nothing to do.
        package var idleSince: Date
        /// When the server last gave a proper answer.
        package var lastAnswerAt: Date
        package var emptyChecks = 0
        package var lastEmptyCheckAt: Date?
        package var consecutiveFailures = 0

        package init(startedAt: Date) {
            self.idleSince = startedAt
            self.lastAnswerAt = startedAt
        }
    }

    /// Takes the queue's answer that it has nothing; answers that come too soon after the last one do not count.
    package func noteEmpty(_ facts: inout Facts, at now: Date) {
        guard !facts.hasJobs, !facts.hasResults else {
            facts.emptyChecks = 0
            facts.lastEmptyCheckAt = nil
            return
        }
        if let last = facts.lastEmptyCheckAt, now.timeIntervalSince(last) < self.emptyQueueWait { return }
        facts.emptyChecks += 1
        facts.lastEmptyCheckAt = now
    }

    /// Why to leave now; nil to stay.
    package func reason(_ facts: Facts, at now: Date) -> Reason? {
        if self.isPersistent { return nil }
        if facts.consecutiveFailures >= self.maxConsecutiveFailures {
            return .failures(count: facts.consecutiveFailures)
        }
        let silence = now.timeIntervalSince(facts.lastAnswerAt)
        if silence >= (facts.hasResults ? self.unreachableTimeoutWithResults : self.unreachableTimeout) {
            return .serverUnreachable(seconds: Int(silence))
        }
        if facts.hasJobs || facts.hasResults { return nil }
        if facts.emptyChecks >= self.requiredEmptyChecks { return .queueEmpty(checks: facts.emptyChecks) }
        let idle = now.timeIntervalSince(facts.idleSince)
        // A server that does not answer is the other rule's business.
        if idle >= self.idleTimeout, silence < self.unreachableTimeout { return .idle(seconds: Int(idle)) }
        return nil
    }
}
