package import Foundation

/// How a launch went: whether a worker came of a pod that was rented.
package struct Launch: Sendable, Equatable, Codable {
    package var instance: InstanceID
    package var at: Date
    /// Nil: it registered.
    package var failure: String?

    package init(instance: InstanceID, at: Date, failure: String?) {
        self.instance = instance
        self.at = at
        self.failure = failure
    }
}

/// Stops buying when launches keep failing: a bad image must not be bought all night.
///
/// Three failures among the last five launches, the last one among them, open it. Then nothing is bought for ten minutes,
/// after each further failure for twice as long, four hours at most. After that one pod is tried; if it registers, all is
/// well again. Karpenter judges by a ring of launches in the same way.
package struct LaunchBreaker: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case closed
        /// Nothing is bought until then.
        case open(until: Date, reason: String)
        /// One pod may be tried.
        case halfOpen(reason: String)
    }

    package static let ring = 5
    package static let failuresToOpen = 3
    private static let firstPause: TimeInterval = 600
    private static let longestPause: TimeInterval = 14_400

    /// The newest last.
    package var launches: [Launch]

    package init(launches: [Launch]) { self.launches = launches }

    package func verdict(at now: Date) -> Verdict {
        let recent = self.launches.suffix(Self.ring)
        let failures = recent.filter { $0.failure != nil }
        guard failures.count >= Self.failuresToOpen, let last = recent.last, let failure = last.failure else {
            return .closed
        }
        let inARow = self.launches.reversed().prefix { $0.failure != nil }.count
        let pause = min(
            Self.firstPause * Double(1 << min(max(inARow - Self.failuresToOpen, 0), 10)), Self.longestPause)
        let reason = "\(failures.count) of the last \(recent.count) launches failed, the last one because: \(failure)"
        let until = last.at + pause
        return now < until ? .open(until: until, reason: reason) : .halfOpen(reason: reason)
    }
}
