import Synchronization

/// A clock on which chosen waits are over at once, and all others last until they are cancelled.
final class ImpatientClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset = Swift.Duration.zero
        func advanced(by duration: Swift.Duration) -> Instant { Instant(offset: self.offset + duration) }
        func duration(to other: Instant) -> Swift.Duration { other.offset - self.offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    let now = Instant()
    let minimumResolution = Swift.Duration.zero
    private let remaining: Mutex<[Swift.Duration: Int]>

    /// - Parameter ends: How many waits of a length are over at once.
    init(_ ends: [Swift.Duration: Int] = [:]) { self.remaining = Mutex(ends) }

    func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        let isOver = self.remaining.withLock { remaining in
            guard let count = remaining[deadline.offset], count > 0 else { return false }
            remaining[deadline.offset] = count - 1
            return true
        }
        if isOver { return }
        try await Task.sleep(for: .seconds(86_400))
    }
}
