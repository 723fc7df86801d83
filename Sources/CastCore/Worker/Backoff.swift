/// How long to wait before the next try: twice as long each time, up to a limit, spread a little.
package struct Backoff: Sendable, Equatable {
    package var first: Duration
    package var limit: Duration

    package init(first: Duration = .seconds(1), limit: Duration = .seconds(60)) {
        self.first = first
        self.limit = limit
    }

    /// - Parameters:
    ///   - tries: How many have failed, from 1.
    ///   - jitter: −1 to 1, drawn by the caller; moves the result by a quarter at most, so that many workers whose
    ///     server comes back do not all knock at once.
    package func wait(after tries: Int, jitter: Double) -> Duration {
        let doubled = self.first * (1 << min(max(0, tries - 1), 20))
        return min(doubled, self.limit) * (1 + 0.25 * min(1, max(-1, jitter)))
    }
}
