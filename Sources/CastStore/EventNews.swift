import GRDB
import Synchronization

/// Says that there are new events, as soon as they are committed, to whoever listens.
package final class EventNews: Sendable {
    private struct State {
        var next = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    init(_ writer: any DatabaseWriter) {
        writer.add(transactionObserver: Watch { [weak self] in self?.tell() }, extent: .databaseLifetime)
    }

    /// A signal for each commit that brought events; several that nobody waited for are one.
    package func listen() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
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

    private func tell() {
        let listeners = self.state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield() }
    }

    /// Looks at commits; GRDB calls it on the writer's queue.
    private final class Watch: TransactionObserver {
        private let onNews: () -> Void
        private var isNews = false

        init(_ onNews: @escaping () -> Void) { self.onNews = onNews }

        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool {
            if case .insert(let table) = eventKind { table == "event" } else { false }
        }

        func databaseDidChange(with event: DatabaseEvent) {
            self.isNews = true
            self.stopObservingDatabaseChangesUntilNextTransaction()
        }

        func databaseDidCommit(_ db: GRDB.Database) {
            if self.isNews { self.onNews() }
            self.isNews = false
        }

        func databaseDidRollback(_ db: GRDB.Database) { self.isNews = false }
    }
}
