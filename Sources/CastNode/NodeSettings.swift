package import CastCore
import Foundation

/// What a node is told by its environment.
///
/// `NODE_REQUIRED_EMPTY_CHECKS`, `NODE_EMPTY_QUEUE_WAIT`, `NODE_IDLE_TIMEOUT_MINUTES`, `NODE_SERVER_UNREACHABLE_MINUTES`,
/// `NODE_MAX_CONSECUTIVE_FAILURES`, `NODE_PERSISTENT`.
package struct NodeSettings: Sendable, Equatable {
    package var leaving = LeavePolicy()
    package var heartbeatInterval = Duration.seconds(30)
    /// How often an empty queue is asked again.
    package var pollInterval = Duration.seconds(5)
    /// Jobs fetched ahead of the one that is being recognised.
    package var prefetchSlots = 3
    package var progressInterval = Duration.seconds(3)

    package init() {}

    /// - Throws: `.invalid` that names the variable, its value, and what it may be.
    package init(environment: [String: String]) throws {
        let reader = Variables(environment)
        let standard = LeavePolicy()
        self.leaving.requiredEmptyChecks =
            try reader.int("NODE_REQUIRED_EMPTY_CHECKS", in: 1...1000) ?? standard.requiredEmptyChecks
        self.leaving.emptyQueueWait =
            try reader.int("NODE_EMPTY_QUEUE_WAIT", in: 0...86_400).map(TimeInterval.init) ?? standard.emptyQueueWait
        self.leaving.idleTimeout =
            try reader.int("NODE_IDLE_TIMEOUT_MINUTES", in: 1...10_080).map { TimeInterval($0 * 60) }
            ?? standard.idleTimeout
        self.leaving.unreachableTimeout =
            try reader.int("NODE_SERVER_UNREACHABLE_MINUTES", in: 1...10_080).map { TimeInterval($0 * 60) }
            ?? standard.unreachableTimeout
        self.leaving.maxConsecutiveFailures =
            try reader.int("NODE_MAX_CONSECUTIVE_FAILURES", in: 1...1000) ?? standard.maxConsecutiveFailures
        self.leaving.isPersistent = try reader.bool("NODE_PERSISTENT") ?? standard.isPersistent
    }
}
