/// A step of the way from a job to a transcript that was handed in.
package enum Stage: String, Sendable, Codable, CaseIterable {
    case fetch, decode, cut, pool, engine, words, upload

    /// Its place on the way.
    package var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
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

extension StageReport {
    /// What stages did between two reports of one worker, the later one being `new`.
    ///
    /// Numbers that fall are those of a worker that was started anew: then everything in the new report is growth. Nothing
    /// in the result is ever negative.
    package static func growth(from old: [StageReport], to new: [StageReport]) -> [StageReport] {
        let before = Dictionary(old.map { ($0.stage, $0) }) { $1 }
        let isRestarted = new.contains { report in before[report.stage].map { report.isBehind($0) } ?? false }
        return new.map { report in
            guard !isRestarted, let last = before[report.stage] else { return report }
            var growth = report
            growth.busySeconds -= last.busySeconds
            growth.waitingSeconds -= last.waitingSeconds
            growth.items -= last.items
            growth.audioSeconds -= last.audioSeconds
            return growth
        }
    }

    private func isBehind(_ other: StageReport) -> Bool {
        self.busySeconds < other.busySeconds || self.waitingSeconds < other.waitingSeconds || self.items < other.items
            || self.audioSeconds < other.audioSeconds
    }

    /// The stage that decides how fast it goes; nil where too little was done to say.
    ///
    /// That is the engine as long as it waits for no more than a tenth of its time, and else the one before it that worked
    /// most and waited least.
    package static func slowest(of reports: [StageReport]) -> Stage? {
        let stages = Dictionary(reports.map { ($0.stage, $0) }) { $1 }
        guard let engine = stages[.engine], engine.busySeconds + engine.waitingSeconds >= Self.enoughSeconds else {
            return nil
        }
        if engine.waitingSeconds <= 0.1 * (engine.busySeconds + engine.waitingSeconds) { return .engine }
        let feeding = [Stage.fetch, .decode, .cut, .pool].compactMap { stages[$0] }
        let most = feeding.max { $0.busySeconds - $0.waitingSeconds < $1.busySeconds - $1.waitingSeconds }
        return most.flatMap { $0.busySeconds > 0 ? $0.stage : nil }
    }

    /// Of work or waiting, before anything is said.
    private static let enoughSeconds = 1.0
}
