package import Foundation
import Synchronization

/// Lets downloads wait for their turn at a host; one is shared by all downloads of a process.
package final class HostGate: Sendable {
    private struct State {
        var limits: HostLimits
        var nextTurn: HostLimits.Turn = 0
        var waiting: [HostLimits.Turn: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state: Mutex<State>

    package init(_ limits: HostLimits) { self.state = Mutex(State(limits: limits)) }

    /// Runs `work` as soon as the host of `url` has room, those who came first going first.
    ///
    /// Throws `CancellationError` when the task is cancelled while it waits, and what `work` throws.
    package func withTurn<Result>(at url: URL, _ work: () async throws -> Result) async throws -> Result {
        try await self.enter(url)
        defer { self.leave(url) }
        return try await work()
    }

    private func enter(_ url: URL) async throws {
        let turn = self.state.withLock { state -> HostLimits.Turn? in
            if state.limits.enter(url) { return nil }
            state.nextTurn += 1
            return state.nextTurn
        }
        guard let turn else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                // Room may have come since; and a task that was cancelled before finds nobody to wake it.
                let answer = self.state.withLock { state -> Swift.Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.limits.enter(url) { return .success(()) }
                    state.limits.wait(turn, for: url)
                    state.waiting[turn] = continuation
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                // Whose turn has come goes on, and sees for itself that it was cancelled.
                state.limits.giveUp(turn, for: url) ? state.waiting.removeValue(forKey: turn) : nil
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private func leave(_ url: URL) {
        let next = self.state.withLock { state in
            state.limits.leave(url).flatMap { state.waiting.removeValue(forKey: $0) }
        }
        next?.resume()
    }
}
