import Synchronization

/// What the server counts while it runs; everything else is read from the database when somebody asks.
package final class ServerMetrics: Sendable {
    /// Upper bounds of a request's duration, in seconds.
    static let bounds: [Double] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

    struct Requests: Sendable, Equatable {
        /// By the first digit of the status.
        var byClass: [Int: Int] = [:]
        /// How many took at most as long as the bound of the same place; the last one holds all.
        var buckets = [Int](repeating: 0, count: ServerMetrics.bounds.count + 1)
        var seconds = 0.0
    }

    private let value = Mutex(Requests())

    package init() {}

    func note(status: Int, seconds: Double) {
        self.value.withLock { requests in
            requests.byClass[status / 100, default: 0] += 1
            requests.seconds += seconds
            for (place, bound) in Self.bounds.enumerated() where seconds <= bound { requests.buckets[place] += 1 }
            requests.buckets[Self.bounds.count] += 1
        }
    }

    var requests: Requests { self.value.withLock { $0 } }
}
