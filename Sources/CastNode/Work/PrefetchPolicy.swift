/// How many jobs a node takes beside the one that it is at.
///
/// A few always; and where the recogniser is fast or the episodes are short, as many as keep it busy while the next ones
/// are fetched, within bounds: what one node holds, no other can do.
package struct PrefetchPolicy: Sendable, Equatable {
    /// Jobs that may be taken in any case.
    package var slots = 3
    /// More than so many are never taken.
    package var most = 16
    /// For how long there should be work in hand, in seconds.
    package var horizon = 45.0

    /// The length of an episode of which nothing is known, in seconds.
    package static let guess = 1800.0

    package init(slots: Int = 3) { self.slots = slots }

    /// What a number of bytes usually is: 128 kbit/s.
    package static func seconds(ofBytes bytes: Int64) -> Double { Double(bytes) / 16_000 }

    /// - Parameters:
    ///   - count: Jobs whose audio is here or on its way, beside the oldest in recognition.
    ///   - seconds: What is left of their audio.
    ///   - speed: Seconds of audio that the recogniser does in a second; nil until that is known.
    package func wantsMore(beside count: Int, seconds: Double, speed: Double?) -> Bool {
        if count < self.slots { return true }
        guard count < self.most, let speed else { return false }
        return seconds < speed * self.horizon
    }
}
