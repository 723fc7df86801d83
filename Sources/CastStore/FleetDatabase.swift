package import CastCore
package import Foundation
import GRDB

/// The fleet's books in the database.
package struct FleetDatabase: FleetStore {
    let access: StoreAccess

    package func books(at now: Date) async throws -> FleetBooks {
        try await self.access.read { db in try Self.read(db, at: now) }
    }

    @discardableResult
    package func change<Result: Sendable>(
        at now: Date, _ body: @escaping @Sendable (inout FleetBooks) throws -> Result
    ) async throws -> (result: Result, events: [FleetEvent]) {
        try await self.access.write { db in
            let before = try Self.read(db, at: now)
            var books = before
            let result = try body(&books)
            try FleetWriting.write(db, books, over: before)
            let events = try books.events.map { try FleetWriting.insert(db, $0) }
            for event in events { try Self.tell(db, event) }
            return (result, events)
        }
    }

    /// The same for whoever listens to everything.
    private static func tell(_ db: GRDB.Database, _ event: FleetEvent) throws {
        var detail: [String: JSONValue] = ["kind": .string(event.kind.rawValue), "message": .string(event.message)]
        if let id = event.id { detail["fleet_event_id"] = .int(id) }
        if let instance = event.instance { detail["instance_id"] = .string(instance.text) }
        try EventStore.note(db, .fleetChanged, detail: detail, at: event.at)
    }

    package func events(of instance: InstanceID?, before id: Int64?, limit: Int) async throws -> [FleetEvent] {
        try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, at, kind, instance, message, facts FROM fleetEvent
                    WHERE id < ?1 AND (?2 IS NULL OR instance = ?2) ORDER BY id DESC LIMIT ?3
                    """,
                arguments: [id ?? .max, instance?.text, limit]
            ).compactMap(FleetReading.event)
        }
    }

    package func runs(from start: Date, to end: Date) async throws -> [PodRun] {
        try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM podRun WHERE startedAt < ? AND (endedAt IS NULL OR endedAt >= ?)
                    ORDER BY startedAt DESC, id DESC
                    """,
                arguments: [end.stored, start.stored]
            ).compactMap(FleetReading.run)
        }
    }

    /// What the workers of the runs of a time have transcribed.
    package func work(from start: Date, to end: Date) async throws -> [FleetCosts.Work] {
        try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT r.id AS run, e.id AS episode, e.title AS title, f.id AS feed,
                        coalesce(f.customTitle, f.title) AS feedTitle, total(e.duration) AS audio,
                        total(a.endedAt - coalesce(a.begunAt, a.startedAt)) AS busy
                    FROM podRun r JOIN attempt a ON a.nodeID = r.nodeID AND a.outcome = 'completed'
                        JOIN job j ON j.id = a.jobID JOIN episode e ON e.id = j.episodeID JOIN feed f ON f.id = e.feedID
                    WHERE r.startedAt < ? AND (r.endedAt IS NULL OR r.endedAt >= ?)
                    GROUP BY r.id, e.id ORDER BY r.id, e.id
                    """,
                arguments: [end.stored, start.stored]
            ).map {
                FleetCosts.Work(
                    run: $0["run"], episode: EpisodeID($0["episode"] as Int64), title: $0["title"],
                    feed: FeedID($0["feed"] as Int64), feedTitle: $0["feedTitle"], audioSeconds: $0["audio"],
                    busySeconds: $0["busy"])
            }
        }
    }

    /// Removes events that are older than a time, and pods that are gone for longer than the books keep them.
    package func prune(before date: Date, at now: Date) async throws {
        try await self.access.write(.soon) { db in
            try db.execute(sql: "DELETE FROM fleetEvent WHERE at < ?", arguments: [date.stored])
            try db.execute(
                sql: "DELETE FROM pod WHERE state = 'gone' AND nodeID IS NULL AND movedAt < ?",
                arguments: [(now - Self.memory).stored])
        }
    }

    private static func read(_ db: GRDB.Database, at now: Date) throws -> FleetBooks {
        var books = FleetBooks()
        let pods = try String.fetchAll(
            db, sql: "SELECT body FROM pod WHERE state <> 'gone' OR nodeID IS NOT NULL OR movedAt > ?",
            arguments: [(now - Self.memory).stored])
        for body in pods {
            let pod = try JSONDecoder().decode(Pod.self, from: Data(body.utf8))
            books.pods[pod.instance] = pod
        }
        let runs = try Row.fetchAll(
            db, sql: "SELECT * FROM podRun WHERE endedAt IS NULL OR endedAt >= ?",
            arguments: [Self.runsNeededSince(now).stored])
        for run in runs.compactMap(FleetReading.run) { books.runs[run.id] = run }
        books.launches = try Row.fetchAll(db, sql: "SELECT instance, at, failure FROM podLaunch ORDER BY position")
            .compactMap(FleetReading.launch)
        books.refusals = try Row.fetchAll(db, sql: "SELECT * FROM capacityRefusal ORDER BY at, gpu, cloud, dataCentre")
            .compactMap(FleetReading.refusal)
        if let row = try Row.fetchOne(db, sql: "SELECT * FROM fleet") { try FleetReading.fill(&books, from: row) }
        books.speeds = try FleetReading.speeds(db, since: now - Self.speedMemory)
        return books
    }
}
