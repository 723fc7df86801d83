package import CastCore
import Foundation
package import Logging

/// When the worker's log says what the stages do, and what it says: once in a while as long as something moves.
package struct StageLog: Sendable {
    private let interval: Duration
    private var due: Duration
    private var told: [StageReport] = []

    package init(interval: Duration) {
        self.interval = interval
        self.due = interval
    }

    package mutating func next(_ stages: [StageReport], at now: Duration) -> Logger.Metadata? {
        guard now >= self.due else { return nil }
        self.due = now + self.interval
        return self.last(stages)
    }

    /// What is to be said at the end: nothing, where nothing happened since the last time.
    package mutating func last(_ stages: [StageReport]) -> Logger.Metadata? {
        guard stages.map(\.items) != self.told.map(\.items), stages.contains(where: { $0.items > 0 }) else {
            return nil
        }
        self.told = stages
        return Dictionary(stages.map { ($0.stage.rawValue, "\(Self.text($0))") }) { $1 }
    }

    /// For example `busy 12.3 s, waiting 0.4 s, 3 items, 7200 s of audio, 2 queued`.
    static func text(_ report: StageReport) -> String {
        "busy \(Self.tenths(report.busySeconds)) s, waiting \(Self.tenths(report.waitingSeconds)) s, "
            + "\(report.items) items, \(Int(report.audioSeconds)) s of audio, \(report.queue) queued"
    }

    static func tenths(_ seconds: Double) -> String { String(format: "%.1f", seconds) }
}
