import Synchronization

/// A step of the way from a job to a transcript that was handed in.
package enum Stage: String, Sendable, Codable, CaseIterable {
    case fetch, decode, cut, pool, engine, words, upload
}

/// What a stage has done so far, and what waits before it: the slow one is the one that is busy while others wait.
package struct StageReport: Sendable, Codable, Equatable {
    package var stage: Stage
    /// Seconds of work, those of several workers added up.
    package var busySeconds = 0.0
    /// Seconds in which it could not go on: for the engine because there was no audio, for the others because the next
    /// stage had enough.
    package var waitingSeconds = 0.0
    /// Files, segments or calls.
    package var items = 0
    package var audioSeconds = 0.0
    /// What waits before it now.
    package var queue = 0

    package init(_ stage: Stage) { self.stage = stage }

    enum CodingKeys: String, CodingKey {
        case stage, items, queue
        case busySeconds = "busy_seconds"
        case waitingSeconds = "waiting_seconds"
        case audioSeconds = "audio_seconds"
    }
}

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
