import CastCore
import Foundation
import GRDB

/// The job table's columns, to and from a `Job`.
enum JobRow {
    static let columns = """
        id, episodeID, kind, priority, lane, model, isSecondTry, attempts, maxAttempts, error, createdAt, scheduledAt, followUp, state, notBefore, \
        nodeID, attemptID, leaseSince, leaseUntil, hasBegun, progress, touchedAt, missingSince, endedAt
        """

    static func fetch(_ db: GRDB.Database, _ id: JobID) throws -> Job? {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM job WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.rawValue]).map(Self.job)
    }

    static func job(_ row: Row) throws -> Job {
        guard let kind = JobKind(rawValue: row["kind"]) else {
            throw CastError(.internalFault, "The database holds a job of an unknown kind.")
        }
        return Job(
            id: JobID(row["id"]), episodeID: EpisodeID(row["episodeID"]), kind: kind, priority: row["priority"],
            lane: JobLane(rawValue: row["lane"]) ?? .archive, model: row["model"], isSecondTry: row["isSecondTry"],
            attempts: row["attempts"], maxAttempts: row["maxAttempts"], error: row["error"],
            createdAt: Date(stored: row["createdAt"]), scheduledAt: Date(stored: row["scheduledAt"]),
            followUp: (row["followUp"] as String?).flatMap(JobKind.init(rawValue:)), state: try Self.state(row))
    }

    private static func state(_ row: Row) throws -> Job.State {
        let node = (row["nodeID"] as String?).map(NodeID.init)
        switch row["state"] as String {
        case "queued":
            return .queued(notBefore: Date(stored: row["notBefore"]))
        case "running":
            guard let node else { throw CastError(.internalFault, "The database holds a running job of nobody.") }
            return .running(
                Job.Lease(
                    holder: node, attempt: row["attemptID"], since: Date(stored: row["leaseSince"]),
                    until: Date(stored: row["leaseUntil"]), hasBegun: row["hasBegun"], progress: row["progress"],
                    touchedAt: Date(stored: row["touchedAt"]), missingSince: Date(stored: row["missingSince"])))
        case "completed":
            return .completed(by: node, at: Date(stored: row["endedAt"]))
        default:
            return .failed(at: Date(stored: row["endedAt"]))
        }
    }

    /// Writes everything that an event may change.
    static func update(_ db: GRDB.Database, _ job: Job) throws {
        var state = "queued"
        var notBefore: Double?
        var node: String?
        var lease: Job.Lease?
        var endedAt: Double?
        var progress = 0
        switch job.state {
        case .queued(let date):
            notBefore = date.stored
        case .running(let held):
            state = "running"
            node = held.holder.rawValue
            lease = held
            progress = held.progress
        case .completed(let by, let date):
            state = "completed"
            node = by?.rawValue
            endedAt = date.stored
            progress = 100
        case .failed(let date):
            state = "failed"
            endedAt = date.stored
        }
        let statement = try db.cachedStatement(
            sql: """
                UPDATE job SET priority = ?, attempts = ?, error = ?, scheduledAt = ?, followUp = ?, state = ?, \
                notBefore = ?, nodeID = ?, attemptID = ?, leaseSince = ?, leaseUntil = ?, hasBegun = ?, progress = ?, \
                touchedAt = ?, missingSince = ?, endedAt = ? WHERE id = ?
                """)
        try statement.execute(arguments: [
            job.priority, job.attempts, job.error, job.scheduledAt.stored, job.followUp?.rawValue, state, notBefore,
            node, lease?.attempt, lease?.since.stored, lease?.until.stored, lease?.hasBegun ?? false, progress,
            lease?.touchedAt.stored, lease?.missingSince?.stored, endedAt, job.id.rawValue,
        ])
    }
}
