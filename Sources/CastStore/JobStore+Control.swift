package import CastCore
package import Foundation
import GRDB

/// What a person does with the queue as a whole, or with a job that stands in it.
extension JobStore {
    /// Since when nothing of a kind is handed out, and why.
    package struct Pause: Sendable, Equatable {
        package var kind: JobKind
        package var since: Date
        package var reason: String?

        package init(kind: JobKind, since: Date, reason: String? = nil) {
            self.kind = kind
            self.since = since
            self.reason = reason
        }
    }

    package func pauses() async throws -> [Pause] {
        try await self.access.read { db in
            try Row.fetchAll(db, sql: "SELECT kind, since, reason FROM pause ORDER BY kind").compactMap { row in
                JobKind(rawValue: row["kind"]).map {
                    Pause(kind: $0, since: Date(stored: row["since"]), reason: row["reason"])
                }
            }
        }
    }

    /// Hands out nothing more of these kinds until they are resumed.
    ///
    /// What runs goes on. A pause outlives a restart; it is harmless to repeat.
    package func pause(_ kinds: [JobKind], reason: String?, at now: Date) async throws {
        try await self.access.write { db in
            for kind in kinds {
                try db.execute(
                    sql: "INSERT INTO pause (kind, since, reason) VALUES (?, ?, ?) ON CONFLICT (kind) DO NOTHING",
                    arguments: [kind.rawValue, now.stored, reason])
                guard db.changesCount > 0 else { continue }
                try EventStore.note(db, .queuePaused, detail: Self.detail(kind, reason), at: now)
            }
        }
    }

    package func resume(_ kinds: [JobKind], at now: Date) async throws {
        try await self.access.write { db in
            for kind in kinds {
                try db.execute(sql: "DELETE FROM pause WHERE kind = ?", arguments: [kind.rawValue])
                guard db.changesCount > 0 else { continue }
                try EventStore.note(db, .queueResumed, detail: Self.detail(kind, nil), at: now)
            }
        }
    }

    private static func detail(_ kind: JobKind, _ reason: String?) -> [String: JSONValue] {
        var detail: [String: JSONValue] = ["job_type": .string(kind.rawValue)]
        if let reason { detail["reason"] = .string(reason) }
        return detail
    }

    /// Puts a queued job before all others of its kind.
    ///
    /// - Throws: `.notFound`, or `.conflict` when the job is not queued.
    package func moveUp(_ id: JobID, at now: Date) async throws {
        try await self.access.write { db in
            guard let job = try JobRow.fetch(db, id) else { throw CastError(.notFound, "Job not found") }
            guard case .queued = job.state else {
                throw CastError(.conflict, "Only a queued job can be moved up; this one is not in the queue.")
            }
            try db.execute(
                sql: """
                    UPDATE job SET notBefore = min(notBefore, ?), priority =
                    (SELECT min(o.priority) - 1 FROM job o WHERE o.kind = job.kind AND o.state = 'queued') WHERE id = ?
                    """,
                arguments: [now.stored, id.rawValue])
        }
    }

    /// Takes all queued jobs out of the queue, or those of one kind or feed.
    ///
    /// - Returns: How many.
    package func cancelAll(kind: JobKind? = nil, feed: FeedID? = nil, at now: Date) async throws -> Int {
        try await self.access.write { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    DELETE FROM job WHERE state = 'queued' AND (:kind IS NULL OR kind = :kind)
                    AND (:feed IS NULL OR feedID = :feed) RETURNING episodeID
                    """,
                arguments: ["kind": kind?.rawValue, "feed": feed?.rawValue])
            for row in rows { try EpisodeRow.refreshState(db, EpisodeID(row["episodeID"]), at: now) }
            if !rows.isEmpty {
                try EventStore.note(db, .jobsCancelled, detail: ["count": .int(Int64(rows.count))], at: now)
            }
            return rows.count
        }
    }

    /// Removes the record of jobs that were completed before a time; episodes and transcripts stay.
    package func removeCompleted(before date: Date) async throws -> Int {
        try await self.access.write { db in
            try db.execute(
                sql: "DELETE FROM job WHERE state = 'completed' AND endedAt < ?", arguments: [date.stored])
            return db.changesCount
        }
    }

    /// Removes a job whatever its state; its holder hears at its next call that it has it no more.
    ///
    /// - Throws: `.notFound`.
    package func remove(_ id: JobID, at now: Date) async throws {
        try await self.access.write { db in
            guard let job = try JobRow.fetch(db, id) else { throw CastError(.notFound, "Job not found") }
            try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id.rawValue])
            try EpisodeRow.refreshState(db, job.episodeID, at: now)
            try EventStore.note(db, .jobCancelled, episode: job.episodeID, job: id, at: now)
        }
    }
}
