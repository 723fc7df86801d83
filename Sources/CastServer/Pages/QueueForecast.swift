package import CastStore
package import Foundation

/// How fast transcription goes, and when what waits will be done at that speed.
package struct QueueForecast: Sendable, Equatable {
    /// A transcription that was done.
    package struct Done: Sendable {
        package var endedAt: Date
        /// Seconds; nil when the length is not known.
        package var audioSeconds: Double?
        package var workSeconds: Double

        package init(endedAt: Date, audioSeconds: Double?, workSeconds: Double) {
            self.endedAt = endedAt
            self.audioSeconds = audioSeconds
            self.workSeconds = workSeconds
        }
    }

    /// Seconds that are looked back on: long enough for several episodes, short enough to be called now.
    package static let window: TimeInterval = 3600
    /// Less than that says nothing about an hour.
    private static let shortest: TimeInterval = 60

    /// Seconds of audio in the queue, those of unknown length counted like the others on average; nil when none is known.
    package var audioSeconds: Double?
    /// Seconds of audio a second, over the last hour or since work began within it; nil when nothing was done.
    package var pace: Double?

    package init(waiting: JobStore.Waiting, done: [Done], now: Date) {
        let known = waiting.episodes - waiting.unknown
        if waiting.episodes == 0 {
            self.audioSeconds = 0
        } else if known > 0, waiting.audioSeconds > 0 {
            self.audioSeconds = waiting.audioSeconds / Double(known) * Double(waiting.episodes)
        }
        let recent = done.filter { $0.endedAt > now - Self.window && $0.endedAt <= now }
        let audio = recent.reduce(0) { $0 + max(0, $1.audioSeconds ?? 0) }
        let begun = recent.map { $0.endedAt - max(0, $0.workSeconds) }.min()
        if let begun, audio > 0 {
            self.pace = audio / max(Self.shortest, min(Self.window, now.timeIntervalSince(begun)))
        }
    }

    /// Seconds until everything that waits is done at this speed.
    package var remaining: TimeInterval? {
        guard let audioSeconds, let pace, audioSeconds > 0, pace > 0 else { return nil }
        return audioSeconds / pace
    }
}
