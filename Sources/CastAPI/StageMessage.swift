package import CastCore

/// What a stage of a node has done since the node started; part of its heartbeat.
package struct StageMessage: Sendable, Codable, Equatable {
    package var stage: String
    package var busySeconds: Double
    package var waitingSeconds: Double
    package var items: Int
    package var audioSeconds: Double
    package var queue: Int

    package init(_ report: StageReport) {
        self.stage = report.stage.rawValue
        self.busySeconds = report.busySeconds
        self.waitingSeconds = report.waitingSeconds
        self.items = report.items
        self.audioSeconds = report.audioSeconds
        self.queue = report.queue
    }

    /// Nil for a stage that this version does not know, and for numbers that no node can reach: a thousand years.
    package var report: StageReport? {
        guard let stage = Stage(rawValue: self.stage),
            [self.busySeconds, self.waitingSeconds, self.audioSeconds].allSatisfy({ 0...Self.most ~= $0 }),
            [self.items, self.queue].allSatisfy({ 0...Int(Self.most) ~= $0 })
        else { return nil }
        var report = StageReport(stage)
        report.busySeconds = self.busySeconds
        report.waitingSeconds = self.waitingSeconds
        report.items = self.items
        report.audioSeconds = self.audioSeconds
        report.queue = self.queue
        return report
    }

    private static let most = 3e10

    enum CodingKeys: String, CodingKey {
        case stage, items, queue
        case busySeconds = "busy_seconds"
        case waitingSeconds = "waiting_seconds"
        case audioSeconds = "audio_seconds"
    }
}
