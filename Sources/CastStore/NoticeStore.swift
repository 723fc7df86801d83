package import CastCore
package import Foundation
import GRDB

/// Which of the fleet's events people have been told of by message.
package struct NoticeStore: Sendable {
    let access: StoreAccess

    /// The oldest event that people are to be told of and were not.
    ///
    /// - Returns: Nil where there is none, and the number of the newest event that was looked at.
    package func next() async throws -> (event: FleetEvent?, newest: Int64) {
        try await self.access.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT id, at, kind, instance, message, facts FROM fleetEvent
                    WHERE id > (SELECT noticedEvent FROM fleet)
                        AND facts ->> ?1 IS NOT NULL
                        AND NOT EXISTS (SELECT 1 FROM noticed WHERE subject = fleetEvent.facts ->> ?1)
                    ORDER BY id LIMIT 1
                    """,
                arguments: [FleetEvent.subjectFact])
            let newest = try Int64.fetchOne(db, sql: "SELECT max(id) FROM fleetEvent") ?? 0
            return (try row.flatMap(FleetReading.event), newest)
        }
    }

    /// Notes that people were told of an event, or that it cannot be done.
    package func finish(_ event: FleetEvent, wasSent: Bool, at now: Date) async throws {
        try await self.access.write { db in
            try db.execute(
                sql: "UPDATE fleet SET noticedEvent = max(noticedEvent, ?)", arguments: [event.id ?? 0])
            guard wasSent, let subject = event.facts[FleetEvent.subjectFact] else { return }
            try db.execute(
                sql: "INSERT INTO noticed (subject, at) VALUES (?, ?) ON CONFLICT (subject) DO NOTHING",
                arguments: [subject, now.stored])
        }
    }

    /// Lets events pass in silence.
    package func passOver(upTo newest: Int64) async throws {
        let isNew = try await self.access.read { db in
            try Bool.fetchOne(db, sql: "SELECT noticedEvent < ? FROM fleet", arguments: [newest]) ?? false
        }
        guard isNew else { return }
        try await self.access.write(.soon) { db in
            try db.execute(sql: "UPDATE fleet SET noticedEvent = max(noticedEvent, ?)", arguments: [newest])
        }
    }

    package func prune(before date: Date) async throws {
        try await self.access.write(.soon) { db in
            try db.execute(sql: "DELETE FROM noticed WHERE at < ?", arguments: [date.stored])
        }
    }
}
