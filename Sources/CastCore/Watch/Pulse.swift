/// What a worker leaves on disk every few seconds, for the watchdog beside it: that it lives, and that it gets on.
///
/// `pulse.json` in its home folder. Times are seconds since 1970 by the worker's own clock.
package struct Pulse: Sendable, Codable, Equatable {
    package var pid: Int32
    package var startedAt: Double
    package var writtenAt: Double
    /// The server's last useful answer; nil before the first.
    package var serverAnsweredAt: Double?
    /// When something last moved: audio came in, the recogniser got on, a result was taken.
    package var progressedAt: Double?
    /// The jobs that it holds, whatever stage they are in.
    package var jobs: [Int64]

    package init(
        pid: Int32, startedAt: Double, writtenAt: Double, serverAnsweredAt: Double? = nil, progressedAt: Double? = nil,
        jobs: [Int64] = []
    ) {
        self.pid = pid
        self.startedAt = startedAt
        self.writtenAt = writtenAt
        self.serverAnsweredAt = serverAnsweredAt
        self.progressedAt = progressedAt
        self.jobs = jobs
    }

    enum CodingKeys: String, CodingKey {
        case pid, jobs
        case startedAt = "started_at"
        case writtenAt = "written_at"
        case serverAnsweredAt = "server_answered_at"
        case progressedAt = "progressed_at"
    }

    /// Whether two pulses tell of the same moment of the worker's work; that one was written later does not count.
    package func isAsFar(as other: Pulse) -> Bool {
        self.pid == other.pid && self.serverAnsweredAt == other.serverAnsweredAt
            && self.progressedAt == other.progressedAt && self.jobs == other.jobs
    }
}

extension HomeFolder {
    package var pulsePath: String { self.path + "/pulse.json" }
}
