import Synchronization

/// Wakes one loop: a ring that nobody hears is kept until the loop listens.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var listener: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let listener = self.state.withLock { state in
            defer { state.listener = nil }
            if state.listener == nil { state.isRung = true }
            return state.listener
        }
        listener?.resume()
    }

    /// Returns at the next ring, or when the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { listener in
                let isReady = self.state.withLock { state in
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.listener = listener
                    return false
                }
                if isReady { listener.resume() }
            }
        } onCancel: {
            let listener = self.state.withLock { state in
                defer { state.listener = nil }
                return state.listener
            }
            listener?.resume()
        }
    }

    /// Returns at the next ring, after `limit`, or when the task is cancelled; the caller looks again what is true.
    func wait(upTo limit: Duration, _ clock: any Clock<Duration>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await clock.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }
}

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
