import CastAPI
import CastCore
import Foundation
import RunPodEmulator

/// What the fleet did and cost, by its own books and by the provider's.
struct FleetReport: Sendable {
    var took: Duration
    var completed: Int
    var episodes: Int
    var mostPods: Int
    var ledger: Ledger
    var runs: PodRunsResponse
    /// Registered workers that are left.
    var nodes: Int

    var text: String {
        var lines = [
            "", "  pod     GPU                       $/h    billed s   provider's $   our $      jobs   audio",
        ]
        for run in runs.runs.reversed() {
            let row = self.ledger.rows.first { $0.id == run.podID }
            lines.append(
                "  " + Self.pad(run.instanceID, 8) + Self.pad(run.gpuType, 26)
                    + Self.pad(String(format: "%.2f", run.gpuPriceHr), 7) + Self.pad("\(row?.seconds ?? 0)", 11)
                    + Self.pad(row.map { "\($0.billed)" } ?? "–", 15) + Self.pad(String(format: "%.6f", run.cost), 11)
                    + Self.pad("\(run.jobsCompleted)", 7) + "\(Int((run.audioHours * 3600).rounded())) s")
        }
        lines += [
            "",
            "  \(self.completed) of \(self.episodes) episodes transcribed in \(Int(self.took / .seconds(1))) s, with \(self.mostPods) pods at most",
            "  The provider billed \(self.ledger.billed) dollars; our ledger says \(String(format: "%.6f", self.runs.totalCost))",
            "  Still billing: \(self.ledger.stillBilling). Workers still registered: \(self.nodes).",
        ]
        return lines.joined(separator: "\n")
    }

    /// - Throws: When something is left, undone, or accounted for differently.
    func check() throws {
        guard self.completed == self.episodes else {
            throw CastError(.engineFailed, "\(self.episodes - self.completed) episodes failed.")
        }
        guard self.ledger.stillBilling == 0, self.nodes == 0 else {
            throw CastError(.internalFault, "Something is left: a pod that bills, or a worker's registration.")
        }
        let ours = Int((self.runs.totalCost * 100).rounded())
        let theirs = Int((Double(self.ledger.billed.micros) / 10_000).rounded())
        guard ours == theirs else {
            throw CastError(.internalFault, "The ledgers differ: \(theirs) cents by the provider, \(ours) by us.")
        }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
