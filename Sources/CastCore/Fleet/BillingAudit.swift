package import Foundation

/// Compares the provider's bill with our ledger.
package struct BillingAudit: Sendable, Equatable {
    /// Money that was spent and that no run explains.
    package struct Finding: Sendable, Equatable {
        package var pod: PodID
        package var amount: Money
        /// For people.
        package var words: String

        package init(pod: PodID, amount: Money, words: String) {
            self.pod = pod
            self.amount = amount
            self.words = words
        }
    }

    /// What each run was billed, by the run's id; only of runs whose records are complete.
    package var corrections: [String: Money] = [:]
    package var findings: [Finding] = []

    /// Records come by the hour, and the last minutes late: a run is compared two hours after its end.
    package static let settlingTime: TimeInterval = 7200

    /// Less than this is rounding, or seconds between a pod's end and our seeing it.
    package static let tolerance = Money(micros: 10_000)

    /// - Parameters:
    ///   - records: Everything billed from `start` on.
    ///   - runs: Every run that reaches into that time.
    ///   - ours: The pods whose names and environments said that they are this server's. A pod of somebody else in the
    ///     same account is nobody's finding.
    package init(records: [BillingRecord], runs: [PodRun], ours: Set<PodID>, from start: Date, at now: Date) {
        let billed = Dictionary(grouping: records, by: \.pod).mapValues { $0.reduce(Money.zero) { $0 + $1.amount } }
        let byPod = Dictionary(grouping: runs, by: \.pod)
        for (pod, amount) in billed.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where amount > .zero {
            guard let own = byPod[pod] else {
                if ours.contains(pod) {
                    self.findings.append(
                        Finding(
                            pod: pod, amount: amount,
                            words: "$\(amount) were billed for pod \(pod), which is ours and has no run."))
                }
                continue
            }
            self.settle(amount, of: own, from: start, at: now)
        }
    }

    private mutating func settle(_ amount: Money, of runs: [PodRun], from start: Date, at now: Date) {
        let expected = runs.reduce(Money.zero) { $0 + $1.cost(at: now) }
        if amount > expected + Self.tolerance, let pod = runs.first?.pod {
            let extra = amount - expected
            self.findings.append(
                Finding(
                    pod: pod, amount: extra,
                    words: "$\(amount) were billed for pod \(pod); its run explains $\(expected) of them."))
        }
        // One run a pod is the rule; where there are more, nobody knows whose the difference is.
        guard runs.count == 1, let run = runs.first, let endedAt = run.endedAt, run.startedAt >= start,
            now.timeIntervalSince(endedAt) >= Self.settlingTime
        else { return }
        self.corrections[run.id] = amount
    }
}
