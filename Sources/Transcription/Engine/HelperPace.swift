/// How long a batch may take until the helper counts as hung.
///
/// Nobody knows a machine's speed beforehand, so the first batch may take long; from then on the helper is measured by
/// its own slowest batch.
package struct HelperPace: Sendable, Equatable {
    /// No batch is cut off earlier than this.
    package var minimum = Duration.seconds(60)
    /// Seconds of time for a second of audio; no machine that is of use needs as many.
    package var slowest = 10.0
    /// How many times slower than ever before a batch may be.
    package var slack = 10.0

    private var seen: Double?

    package init() {}

    /// The longest that a batch may take, given its seconds of audio.
    package func limit(forAudio seconds: Double) -> Duration {
        let pace = min(self.slowest, self.seen.map { $0 * self.slack } ?? self.slowest)
        return max(self.minimum, .seconds(seconds * pace))
    }

    package mutating func record(audio seconds: Double, took: Duration) {
        guard seconds > 0 else { return }
        self.seen = max(self.seen ?? 0, took / .seconds(1) / seconds)
    }
}
