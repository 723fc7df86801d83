import CastCore
import Foundation
import Logging

extension FleetController {
    /// So long a pod's devices are tried to be removed; then the tailnet forgets them in its own time.
    static let deviceRemovalTime: TimeInterval = 600

    /// A key with which a pod joins the tailnet.
    ///
    /// - Returns: Nil where the provider's secret is used.
    func mintKey(for pod: Pod) async throws(TailnetFailure) -> TailnetKey? {
        guard let tailnet = self.tailnet, self.needsTailnet else { return nil }
        return try await tailnet.mintKey(pod.instance)
    }

    func remove(_ device: TailnetDevice, of pod: Pod) async throws {
        // Without the credentials of another day there is nobody to ask.
        guard let tailnet = self.tailnet else { return try await self.record(.devicesRemoved, for: pod.instance) }
        do {
            try await tailnet.removeDevices(device)
        } catch {
            self.logger.warning(
                "a pod's device cannot be removed",
                metadata: ["pod.instance": "\(pod.instance)", "error": "\(error)"])
            guard error.isLasting || self.now.timeIntervalSince(pod.movedAt) >= Self.deviceRemovalTime else { return }
            try await self.change { books, now in
                books.tell(
                    .provider, pod.instance,
                    "its device \(device.hostname) stays in the tailnet until that forgets it: \(error)", at: now)
                books.record(.devicesRemoved, for: pod.instance, at: now)
            }
            return
        }
        try await self.record(.devicesRemoved, for: pod.instance)
    }
}
