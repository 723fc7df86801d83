import CastCore
import Synchronization

/// How far running jobs are, told to listeners as it happens and kept nowhere: the next report replaces it.
final class LiveProgress: Sendable {
    struct Report: Sendable, Equatable {
        var job: JobID
        var episode: EpisodeID
        var percent: Int
    }

    private struct State {
        var next = 0
        var listeners: [Int: AsyncStream<Report>.Continuation] = [:]
    }

    private let state = Mutex(State())

    func tell(_ report: Report) {
        let listeners = self.state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield(report) }
    }

    func listen() -> AsyncStream<Report> {
        let (stream, continuation) = AsyncStream.makeStream(of: Report.self, bufferingPolicy: .bufferingNewest(64))
        let number = self.state.withLock { state in
            state.next += 1
            state.listeners[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }
}
