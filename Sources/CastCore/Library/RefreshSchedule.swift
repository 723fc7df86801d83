package import Foundation

/// When a feed is looked at again.
package enum RefreshSchedule {
    /// Longest time between two looks at a feed that fails, in seconds.
    package static let longest: TimeInterval = 86_400

    /// The time of the next look.
    ///
    /// Two hundred feeds that were added in one minute must not be asked in one minute for ever: each look is moved by up
    /// to a tenth of the interval. A feed that fails is asked less and less, once a day at least.
    ///
    /// - Parameters:
    ///   - interval: Seconds between two looks at a feed that answers.
    ///   - failures: How many looks failed in a row.
    ///   - jitter: −1 to 1, drawn by the caller.
    package static func next(after now: Date, interval: TimeInterval, failures: Int, jitter: Double) -> Date {
        let backedOff = interval * pow(2, Double(min(max(0, failures), 16)))
        let wait = failures == 0 ? interval : max(interval, min(backedOff, Self.longest))
        return now + wait * (1 + 0.1 * min(1, max(-1, jitter)))
    }
}
