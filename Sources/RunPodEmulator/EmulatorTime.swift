package import Foundation

/// The emulator's time: any clock's, run faster or slower.
///
/// Pull times, restarts, windows of requests and bills are all counted in it. Processes live in the real one.
package struct EmulatorTime: Sendable {
    package let speed: Double
    private let start: Date
    private let elapsedReally: @Sendable () -> Duration
    private let sleepReally: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - speed: How many of its seconds pass in a second of the clock.
    ///   - start: What time it is now.
    package init<C: Clock>(
        clock: C = ContinuousClock(), speed: Double = 1, startingAt start: Date = Date()
    ) where C.Duration == Duration {
        let origin = clock.now
        self.speed = speed
        self.start = start
        self.elapsedReally = { origin.duration(to: clock.now) }
        self.sleepReally = { try await clock.sleep(for: $0) }
    }

    /// Since the emulator's start.
    var elapsed: Duration {
        // A whole speed keeps the bill exact.
        if let whole = Int(exactly: self.speed) { return self.elapsedReally() * whole }
        return self.elapsedReally() * self.speed
    }

    func date(_ elapsed: Duration) -> Date { self.start.addingTimeInterval(elapsed / .seconds(1)) }

    var now: Date { self.date(self.elapsed) }

    func elapsed(at date: Date) -> Duration { .seconds(date.timeIntervalSince(self.start)) }

    func sleep(for duration: Duration) async throws { try await self.sleepReally(duration / self.speed) }
}
