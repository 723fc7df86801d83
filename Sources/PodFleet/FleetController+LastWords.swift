package import CastCore
package import Foundation
import Synchronization

/// When the provider's log of a pod is read, for what the pod cannot tell by itself.
///
/// That takes seconds for each pod and RunPod counts requests, so it is done once a minute, and only while there is
/// something to wonder about: a setup that goes on, a container that was started again, a worker that has fallen silent.
package enum LastWordsPolicy {
    package static let interval: TimeInterval = 60
    /// Two heartbeats and some.
    package static let silence: TimeInterval = 75
    /// A line is not of before the worker's last heartbeat; clocks differ by a little.
    package static let clockSkew: TimeInterval = 5

    /// - Parameters:
    ///   - heardAt: The worker's last heartbeat, as far as the pod has one.
    ///   - uptime: How long the container has been running, as the provider says.
    ///   - readAt: When it was last done, whatever came of it.
    ///   - since: Nobody can be heard before this: the server's own start.
    package static func isDue(
        _ pod: Pod, heardAt: Date?, uptime: Duration?, readAt: Date?, listeningSince since: Date, at now: Date
    ) -> Bool {
        guard let rental = pod.rental, rental.upAt != nil, rental.setupFailure == nil else { return false }
        if let readAt, now.timeIntervalSince(readAt) < Self.interval { return false }
        switch pod.state {
        case .starting, .connecting, .installing:
            return true
        case .ready(_, let worker):
            guard let heardAt else { return false }
            // A worker registers after its container has started: one that has started since is in a second life.
            if let uptime, case let startedAt = now - uptime / .seconds(1),
                startedAt > worker.registeredAt, startedAt > heardAt
            {
                return true
            }
            return now.timeIntervalSince(max(heardAt, since)) >= Self.silence
        case .creating, .draining, .terminating, .gone:
            return false
        }
    }

    /// What the start script said of its failure, if it has failed.
    ///
    /// - Parameter since: What is older is of an earlier worker; lines without a time count.
    package static func words(in lines: [PodLogLine], since: Date?) -> String? {
        for line in lines.reversed() where line.source == .container {
            if let time = line.time, let since, time < since { return nil }
            if let mark = line.text.range(of: "cast2md pod failed: ") { return String(line.text[mark.upperBound...]) }
        }
        return nil
    }
}

extension FleetController {
    /// Reads in the provider's log what a pod cannot tell by itself: its setup failed before it could reach this server,
    /// or its container was started again with a key for the tailnet that had served.
    ///
    /// The start script writes it, and waits a while for this to be read before it ends the pod itself. All pods are read at
    /// once, so that a turn is no longer with ten of them than with one.
    func readLastWords(_ view: FleetView) async throws {
        let now = self.now
        let open = try await self.store.books(at: now).openPods
        let due = open.filter { pod in
            let shown = view.list?.pods.first { $0.id == pod.rental?.pod }
            return LastWordsPolicy.isDue(
                pod, heardAt: Self.heardAt(pod, view), uptime: shown?.uptime,
                readAt: self.memory.withLock { $0.logsReadAt[pod.instance] }, listeningSince: self.startedAt, at: now)
        }
        self.memory.withLock { memory in
            let known = Set(open.map(\.instance))
            memory.logsReadAt = memory.logsReadAt.filter { known.contains($0.key) }
            for pod in due { memory.logsReadAt[pod.instance] = now }
        }
        let found = await withTaskGroup(of: (InstanceID, SetupReport)?.self) { group in
            for pod in due {
                group.addTask {
                    await self.lastWords(of: pod, heardAt: Self.heardAt(pod, view)).map { (pod.instance, $0) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for (instance, report) in found.compactMap(\.self) {
            try await self.record(.setupReported(report), for: instance)
        }
    }

    private static func heardAt(_ pod: Pod, _ view: FleetView) -> Date? {
        view.nodes?.first { $0.id == pod.node }?.lastHeartbeatAt
    }

    private func lastWords(of pod: Pod, heardAt: Date?) async -> SetupReport? {
        guard let rental = pod.rental, let lines = try? await self.provider.logs(rental.pod, 100),
            let words = LastWordsPolicy.words(in: lines, since: heardAt.map { $0 - LastWordsPolicy.clockSkew })
        else { return nil }
        let tail = lines.filter { $0.source == .container }.suffix(50).map { String($0.text.prefix(300)) }
        return SetupReport(phase: .failed, error: ([words] + tail).joined(separator: "\n"))
    }
}
