package import CastCore
import CastStore
import Foundation
import Logging
import PodFleet
package import ServiceLifecycle

/// Where this server gets its pods from.
package struct FleetProvider: Sendable {
    package var provider: GPUProvider
    /// Whether pods reach this server through a tailnet, so that its address there must be known.
    package var needsTailnet: Bool
    /// Makes keys for the tailnet; nil where pods use a secret that is kept at the provider.
    package var tailnet: Tailnet?
    /// What has to run beside the server for it, if anything.
    package var service: (any Service)?

    package init(
        _ provider: GPUProvider, needsTailnet: Bool, tailnet: Tailnet? = nil, service: (any Service)? = nil
    ) {
        self.provider = provider
        self.needsTailnet = needsTailnet
        self.tailnet = tailnet
        self.service = service
    }
}

extension FleetSurroundings {
    /// What the fleet sees of this server, and asks of it.
    init(
        _ database: Database, _ settings: SettingsKeeper, uplink: @escaping @Sendable () -> Uplink,
        now: @escaping @Sendable () -> Date
    ) {
        self.init(
            queue: {
                let waiting = try await database.jobs.waiting(
                    for: settings.current.fleet.model, unknown: QueueView.unknownEpisodeSeconds, at: now())
                return QueueView(claimableJobs: waiting.claimable, audioSeconds: waiting.audioSeconds)
            },
            nodes: {
                try await database.nodes.list().map { node in
                    FleetNode(
                        id: node.id, name: node.name, lastHeartbeatAt: node.lastHeartbeatAt,
                        isBusy: node.currentJobID != nil)
                }
            },
            workDone: { id in
                let done = try await database.jobs.done(by: id)
                return WorkDone(jobs: done.jobs, audioSeconds: done.audioSeconds, busySeconds: done.busySeconds)
            },
            releaseJobs: { id in _ = try await database.jobs.interruptAll(of: id, at: now()) },
            removeNode: { id in _ = try await database.nodes.remove([id], at: now()) },
            address: { Self.address(settings.current) },
            settings: { settings.current.fleet },
            uplink: uplink,
            now: now)
    }

    /// Where pods reach this server: what is set, else, for pods on this machine, where it listens.
    private static func address(_ configuration: ServerConfiguration) -> ServerAddress? {
        let fleet = configuration.fleet
        if let url = fleet.serverURL { return ServerAddress(url: url, ip: fleet.serverIP) }
        if let ip = fleet.serverIP { return ServerAddress(url: "http://\(ip):\(configuration.port)", ip: ip) }
        guard configuration.fleetIsLocal else { return nil }
        return ServerAddress(url: "http://127.0.0.1:\(configuration.port)")
    }
}
