package import CastCore
package import Foundation
import Synchronization

/// The fleet's books in memory, for tests of whatever keeps its books.
package final class MemoryFleetStore: FleetStore {
    private struct Content {
        var books = FleetBooks()
        var runs: [String: PodRun] = [:]
        var events: [FleetEvent] = []
        var changes = 0
        var failAfter: Int?
    }

    private let content = Mutex(Content())

    package init() {}

    /// How many changes were written.
    package var changes: Int { self.content.withLock { $0.changes } }

    /// From so many changes on, every one of them fails: as if the process had been killed there.
    package func fail(afterChange count: Int?) { self.content.withLock { $0.failAfter = count } }

    package func books(at now: Date) async throws -> FleetBooks { self.content.withLock { Self.view($0, at: now) } }

    @discardableResult
    package func change<Result: Sendable>(
        at now: Date, _ body: @escaping @Sendable (inout FleetBooks) throws -> Result
    ) async throws -> (result: Result, events: [FleetEvent]) {
        try self.content.withLock { content in
            if let failAfter = content.failAfter, content.changes >= failAfter {
                throw CastError(.unavailable, "The store is closed.")
            }
            let before = Self.view(content, at: now)
            var books = before
            let result = try body(&books)
            var events = books.events
            books.events = []
            for index in events.indices { events[index].id = Int64(content.events.count + index + 1) }
            if books != before { content.changes += 1 }
            content.events += events
            content.runs.merge(books.runs) { $1 }
            content.books = books
            return (result, events)
        }
    }

    package func events(of instance: InstanceID?, before id: Int64?, limit: Int) async throws -> [FleetEvent] {
        self.content.withLock { content in
            Array(
                content.events.reversed().filter { event in
                    (instance == nil || event.instance == instance) && (id.map { (event.id ?? 0) < $0 } ?? true)
                }.prefix(limit))
        }
    }

    package func runs(from start: Date, to end: Date) async throws -> [PodRun] {
        self.content.withLock { content in
            content.runs.values.filter { $0.startedAt < end && ($0.endedAt ?? .distantFuture) >= start }
                .sorted { $0.startedAt != $1.startedAt ? $0.startedAt > $1.startedAt : $0.id > $1.id }
        }
    }

    private static func view(_ content: Content, at now: Date) -> FleetBooks {
        var books = content.books
        books.pods = books.pods.filter {
            $0.value.isOpen || $0.value.node != nil || now.timeIntervalSince($0.value.movedAt) < self.memory
        }
        let needed = self.runsNeededSince(now)
        books.runs = content.runs.filter { ($0.value.endedAt ?? .distantFuture) >= needed }
        books.launches = books.launches.suffix(self.launchMemory)
        books.speeds = MeasuredSpeed.sum(
            content.runs.values.filter { $0.startedAt >= now - self.speedMemory })
        return books
    }
}
