import CastCore

/// Gives a body so much time.
///
/// `execute(timeout:)` of the HTTP client ends with the answer's head; a body that trickles in is ours to limit.
///
/// - Throws: `.timedOut` when the time is over, else what the body throws.
package func withTimeLimit<Result: Sendable>(
    _ limit: Duration, clock: any Clock<Duration> = ContinuousClock(), _ what: String,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await clock.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        guard let result = first else {
            throw CastError(.timedOut, "\(what) did not answer within \(limit.components.seconds) seconds.")
        }
        return result
    }
}
