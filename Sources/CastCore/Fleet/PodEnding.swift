package import Foundation

/// Why a pod ended, or is being ended.
package struct PodEnding: Sendable, Equatable, Codable {
    package enum Reason: String, Sendable, Codable, CaseIterable {
        /// The worker asked to leave: there is nothing more to do, or it cannot work.
        case left
        case endedByPerson
        case idle
        case surplus
        case lifetime
        /// Nothing was free for as long as we were willing to wait.
        case noCapacity
        /// The provider refused the create for good.
        case refused
        /// The create got no answer, and the pod never showed up.
        case neverAppeared
        /// The container did not start in time.
        case launchDeadline
        /// The setup did not finish in time.
        case setupDeadline
        case setupFailed
        /// The setup was done, but no worker called home.
        case registrationDeadline
        case heartbeatLost
        /// The provider says that it stopped or failed, or the pod itself says that it cannot work.
        case broke
        /// The provider does not know it any more, and nobody here ended it.
        case vanished
        /// A blocked GPU, too old a driver, or too dear.
        case wrongMachine
        /// It carries our id, but nothing here accounts for it.
        case unaccounted
    }

    package var reason: Reason
    /// For people, without a period.
    package var detail: String
    package var at: Date
    /// The last lines that it wrote, where its own report brought them.
    package var log: String?

    package init(_ reason: Reason, _ detail: String, log: String? = nil, at: Date) {
        self.reason = reason
        self.detail = detail
        self.log = log
        self.at = at
    }

    /// Whether something went wrong; shown as the phase `failed`.
    package var isFailure: Bool {
        switch self.reason {
        case .left, .endedByPerson, .idle, .surplus, .lifetime, .unaccounted: false
        case .noCapacity, .refused, .neverAppeared, .launchDeadline, .setupDeadline, .setupFailed,
            .registrationDeadline, .heartbeatLost, .broke, .vanished, .wrongMachine:
            true
        }
    }

    /// Whether the next candidate is to be tried in this pod's place: what was asked for was not what came.
    package var wantsReplacement: Bool {
        switch self.reason {
        case .wrongMachine, .neverAppeared: true
        case .left, .endedByPerson, .idle, .surplus, .lifetime, .noCapacity, .refused, .launchDeadline, .setupDeadline,
            .setupFailed, .registrationDeadline, .heartbeatLost, .broke, .vanished, .unaccounted:
            false
        }
    }
}
