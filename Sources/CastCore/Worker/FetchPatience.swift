/// How long a worker waits for a publisher before it takes the audio from the server.
///
/// Its recogniser has work for a while, since audio is fetched ahead; but a publisher that is slower than any server's
/// uplink is of no use.
package struct FetchPatience: Sendable, Equatable {
    /// Before that, nothing is said of its speed.
    package var grace = Duration.seconds(10)
    /// Bytes a second that it must do on average.
    package var slowest = 500_000.0

    package init() {}

    package func isTooSlow(bytes: Int64, after time: Duration) -> Bool {
        time >= self.grace && Double(bytes) < self.slowest * time.inSeconds
    }

    /// The longest that a file may take, whatever comes in between.
    package func limit(for size: Int64) -> Duration { self.grace + .seconds(Double(size) / self.slowest) }
}

extension Duration {
    package var inSeconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }
}
