/// Finds the segments of a batch that cannot be recognised, and keeps the words of all others.
///
/// A part that fails is tried again in halves, those that wait before it first: so a single segment that is at fault
/// shows by what goes well around it. A segment that fails twice on its own is given up.
package struct BatchSearch: Sendable {
    package struct Part: Sendable, Equatable {
        package var range: Range<Int>
        /// How often it has failed as it is.
        package var failures = 0
    }

    private var waiting: [Part]
    private var outcomes: [BatchResult.Segment?]

    package init(count: Int) {
        self.waiting = count > 0 ? [Part(range: 0..<count)] : []
        self.outcomes = Array(repeating: nil, count: count)
    }

    /// What is to be recognised next; nil when every segment has its outcome.
    package mutating func next() -> Part? { self.waiting.isEmpty ? nil : self.waiting.removeFirst() }

    package mutating func succeed(_ part: Part, with segments: [BatchResult.Segment]) {
        for (index, segment) in zip(part.range, segments) { self.outcomes[index] = segment }
    }

    /// The part failed, for a reason that may lie in one of its segments.
    package mutating func fail(_ part: Part, reason: String) {
        if let (first, second) = Self.halves(of: part) {
            self.waiting += [first, second]
        } else if part.failures == 0 {
            self.waiting.append(Part(range: part.range, failures: 1))
        } else {
            self.outcomes[part.range.lowerBound] = BatchResult.Segment([], failure: reason)
        }
    }

    /// The part is too large to go in at once.
    ///
    /// - Returns: False when it cannot be smaller.
    package mutating func split(_ part: Part) -> Bool {
        guard let (first, second) = Self.halves(of: part) else { return false }
        self.waiting = [first, second] + self.waiting
        return true
    }

    /// What became of each segment, once there is nothing left to do.
    package var segments: [BatchResult.Segment] {
        self.outcomes.map { $0 ?? BatchResult.Segment([], failure: "not tried") }
    }

    /// Why nothing at all was recognised; nil when something was.
    package var totalFailure: String? {
        let segments = self.segments
        guard let first = segments.first?.failure, segments.allSatisfy({ $0.failure != nil }) else { return nil }
        return first
    }

    private static func halves(of part: Part) -> (Part, Part)? {
        guard part.range.count > 1 else { return nil }
        let middle = part.range.lowerBound + (part.range.count + 1) / 2
        return (Part(range: part.range.lowerBound..<middle), Part(range: middle..<part.range.upperBound))
    }
}
