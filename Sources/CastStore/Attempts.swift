import CastCore
import Foundation
import GRDB

/// The record of tries; written with the job's own change, in the same transaction.
enum Attempts {
    static func open(_ db: GRDB.Database, _ id: String, job: JobID, node: NodeID, at now: Date) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO attempt (id, jobID, nodeID, startedAt) VALUES (?, ?, ?, ?)")
        try statement.execute(arguments: [id, job.rawValue, node.rawValue, now.stored])
    }

    /// Whether the node ever held the job: then it may bring a late result.
    static func exist(_ db: GRDB.Database, job: JobID, node: NodeID) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM attempt WHERE jobID = ? AND nodeID = ?)")
        return try Bool.fetchOne(statement, arguments: [job.rawValue, node.rawValue]) ?? false
    }

    /// The try that the node lost by expiry and nobody has made up for; what a heartbeat may resume.
    ///
    /// A try that stood still is none: whoever hangs is not given the job back for saying that it still has it.
    static func lastExpired(
        _ db: GRDB.Database, job: JobID, node: NodeID
    ) throws -> (attempt: String, hasBegun: Bool)? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT id, nodeID, outcome, begunAt FROM attempt WHERE jobID = ?
                ORDER BY startedAt DESC, id DESC LIMIT 1
                """,
            arguments: [job.rawValue])
        guard let row, row["nodeID"] == node.rawValue, row["outcome"] == "expired" else { return nil }
        return (row["id"], row["begunAt"] != nil)
    }

    /// Closes the try that an event ends, or opens one again.
    static func follow(_ db: GRDB.Database, _ event: JobEvent, from old: Job, to new: Job, at now: Date) throws {
        if case .resumed(let lease) = event {
            try db.execute(
                sql: "UPDATE attempt SET endedAt = NULL, outcome = NULL, error = NULL WHERE id = ?",
                arguments: [lease.attempt])
            return
        }
        if case .completed(let node) = event { try Self.noteResult(db, of: old, by: node, at: now) }
        guard case .running(let lease) = old.state else { return }
        if case .running(let now) = new.state {
            guard now.hasBegun, !lease.hasBegun else { return }
            try db.execute(
                sql: "UPDATE attempt SET begunAt = coalesce(begunAt, ?) WHERE id = ?",
                arguments: [now.touchedAt.stored, lease.attempt])
            return
        }
        let outcome: String
        switch event {
        case .completed(let node):
            if node == lease.holder { return }
            outcome = "superseded"
        case .failed: outcome = "failed"
        case .leaseExpired: outcome = "expired"
        case .released, .interrupted, .stalled, .leftOut, .renewed, .touched, .progressed, .resumed, .retried:
            outcome = "released"
        }
        var error: String?
        if case .failed(_, let message, _) = event { error = message }
        let statement = try db.cachedStatement(
            sql: "UPDATE attempt SET endedAt = ?, outcome = ?, error = ? WHERE id = ?")
        try statement.execute(arguments: [now.stored, outcome, error, lease.attempt])
    }

    /// The try that brought the result, which may have lost its lease before: the record says who did the work.
    private static func noteResult(_ db: GRDB.Database, of job: Job, by node: NodeID, at now: Date) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE attempt SET endedAt = ?, outcome = 'completed', error = NULL WHERE id =
                (SELECT id FROM attempt WHERE jobID = ? AND nodeID = ? ORDER BY startedAt DESC, id DESC LIMIT 1)
                """)
        try statement.execute(arguments: [now.stored, job.id.rawValue, node.rawValue])
    }
}
