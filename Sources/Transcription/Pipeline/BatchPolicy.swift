/// Which of the waiting segments make the next call of the engine.
///
/// The first one that waits is always in it, so nothing starves and files are done in the order in which they came.
/// With it go, as far as the limits allow, the next in line; for an engine that computes as long as the longest segment
/// takes, those of like length: of all lengths and widths the choice is the one that leaves least of the call empty.
package enum BatchPolicy {
    package struct Choice: Sendable, Equatable {
        /// Places in the list of those that wait, ascending.
        package var places: [Int]
        /// Whether no further segment of this length would fit.
        package var isFull: Bool
    }

    /// How far the lengths in a call may lie apart, in seconds; the last one holds everything.
    private static let widths = [1.0, 2, 4, 8, .infinity]
    /// What a call costs beside its audio, as a share of the largest call: so small calls are only chosen if need be.
    private static let overhead = 0.05

    /// - Parameter lengths: Seconds of the segments that wait, first come first.
    package static func choose(_ lengths: [Double], _ limits: BatchLimits) -> Choice {
        guard let first = lengths.first else { return Choice(places: [], isFull: false) }
        guard limits.wantsLikeLengths else { return self.inOrder(lengths, limits) }
        let ceiling = min(limits.paddedSeconds, Double(limits.segments) * (lengths.max() ?? first))
        var best: (value: Double, choice: Choice)?
        for width in self.widths {
            for longest in Set(lengths) where longest >= first && first > longest - width {
                let room = self.room(for: longest, limits)
                var places: [Int] = []
                var used = 0.0
                for (place, length) in lengths.enumerated() where length <= longest && length > longest - width {
                    places.append(place)
                    used += length
                    if places.count == room { break }
                }
                let cost = longest * Double(places.count) + self.overhead * ceiling
                guard used / cost > best?.value ?? 0 else { continue }
                best = (used / cost, Choice(places: places, isFull: places.count == room))
            }
        }
        return best?.choice ?? Choice(places: [0], isFull: false)
    }

    /// The next in line, as many as fit.
    private static func inOrder(_ lengths: [Double], _ limits: BatchLimits) -> Choice {
        var longest = 0.0
        var count = 0
        for length in lengths {
            let now = max(longest, length)
            guard count == 0 || count < self.room(for: now, limits) else {
                return Choice(places: Array(0..<count), isFull: true)
            }
            longest = now
            count += 1
        }
        return Choice(places: Array(0..<count), isFull: count >= self.room(for: longest, limits))
    }

    /// How many segments of a length a call may hold; one always.
    private static func room(for length: Double, _ limits: BatchLimits) -> Int {
        let fitting = length > 0 ? limits.paddedSeconds / length : .infinity
        return max(1, min(limits.segments, fitting >= Double(limits.segments) ? limits.segments : Int(fitting)))
    }
}
