import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: Clock, Sendable {
    package struct Instant: InstantProtocol {
        package var offset: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(offset: self.offset + duration) }

        package func duration(to other: Instant) -> Duration { other.offset - self.offset }

        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var nextID = 0
        var sleepers: [Int: (deadline: Instant, resume: CheckedContinuation<Void, any Error>)] = [:]
        var watchers: [(id: Int, count: Int, resume: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { self.state.withLock { $0.now } }

    package var minimumResolution: Duration { .zero }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isDue, ready): (Bool, [CheckedContinuation<Void, Never>]) = self.state.withLock { state in
                    if deadline <= state.now || Task.isCancelled { return (true, []) }
                    state.sleepers[id] = (deadline, continuation)
                    let ready = state.watchers.filter { $0.count <= state.sleepers.count }
                    state.watchers.removeAll { $0.count <= state.sleepers.count }
                    return (false, ready.map(\.resume))
                }
                if isDue {
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else {
                        continuation.resume()
                    }
                }
                ready.forEach { $0.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume.resume(throwing: CancellationError())
        }
    }

    /// Returns once so many tasks sleep; without this line before `advance` a test races.
    ///
    /// A test that runs into its time limit is let go, so that it fails and does not hang.
    package func waitForSleepers(_ count: Int = 1) async {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = self.state.withLock { state in
                    if state.sleepers.count >= count || Task.isCancelled { return true }
                    state.watchers.append((id, count, continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            let watcher = self.state.withLock { state in
                state.watchers.firstIndex { $0.id == id }.map { state.watchers.remove(at: $0) }
            }
            watcher?.resume.resume()
        }
    }

    /// Moves the time, and wakes whoever slept until then, the earliest first.
    package func advance(by duration: Duration) {
        let due = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            due.keys.forEach { state.sleepers.removeValue(forKey: $0) }
            return due.values.sorted { $0.deadline < $1.deadline }.map(\.resume)
        }
        due.forEach { $0.resume() }
    }

    /// Moves the time second by second until something is true; for code with many loops of its own.
    ///
    /// Between two seconds the code under test gets a millisecond of real time, so that files and sockets keep up; how
    /// far the time goes is thus not exact to the second.
    /// - Returns: False when it was not true after `limit`.
    package func advance(
        upTo limit: Duration = .seconds(3600), until condition: @Sendable () -> Bool
    ) async -> Bool {
        let end = self.now.advanced(by: limit)
        while !condition() {
            guard self.now < end else { return false }
            self.advance(by: .seconds(1))
            try? await Task.sleep(for: .milliseconds(1))
        }
        return true
    }
}
