/// How long something has been running, by whatever clock it was given.
package struct Uptime: Sendable {
    private let read: @Sendable () -> Duration

    package init(_ clock: some Clock<Duration>) {
        let begun = clock.now
        self.read = { begun.duration(to: clock.now) }
    }

    package var now: Duration { self.read() }
}

/// Runs an operation that a cancellation does not cut off at once: it gets so much more time to end by itself.
///
/// For a claim on its way when the node is told to stop: the server may have given a job away in it.
func finishing<Result: Sendable>(
    within limit: Duration, _ clock: any Clock<Duration>, _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let task = Task { try await operation() }
    return try await withTaskCancellationHandler {
        try await task.value
    } onCancel: {
        Task {
            try? await clock.sleep(for: limit)
            task.cancel()
        }
    }
}
