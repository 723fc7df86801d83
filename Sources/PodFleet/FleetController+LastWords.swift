import CastCore
import Foundation

extension FleetController {
    /// Reads in the provider's log what a pod cannot tell by itself: its set-up failed before it could reach this server.
    ///
    /// The start script writes it, and waits a while for this to be read before it ends the pod itself.
    func readLastWords(of pod: Pod) async throws {
        // A pod that has once reported from the tailnet reports its failures as well.
        guard pod.isOnItsWay, pod.hostIP == nil, let rental = pod.rental, rental.upAt != nil,
            rental.setupFailure == nil,
            let lines = try? await self.provider.logs(rental.pod, 100),
            let words = Self.lastWords(in: lines)
        else { return }
        let tail = lines.filter { $0.source == .container }.suffix(50).map { $0.text.prefix(300) }
        try await self.record(
            .setupReported(
                SetupReport(phase: .failed, error: ([words] + tail.map(String.init)).joined(separator: "\n"))),
            for: pod.instance)
    }

    /// What the start script said of its failure, if it has failed.
    static func lastWords(in lines: [PodLogLine]) -> String? {
        for line in lines.reversed() where line.source == .container {
            if let mark = line.text.range(of: "cast2md pod failed: ") { return String(line.text[mark.upperBound...]) }
        }
        return nil
    }
}
