import Synchronization

/// Wakes one loop: a ring that nobody hears is kept until the loop listens.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var listener: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    package func ring() {
        let listener = self.state.withLock { state in
            defer { state.listener = nil }
            if state.listener == nil { state.isRung = true }
            return state.listener
        }
        listener?.resume()
    }

    /// Returns at the next ring, or when the task is cancelled.
    package func wait() async {
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
    package func wait(upTo limit: Duration, _ clock: any Clock<Duration>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await clock.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }
}
