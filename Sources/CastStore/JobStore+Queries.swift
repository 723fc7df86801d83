package import CastCore
package import Foundation
import GRDB

/// What people and the page see of the queue.
extension JobStore {
    /// How many jobs of a kind are in each state.
    package struct Counts: Sendable, Equatable {
        package var queued = 0
        package var running = 0
        package var completed = 0
        package var failed = 0

        package init(queued: Int = 0, running: Int = 0, completed: Int = 0, failed: Int = 0) {
            self.queued = queued
            self.running = running
            self.completed = completed
            self.failed = failed
        }
    }

    /// A job with the name of what it is for.
    package struct Listed: Sendable, Equatable {
        package var job: Job
        package var episodeTitle: String
        package var feedID: FeedID
        package var feedTitle: String
        /// The name of the node that holds it.
        package var nodeName: String?
    }

    package func get(_ id: JobID) async throws -> Job {
        try await self.access.read { db in
            guard let job = try JobRow.fetch(db, id) else { throw CastError(.notFound, "Job not found") }
            return job
        }
    }

    /// The active jobs of some episodes; a running one goes before a queued one.
    package func active(of episodes: [EpisodeID]) async throws -> [EpisodeID: Job] {
        let ids = String(decoding: try JSONEncoder().encode(episodes), as: UTF8.self)
        return try await self.access.read { db in
            let jobs = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(JobRow.columns) FROM job WHERE state IN ('queued', 'running')
                    AND episodeID IN (SELECT value FROM json_each(?)) ORDER BY state
                    """,
                arguments: [ids]
            ).map(JobRow.job)
            return Dictionary(jobs.map { ($0.episodeID, $0) }) { _, running in running }
        }
    }

    package func counts() async throws -> [JobKind: Counts] {
        try await self.access.read { db in
            var counts: [JobKind: Counts] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT kind, state, count(*) AS n FROM job GROUP BY kind, state") {
                guard let kind = JobKind(rawValue: row["kind"]) else { continue }
                switch row["state"] as String {
                case "queued": counts[kind, default: Counts()].queued = row["n"]
                case "running": counts[kind, default: Counts()].running = row["n"]
                case "completed": counts[kind, default: Counts()].completed = row["n"]
                default: counts[kind, default: Counts()].failed = row["n"]
                }
            }
            return counts
        }
    }

    /// Running jobs, oldest lease first.
    package func running(kind: JobKind? = nil) async throws -> [Listed] {
        let filter = kind.map { " AND j.kind = '\($0.rawValue)'" } ?? ""
        return try await self.list(
            where: "j.state = 'running'\(filter)", order: "j.leaseSince, j.id", arguments: [], limit: -1)
    }

    /// Queued jobs in the order in which they will be handed out; those that back off come at their time.
    package func queued(kind: JobKind? = nil, dueAt: Date? = nil, limit: Int) async throws -> [Listed] {
        // The filters that are given and no others: only so the index that claims use serves here as well.
        let filter = kind.map { " AND j.kind = '\($0.rawValue)'" } ?? ""
        return try await self.list(
            where: "j.state = 'queued'\(filter)" + (dueAt == nil ? "" : " AND j.notBefore <= ?"),
            order: "j.priority, j.lane, j.turn, j.scheduledAt, j.id", arguments: dueAt.map { [$0.stored] } ?? [],
            limit: limit)
    }

    /// Jobs that ended in a way, the last ones first.
    ///
    /// - Parameter state: `completed` or `failed`.
    package func ended(_ state: String, kind: JobKind? = nil, limit: Int) async throws -> [Listed] {
        let filter = kind.map { " AND j.kind = '\($0.rawValue)'" } ?? ""
        return try await self.list(
            where: "j.endedAt IS NOT NULL AND j.state = ?\(filter)", order: "j.endedAt DESC, j.id DESC",
            arguments: [state], limit: limit)
    }

    /// What waits for nodes of a model: jobs that one would get if it asked now, and the audio of these and of the
    /// running ones, less what is done of it.
    ///
    /// - Parameter unknown: Seconds for an episode whose length nobody says.
    package func waiting(
        for model: String?, unknown: Double, at now: Date
    ) async throws -> (claimable: Int, audioSeconds: Double) {
        try await self.access.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*) AS n, total(coalesce(e.duration, :unknown)) AS seconds
                    FROM job j JOIN episode e ON e.id = j.episodeID
                    WHERE j.kind = 'transcribe' AND j.state = 'queued' AND j.notBefore <= :now
                    AND (j.model IS NULL OR j.model = :model)
                    AND NOT EXISTS (SELECT 1 FROM pause WHERE kind = 'transcribe')
                    """,
                arguments: ["unknown": unknown, "now": now.stored, "model": model])
            let running = try Double.fetchOne(
                db,
                sql: """
                    SELECT total(coalesce(e.duration, ?) * (100 - j.progress) / 100.0)
                    FROM job j JOIN episode e ON e.id = j.episodeID WHERE j.kind = 'transcribe' AND j.state = 'running'
                    AND (j.model IS NULL OR j.model = ?)
                    """,
                arguments: [unknown, model])
            return (row?["n"] ?? 0, (row?["seconds"] ?? 0) + (running ?? 0))
        }
    }

    /// What a node has got done since it registered: jobs, seconds of audio, seconds of work.
    package func done(by node: NodeID) async throws -> (jobs: Int, audioSeconds: Double, busySeconds: Double) {
        try await self.access.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*) AS n, total(e.duration) AS audio,
                    total(a.endedAt - coalesce(a.begunAt, a.startedAt)) AS busy
                    FROM attempt a JOIN job j ON j.id = a.jobID JOIN episode e ON e.id = j.episodeID
                    WHERE a.nodeID = ? AND a.outcome = 'completed'
                    """,
                arguments: [node.rawValue])
            return (row?["n"] ?? 0, row?["audio"] ?? 0, row?["busy"] ?? 0)
        }
    }

    /// A transcription that was done, and how long that took.
    package struct Transcribed: Sendable, Equatable {
        package var nodeID: NodeID
        package var nodeName: String?
        package var endedAt: Date
        package var audioSeconds: Double?
        package var workSeconds: Double
    }

    /// The transcriptions that ended since a time.
    package func transcribed(since date: Date) async throws -> [Transcribed] {
        try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT a.nodeID, n.name, j.endedAt, e.duration, a.endedAt - coalesce(a.begunAt, a.startedAt) AS work
                    FROM job j JOIN attempt a ON a.jobID = j.id AND a.outcome = 'completed'
                    JOIN episode e ON e.id = j.episodeID LEFT JOIN node n ON n.id = a.nodeID
                    WHERE j.kind = 'transcribe' AND j.state = 'completed' AND j.endedAt >= ?
                    """,
                arguments: [date.stored]
            ).map { row in
                Transcribed(
                    nodeID: NodeID(row["nodeID"]), nodeName: row["name"], endedAt: Date(stored: row["endedAt"]),
                    audioSeconds: row["duration"], workSeconds: row["work"])
            }
        }
    }

    func list(
        where condition: String, order: String, arguments: StatementArguments, limit: Int
    ) async throws -> [Listed] {
        let columns = JobRow.columns.split(separator: ", ").map { "j.\($0)" }.joined(separator: ", ")
        return try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(columns), e.title AS episodeTitle, e.feedID AS feedID,
                    coalesce(f.customTitle, f.title) AS feedTitle, n.name AS nodeName
                    FROM job j CROSS JOIN episode e ON e.id = j.episodeID CROSS JOIN feed f ON f.id = e.feedID
                    LEFT JOIN node n ON n.id = j.nodeID
                    WHERE \(condition) ORDER BY \(order) LIMIT \(limit)
                    """,
                arguments: arguments
            ).map { row in
                Listed(
                    job: try JobRow.job(row), episodeTitle: row["episodeTitle"], feedID: FeedID(row["feedID"]),
                    feedTitle: row["feedTitle"], nodeName: row["nodeName"])
            }
        }
    }

    /// Takes a queued job out of the queue for good.
    ///
    /// - Throws: `.notFound`, or `.conflict` when the job is not queued.
    package func cancel(_ id: JobID, at now: Date) async throws {
        try await self.access.write { db in
            guard let job = try JobRow.fetch(db, id) else { throw CastError(.notFound, "Job not found") }
            guard case .queued = job.state else {
                throw CastError(.conflict, "Only a queued job can be cancelled. Reset a running one first.")
            }
            try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id.rawValue])
            try EpisodeRow.refreshState(db, job.episodeID, at: now)
            try EventStore.note(db, .jobCancelled, episode: job.episodeID, job: id, at: now)
        }
    }

    /// Queues every failed job again whose episode has no active job of that kind, with all its tries.
    ///
    /// - Returns: How many.
    package func retryAllFailed(at now: Date) async throws -> Int {
        try await self.access.write { db in
            // The newest failed job of an episode and kind speaks for the older ones.
            let ids = try Self.givenUp(db)
            for id in ids {
                guard let job = try JobRow.fetch(db, JobID(id)) else { continue }
                _ = try Self.apply(db, .retried, to: job, at: now, jitter: 0)
            }
            return ids.count
        }
    }

    /// Queues one failed job again.
    ///
    /// - Throws: `.notFound`, or `.conflict` when it has not failed or another one is active.
    package func retry(_ id: JobID, at now: Date) async throws {
        try await self.access.write { db in
            guard let job = try JobRow.fetch(db, id) else { throw CastError(.notFound, "Job not found") }
            do {
                guard try Self.apply(db, .retried, to: job, at: now, jitter: 0).verdict == .changed else {
                    throw CastError(.conflict, "Only a failed job can be retried.")
                }
            } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
                throw CastError(.conflict, "The episode already has such a job in the queue.", cause: error)
            }
        }
    }
}
