/// How a node behaves; everything has a default.
///
/// Read from `NODE_REQUIRED_EMPTY_CHECKS` (2), `NODE_EMPTY_QUEUE_WAIT` (60 seconds), `NODE_IDLE_TIMEOUT_MINUTES` (10),
/// `NODE_SERVER_UNREACHABLE_MINUTES` (5), `NODE_MAX_CONSECUTIVE_FAILURES` (3), `NODE_PERSISTENT` (0) and
/// `ALLOW_PRIVATE_ADDRESSES` (false).
package struct NodeSettings: Sendable, Equatable {
    package var leave = LeavePolicy.Settings()
    /// Jobs that may be fetched or wait beside the one in recognition.
    package var prefetchSlots = 3
    /// Results that may wait for the server before no more work is taken.
    package var maximumUnsent = 20
    package var heartbeatInterval = Duration.seconds(30)
    /// How long to wait before asking again when there was nothing to do.
    package var pollInterval = Duration.seconds(5)
    /// Whether audio may be fetched from publishers in this machine's own networks.
    package var allowsPrivateAddresses = false
    /// Shortest time between two reports of a job's progress.
    package var progressInterval = Duration.seconds(3)

    package init() {}

    /// - Throws: `.invalid` that names the variable, its value, and what is valid.
    package init(environment: [String: String]) throws {
        let variables = Variables(environment)
        if let value = try variables.int("NODE_REQUIRED_EMPTY_CHECKS", in: 1...1000) {
            self.leave.requiredEmptyChecks = value
        }
        if let value = try variables.int("NODE_EMPTY_QUEUE_WAIT", in: 0...86_400) {
            self.leave.emptyQueueWait = .seconds(value)
        }
        if let value = try variables.int("NODE_IDLE_TIMEOUT_MINUTES", in: 1...10_080) {
            self.leave.idleTimeout = .seconds(value * 60)
        }
        if let value = try variables.int("NODE_SERVER_UNREACHABLE_MINUTES", in: 1...10_080) {
            self.leave.unreachableTimeout = .seconds(value * 60)
        }
        if let value = try variables.int("NODE_MAX_CONSECUTIVE_FAILURES", in: 1...1000) {
            self.leave.maxConsecutiveFailures = value
        }
        self.leave.isPersistent = try variables.bool("NODE_PERSISTENT") ?? self.leave.isPersistent
        self.allowsPrivateAddresses =
            try variables.bool("ALLOW_PRIVATE_ADDRESSES") ?? self.allowsPrivateAddresses
    }
}
