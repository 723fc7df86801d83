package import CastCore
import Synchronization

/// Adds up what stages do.
package final class StageMeter: Sendable {
    private let reports = Mutex<[Stage: StageReport]>([:])

    package init() {}

    package func add(
        _ stage: Stage, busy: Duration = .zero, waiting: Duration = .zero, items: Int = 0, audio: Double = 0
    ) {
        self.reports.withLock {
            $0[stage, default: StageReport(stage)].busySeconds += busy / .seconds(1)
            $0[stage, default: StageReport(stage)].waitingSeconds += waiting / .seconds(1)
            $0[stage, default: StageReport(stage)].items += items
            $0[stage, default: StageReport(stage)].audioSeconds += audio
        }
    }

    package subscript(stage: Stage) -> StageReport { self.reports.withLock { $0[stage] ?? StageReport(stage) } }
}

/// How long the engine worked, and how long it waited for audio although there were files to recognise.
struct EngineTime: Sendable {
    private(set) var busy = Duration.zero
    private(set) var waiting = Duration.zero
    private(set) var isWarm = false
    private var calls = 0
    private var files = 0
    private var since: ContinuousClock.Instant

    init(at now: ContinuousClock.Instant) { self.since = now }

    /// Something changed: from now on so many calls are under way, and so many files open.
    mutating func change(calls: Int, files: Int, at now: ContinuousClock.Instant) {
        let passed = self.since.duration(to: now)
        if self.calls > 0 {
            self.busy += passed
        } else if self.files > 0, self.isWarm {
            self.waiting += passed
        }
        // Before its first call it waits for the first file, which is nobody's fault.
        if calls > 0 { self.isWarm = true }
        (self.calls, self.files, self.since) = (calls, files, now)
    }
}
