import CastCore
import Foundation
import GRDB

/// Writes what is different between two states of the fleet's books.
enum FleetWriting {
    static func write(_ db: GRDB.Database, _ books: FleetBooks, over before: FleetBooks) throws {
        for (instance, pod) in books.pods where before.pods[instance] != pod { try self.save(db, pod) }
        for instance in before.pods.keys where books.pods[instance] == nil {
            try db.execute(sql: "DELETE FROM pod WHERE instance = ?", arguments: [instance.text])
        }
        for (id, run) in books.runs where before.runs[id] != run { try self.save(db, run) }
        if books.launches != before.launches { try self.save(db, books.launches) }
        if books.refusals != before.refusals { try self.save(db, books.refusals) }
        try self.saveRest(db, books, over: before)
    }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func save(_ db: GRDB.Database, _ pod: Pod) throws {
        try db.execute(
            sql: """
                INSERT INTO pod (instance, name, state, podID, nodeID, plannedAt, movedAt, body)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (instance) DO UPDATE SET name = excluded.name, state = excluded.state,
                    podID = excluded.podID, nodeID = excluded.nodeID, plannedAt = excluded.plannedAt,
                    movedAt = excluded.movedAt, body = excluded.body
                """,
            arguments: [
                pod.instance.text, pod.name, pod.stateName, pod.rental?.pod.rawValue, pod.node?.rawValue,
                pod.plannedAt.stored, pod.movedAt.stored, try self.text(pod),
            ])
    }

    private static func save(_ db: GRDB.Database, _ run: PodRun) throws {
        try db.execute(
            sql: """
                INSERT INTO podRun (id, instance, podID, gpu, gpuName, cloud, model, pricePerHour, startedAt, endedAt,
                    endReason, billed, jobs, audioSeconds, busySeconds, nodeID)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET gpu = excluded.gpu, gpuName = excluded.gpuName,
                    pricePerHour = excluded.pricePerHour, endedAt = excluded.endedAt, endReason = excluded.endReason,
                    billed = excluded.billed, jobs = excluded.jobs, audioSeconds = excluded.audioSeconds,
                    busySeconds = excluded.busySeconds, nodeID = excluded.nodeID
                """,
            arguments: [
                run.id, run.instance.text, run.pod.rawValue, run.gpu.rawValue, run.gpuName, run.cloud.rawValue,
                run.model, run.pricePerHour.micros, run.startedAt.stored, run.endedAt?.stored, run.endReason,
                run.billed?.micros, run.jobs, run.audioSeconds, run.busySeconds, run.node?.rawValue,
            ])
    }

    private static func save(_ db: GRDB.Database, _ launches: [Launch]) throws {
        try db.execute(sql: "DELETE FROM podLaunch")
        for (position, launch) in launches.suffix(FleetDatabase.launchMemory).enumerated() {
            try db.execute(
                sql: "INSERT INTO podLaunch (position, instance, at, failure) VALUES (?, ?, ?, ?)",
                arguments: [position, launch.instance.text, launch.at.stored, launch.failure])
        }
    }

    private static func save(_ db: GRDB.Database, _ refusals: [CapacityRefusal]) throws {
        try db.execute(sql: "DELETE FROM capacityRefusal")
        for refusal in refusals {
            try db.execute(
                sql: "INSERT INTO capacityRefusal (gpu, cloud, dataCentre, count, at) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    refusal.gpu.rawValue, refusal.cloud.rawValue, refusal.dataCentre?.rawValue ?? "", refusal.count,
                    refusal.at.stored,
                ])
        }
    }

    private static func saveRest(_ db: GRDB.Database, _ books: FleetBooks, over before: FleetBooks) throws {
        guard
            books.pause != before.pause || books.lastPurchaseAt != before.lastPurchaseAt
                || books.lastLeftAt != before.lastLeftAt || books.auditedAt != before.auditedAt
                || books.unexplained != before.unexplained
        else { return }
        let amounts = Dictionary(uniqueKeysWithValues: books.unexplained.map { ($0.rawValue, $1.micros) })
        try db.execute(
            sql: """
                UPDATE fleet SET pauseUntil = ?, pauseReason = ?, lastPurchaseAt = ?, lastLeftAt = ?, auditedAt = ?,
                    unexplained = ?
                """,
            arguments: [
                books.pause?.until.stored, books.pause?.reason, books.lastPurchaseAt?.stored,
                books.lastLeftAt?.stored, books.auditedAt?.stored, try self.text(amounts),
            ])
    }

    /// - Returns: The event with its id.
    static func insert(_ db: GRDB.Database, _ event: FleetEvent) throws -> FleetEvent {
        try db.execute(
            sql: "INSERT INTO fleetEvent (at, kind, instance, message, facts) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                event.at.stored, event.kind.rawValue, event.instance?.text, event.message, try self.text(event.facts),
            ])
        var stored = event
        stored.id = db.lastInsertedRowID
        return stored
    }
}
