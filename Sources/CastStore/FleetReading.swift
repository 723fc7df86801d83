import CastCore
import Foundation
import GRDB

/// Rows of the fleet's tables as values; a row that a later version wrote differently is left out.
enum FleetReading {
    static func run(_ row: Row) -> PodRun? {
        guard let instance = InstanceID(row["instance"]), let cloud = Cloud(rawValue: row["cloud"]) else { return nil }
        var run = PodRun(
            id: row["id"], instance: instance, pod: PodID(row["podID"]), gpu: GPUID(row["gpu"]),
            gpuName: row["gpuName"], cloud: cloud, model: row["model"],
            pricePerHour: Money(micros: row["pricePerHour"]), startedAt: Date(stored: row["startedAt"] as Double),
            endedAt: Date(stored: row["endedAt"] as Double?), endReason: row["endReason"],
            billed: (row["billed"] as Int64?).map { Money(micros: $0) }, jobs: row["jobs"],
            audioSeconds: row["audioSeconds"], busySeconds: row["busySeconds"])
        run.node = (row["nodeID"] as String?).map { NodeID($0) }
        return run
    }

    static func launch(_ row: Row) -> Launch? {
        guard let instance = InstanceID(row["instance"]) else { return nil }
        return Launch(instance: instance, at: Date(stored: row["at"] as Double), failure: row["failure"])
    }

    static func refusal(_ row: Row) -> CapacityRefusal? {
        guard let cloud = Cloud(rawValue: row["cloud"]) else { return nil }
        let dataCentre = row["dataCentre"] as String
        return CapacityRefusal(
            gpu: GPUID(row["gpu"]), cloud: cloud, dataCentre: dataCentre.isEmpty ? nil : DataCentreID(dataCentre),
            count: row["count"], at: Date(stored: row["at"] as Double))
    }

    static func event(_ row: Row) throws -> FleetEvent? {
        guard let kind = FleetEvent.Kind(rawValue: row["kind"]) else { return nil }
        let facts = row["facts"] as String
        return FleetEvent(
            id: row["id"], at: Date(stored: row["at"] as Double), kind: kind,
            instance: (row["instance"] as String?).flatMap { InstanceID($0) }, row["message"],
            facts: try JSONDecoder().decode([String: String].self, from: Data(facts.utf8)))
    }

    static func fill(_ books: inout FleetBooks, from row: Row) throws {
        if let until = Date(stored: row["pauseUntil"] as Double?) {
            books.pause = FleetBooks.PurchasePause(until: until, reason: row["pauseReason"] ?? "")
        }
        books.lastPurchaseAt = Date(stored: row["lastPurchaseAt"] as Double?)
        books.lastLeftAt = Date(stored: row["lastLeftAt"] as Double?)
        books.auditedAt = Date(stored: row["auditedAt"] as Double?)
        let unexplained = row["unexplained"] as String
        let amounts = try JSONDecoder().decode([String: Int64].self, from: Data(unexplained.utf8))
        books.unexplained = Dictionary(amounts.map { (PodID($0), Money(micros: $1)) }) { first, _ in first }
    }

    static func speeds(_ db: GRDB.Database, since: Date) throws -> [MeasuredSpeed] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT gpu, model, sum(audioSeconds) AS audio, sum(busySeconds) AS busy, sum(jobs) AS jobs
                FROM podRun WHERE jobs > 0 AND startedAt >= ? GROUP BY gpu, model ORDER BY gpu, model
                """,
            arguments: [since.stored]
        ).map {
            MeasuredSpeed(
                gpu: GPUID($0["gpu"]), model: $0["model"], audioSeconds: $0["audio"], busySeconds: $0["busy"],
                jobs: $0["jobs"])
        }
    }
}
