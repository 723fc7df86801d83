package import CastCore
package import Foundation

/// A worker as the fleet sees it.
package struct FleetNode: Sendable, Equatable {
    package var id: NodeID
    package var name: String
    package var lastHeartbeatAt: Date?
    /// Whether it holds a job, be it that the job only waits there.
    package var isBusy: Bool

    package init(id: NodeID, name: String, lastHeartbeatAt: Date?, isBusy: Bool) {
        self.id = id
        self.name = name
        self.lastHeartbeatAt = lastHeartbeatAt
        self.isBusy = isBusy
    }
}

/// Where pods reach this server.
package struct ServerAddress: Sendable, Equatable {
    package var url: String
    /// In the tailnet; pods have no names there.
    package var ip: String?

    package init(url: String, ip: String? = nil) {
        self.url = url
        self.ip = ip
    }
}

/// What the fleet sees of the server around it, and asks of it.
///
/// What throws is unknown for that turn, never empty.
package struct FleetSurroundings: Sendable {
    package var queue: @Sendable () async throws -> QueueView
    package var nodes: @Sendable () async throws -> [FleetNode]
    /// What a node has got done since it registered.
    package var workDone: @Sendable (NodeID) async throws -> WorkDone
    /// Gives the jobs of a node back to the queue; safe to repeat.
    package var releaseJobs: @Sendable (NodeID) async throws -> Void
    /// Forgets a node's registration; one that is gone already is no error.
    package var removeNode: @Sendable (NodeID) async throws -> Void
    /// Nil when nobody knows where pods would reach it.
    package var address: @Sendable () async -> ServerAddress?
    package var settings: @Sendable () async throws -> FleetSettings
    /// What the server was seen to send to pods.
    package var uplink: @Sendable () -> Uplink
    /// Hears every event once it is stored.
    package var tell: @Sendable ([FleetEvent]) -> Void
    package var now: @Sendable () -> Date
    /// 64 bits that nobody can guess: setup tokens are made of them.
    package var random: @Sendable () -> UInt64

    package init(
        queue: @escaping @Sendable () async throws -> QueueView,
        nodes: @escaping @Sendable () async throws -> [FleetNode],
        workDone: @escaping @Sendable (NodeID) async throws -> WorkDone,
        releaseJobs: @escaping @Sendable (NodeID) async throws -> Void,
        removeNode: @escaping @Sendable (NodeID) async throws -> Void,
        address: @escaping @Sendable () async -> ServerAddress?,
        settings: @escaping @Sendable () async throws -> FleetSettings,
        uplink: @escaping @Sendable () -> Uplink = { Uplink() },
        tell: @escaping @Sendable ([FleetEvent]) -> Void = { _ in },
        now: @escaping @Sendable () -> Date = { Date() },
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) {
        self.queue = queue
        self.nodes = nodes
        self.workDone = workDone
        self.releaseJobs = releaseJobs
        self.removeNode = removeNode
        self.address = address
        self.settings = settings
        self.uplink = uplink
        self.tell = tell
        self.now = now
        self.random = random
    }
}
