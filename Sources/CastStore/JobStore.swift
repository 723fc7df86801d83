package import CastCore
package import Foundation
import GRDB

/// The queue: every change of a job, each in one transaction with what follows from it.
package struct JobStore: Sendable {
    let writer: any DatabaseWriter

    /// A job that somebody just got, with what they need for it.
    package struct Claim: Sendable, Equatable {
        package var job: Job
        package var attempt: String
        package var episode: Episode
        package var language: String?
    }

    // MARK: Enqueueing

    /// Queues a job, ready at once.
    ///
    /// - Throws: `.notFound` for an unknown episode, `.conflict` when the episode has an active job of that kind.
    package func enqueue(
        _ kind: JobKind, for episode: EpisodeID, priority: Int = 10, followUp: JobKind? = nil, at now: Date
    ) async throws -> JobID {
        try await self.writer.write { db in
            guard try EpisodeRow.fetch(db, episode) != nil else {
                throw CastError(.notFound, "Episode not found")
            }
            return try Self.insert(db, kind, for: episode, priority: priority, followUp: followUp, at: now)
        }
    }

    /// Queues whatever an episode needs to become a transcript: its audio first, if that is not here.
    ///
    /// - Parameter again: Whether a transcript that is there is to be replaced by a new one.
    /// - Throws: `.conflict` when it is on its way or done already; `.invalid` when it has no audio anywhere.
    package func enqueueProcessing(
        of episode: EpisodeID, again: Bool = false, priority: Int = 10, at now: Date
    ) async throws -> JobID {
        try await self.writer.write { db in
            guard let found = try EpisodeRow.fetch(db, episode) else {
                throw CastError(.notFound, "Episode not found")
            }
            if !again, found.transcriptPath != nil {
                throw CastError(.conflict, "Episode already has a transcript. Use retranscribe to make it anew.")
            }
            if let active = try Self.activeKind(db, episode) {
                // A download that was asked for alone goes on to a transcript, which is what is wanted now.
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        UPDATE job SET followUp = 'transcribe' WHERE episodeID = ? AND kind = 'download'
                        AND state IN ('queued', 'running') AND followUp IS NULL RETURNING id
                        """,
                    arguments: [episode.rawValue])
                if let row { return JobID(row["id"]) }
                throw CastError(.conflict, "Episode already has a \(active) job in the queue.")
            }
            if found.audioPath != nil {
                return try Self.insert(db, .transcribe, for: episode, priority: priority, followUp: nil, at: now)
            }
            guard found.audioURL != nil else {
                throw CastError(.invalid, "Episode has neither audio nor an address to fetch it from.")
            }
            return try Self.insert(db, .download, for: episode, priority: priority, followUp: .transcribe, at: now)
        }
    }

    /// Queues the newest episodes of a feed (or of all feeds) that have no transcript and no active job.
    ///
    /// - Returns: How many jobs were queued. One statement a kind, however many episodes.
    package func enqueueAll(
        feed: FeedID?, newest limit: Int? = nil, priority: Int = 10, at now: Date
    ) async throws -> (queued: Int, skipped: Int) {
        try await self.writer.write { db in
            let filter = feed.map { "feedID = \($0.rawValue) AND" } ?? ""
            try db.execute(
                sql: """
                    CREATE TEMP TABLE chosen AS SELECT id, audioPath FROM episode
                    WHERE \(filter) transcriptPath IS NULL AND (audioPath IS NOT NULL OR audioURL IS NOT NULL)
                    ORDER BY publishedAt DESC, id DESC LIMIT :limit
                    """,
                arguments: ["limit": limit ?? -1])
            defer { try? db.execute(sql: "DROP TABLE temp.chosen") }
            let candidates = try Int.fetchOne(db, sql: "SELECT count(*) FROM chosen") ?? 0
            try db.execute(
                sql: """
                    DELETE FROM chosen WHERE EXISTS
                    (SELECT 1 FROM job WHERE episodeID = chosen.id AND state IN ('queued', 'running'))
                    """)
            // Failed ones are taken up again, like one that is queued by itself.
            try db.execute(
                sql: """
                    UPDATE job SET state = 'queued', notBefore = :now, scheduledAt = :now, priority = :priority, attempts = 0,
                    error = NULL, endedAt = NULL, nodeID = NULL, followUp = iif(kind = 'download', 'transcribe', NULL)
                    WHERE id IN (SELECT max(j.id) FROM chosen c JOIN job j ON j.episodeID = c.id
                        WHERE j.state = 'failed' AND j.kind = iif(c.audioPath IS NULL, 'download', 'transcribe')
                        GROUP BY c.id)
                    """,
                arguments: ["now": now.stored, "priority": priority])
            let revived = db.changesCount
            try db.execute(
                sql: """
                    INSERT INTO job (episodeID, kind, priority, attempts, maxAttempts, createdAt, scheduledAt, followUp, \
                    state, notBefore)
                    SELECT c.id, iif(c.audioPath IS NULL, 'download', 'transcribe'), ?, 0, ?, ?, ?,
                    iif(c.audioPath IS NULL, 'transcribe', NULL), 'queued', ?
                    FROM chosen c JOIN episode e ON e.id = c.id WHERE NOT EXISTS
                    (SELECT 1 FROM job WHERE episodeID = c.id AND state = 'queued')
                    ORDER BY e.publishedAt DESC, e.id DESC
                    """,
                arguments: [priority, Job.defaultMaxAttempts, now.stored, now.stored, now.stored])
            let queued = db.changesCount + revived
            try db.execute(
                sql: """
                    UPDATE episode SET error = NULL, state = iif(audioPath IS NULL, 'needs_audio', 'audio_ready'),
                    updatedAt = ? WHERE id IN (SELECT id FROM chosen)
                    """,
                arguments: [now.stored])
            return (queued, candidates - queued)
        }
    }

    /// Puts a job into the queue; one of that kind that had failed is taken up again instead of adding another.
    static func insert(
        _ db: GRDB.Database, _ kind: JobKind, for episode: EpisodeID, priority: Int, followUp: JobKind?, at now: Date
    ) throws -> JobID {
        do {
            let failed = try db.cachedStatement(
                sql: """
                    SELECT \(JobRow.columns) FROM job WHERE episodeID = ? AND kind = ? AND state = 'failed'
                    ORDER BY id DESC LIMIT 1
                    """)
            if let row = try Row.fetchOne(failed, arguments: [episode.rawValue, kind.rawValue]) {
                var job = try JobRow.job(row)
                job.priority = priority
                job.followUp = followUp
                job.scheduledAt = now
                _ = try Self.apply(db, .retried, to: job, at: now, jitter: 0)
                return job.id
            }
            try db.execute(
                sql: """
                    INSERT INTO job (episodeID, kind, priority, attempts, maxAttempts, createdAt, scheduledAt, followUp, \
                    state, notBefore) VALUES (?, ?, ?, 0, ?, ?, ?, ?, 'queued', ?)
                    """,
                arguments: [
                    episode.rawValue, kind.rawValue, priority, Job.defaultMaxAttempts, now.stored, now.stored,
                    followUp?.rawValue, now.stored,
                ])
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw CastError(.conflict, "Episode already has a \(kind.rawValue) job in the queue.", cause: error)
        }
        let id = JobID(db.lastInsertedRowID)
        try db.execute(sql: "UPDATE episode SET error = NULL WHERE id = ?", arguments: [episode.rawValue])
        try EpisodeRow.refreshState(db, episode, at: now)
        return id
    }

    private static func activeKind(_ db: GRDB.Database, _ episode: EpisodeID) throws -> String? {
        try String.fetchOne(
            db, sql: "SELECT kind FROM job WHERE episodeID = ? AND state IN ('queued', 'running')",
            arguments: [episode.rawValue])
    }

    // MARK: Claiming

    /// Hands out the next claimable job of a kind, or nothing; one statement finds and takes it.
    ///
    /// - Parameters:
    ///   - attempt: A new name for this try, never used before.
    ///   - until: When the lease runs out unless renewed.
    package func claim(
        _ kind: JobKind, by node: NodeID, attempt: String, until: Date, at now: Date
    ) async throws -> Claim? {
        try await self.writer.write { db in
            let statement = try db.cachedStatement(
                sql: """
                    UPDATE job SET state = 'running', notBefore = NULL, nodeID = :node, attemptID = :attempt,
                    leaseSince = :now, leaseUntil = :until, touchedAt = :now, hasBegun = 0, progress = 0,
                    missingSince = NULL, attempts = attempts + 1
                    WHERE id = (SELECT id FROM job WHERE kind = :kind AND state = 'queued' AND notBefore <= :now
                        ORDER BY priority, scheduledAt, id LIMIT 1)
                    RETURNING \(JobRow.columns)
                    """)
            let row = try Row.fetchOne(
                statement,
                arguments: [
                    "node": node.rawValue, "attempt": attempt, "now": now.stored, "until": until.stored,
                    "kind": kind.rawValue,
                ])
            guard let row else { return nil }
            let job = try JobRow.job(row)
            try Attempts.open(db, attempt, job: job.id, node: node, at: now)
            try EpisodeRow.refreshState(db, job.episodeID, at: now)
            guard let episode = try EpisodeRow.fetch(db, job.episodeID) else {
                throw CastError(.internalFault, "The database holds a job without its episode.")
            }
            let language = try String.fetchOne(
                try db.cachedStatement(sql: "SELECT language FROM feed WHERE id = ?"),
                arguments: [episode.feedID.rawValue])
            return Claim(job: job, attempt: attempt, episode: episode, language: language)
        }
    }

    // MARK: What happens to a claimed job

    /// Takes an event about one job.
    ///
    /// - Parameters:
    ///   - attempt: The try that the sender speaks of, if it says; an event of an earlier try is nobody's.
    /// - Returns: What it came to, and the job as it is now.
    /// - Throws: `.notFound` for an unknown job.
    package func handle(
        _ event: JobEvent, of id: JobID, attempt: String? = nil, at now: Date, jitter: Double = 0
    ) async throws -> (verdict: JobVerdict, job: Job) {
        try await self.writer.write { db in
            guard let job = try JobRow.fetch(db, id) else { throw CastError(.notFound, "Job not found") }
            if let attempt, case .running(let lease) = job.state, lease.attempt != attempt { return (.notHolder, job) }
            return try Self.apply(db, event, to: job, at: now, jitter: jitter)
        }
    }

    /// What a completed job leaves behind.
    package enum Product: Sendable, Equatable {
        /// A file below the storage folder, with its size in bytes, and the length of the audio where it is known.
        case audio(path: String, size: Int64, duration: Double?)
        /// The Markdown below the storage folder.
        case transcript(path: String, model: String?, source: String, duration: Double?)
    }

    /// Takes a result, once.
    ///
    /// - Parameters:
    ///   - install: Puts the finished files in place; called inside the transaction, only for the one result that is
    ///     taken, so that a crash leaves either the old state or a file that the next try replaces.
    /// - Returns: `.changed` for the result that was taken, `.unchanged` when the job was done already.
    /// - Throws: `.notFound` for an unknown job, `.forbidden` for a node that never had it.
    package func complete(
        _ id: JobID, by node: NodeID, product: Product, at now: Date, install: @Sendable () throws -> Void
    ) async throws -> JobVerdict {
        try await self.writer.write { db in
            guard let job = try JobRow.fetch(db, id) else { throw CastError(.notFound, "Job not found") }
            guard try Attempts.exist(db, job: id, node: node) else {
                throw CastError(.forbidden, "Job not assigned to this node")
            }
            // A job that failed may have been done since by another one of its kind.
            let isDone = try Bool.fetchOne(
                db,
                sql:
                    "SELECT EXISTS (SELECT 1 FROM job WHERE episodeID = ? AND kind = ? AND id > ? AND state = 'completed')",
                arguments: [job.episodeID.rawValue, job.kind.rawValue, job.id.rawValue])
            guard isDone == false,
                case .changed = try Self.apply(db, .completed(by: node), to: job, at: now, jitter: 0).verdict
            else { return .unchanged }
            try EpisodeRow.store(db, product, of: job.episodeID)
            if let next = job.followUp, try Self.activeKind(db, job.episodeID) == nil {
                _ = try Self.insert(
                    db, next, for: job.episodeID, priority: job.priority, followUp: nil, at: now)
            }
            try EpisodeRow.refreshState(db, job.episodeID, at: now)
            // Last, so that nothing in the database can fail once the files have changed.
            try install()
            return .changed
        }
    }

    /// Whether a node holds the job, or once held it.
    package func hasAttempt(_ id: JobID, by node: NodeID) async throws -> Bool {
        try await self.writer.read { db in try Attempts.exist(db, job: id, node: node) }
    }

    /// Gives every lease a new start; for the time after a stop, in which no holder could renew its own.
    package func renewAll(until: Date, at now: Date) async throws {
        try await self.writer.write { db in
            try db.execute(
                sql: """
                    UPDATE job SET leaseUntil = max(leaseUntil, ?), touchedAt = max(touchedAt, ?), missingSince = NULL
                    WHERE state = 'running' AND nodeID <> ?
                    """,
                arguments: [until.stored, now.stored, NodeID.server.rawValue])
        }
    }

    /// Takes back every lease that has run out, and those of jobs that had begun and stood still for too long.
    ///
    /// - Parameters:
    ///   - stalledBefore: A begun job that was last touched earlier is taken from its holder, heartbeat or not.
    package func expireLeases(at now: Date, stalledBefore: Date) async throws -> [Job] {
        try await self.writer.write { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(JobRow.columns) FROM job WHERE state = 'running' AND nodeID <> ?
                    AND (leaseUntil <= ? OR (hasBegun AND touchedAt < ?) OR touchedAt < ?)
                    """,
                arguments: [
                    NodeID.server.rawValue, now.stored, stalledBefore.stored, (now - Self.longestWait).stored,
                ])
            return try rows.map { row in
                let job = try JobRow.job(row)
                guard case .running(let lease) = job.state else { return job }
                let event: JobEvent = lease.until <= now ? .leaseExpired : .stalled
                return try Self.apply(db, event, to: job, at: now, jitter: 0).job
            }
        }
    }

    /// Longest time that a job may wait at its node untouched, in seconds, heartbeat or not.
    private static let longestWait: TimeInterval = 86_400

    /// Gives back what a holder had, without counting a try; for the server's own jobs at start, and for nodes that go.
    package func interruptAll(of node: NodeID, at now: Date) async throws -> Int {
        try await self.writer.write { db in
            let jobs = try Self.running(db, of: node)
            for job in jobs { _ = try Self.apply(db, .interrupted, to: job, at: now, jitter: 0) }
            return jobs.count
        }
    }

    // MARK: What all of that comes down to

    static func running(_ db: GRDB.Database, of node: NodeID) throws -> [Job] {
        try Row.fetchAll(
            db, sql: "SELECT \(JobRow.columns) FROM job WHERE state = 'running' AND nodeID = ?",
            arguments: [node.rawValue]
        ).map(JobRow.job)
    }

    /// The one way in which a job changes: the pure transition, the row, the attempt, the episode.
    static func apply(
        _ db: GRDB.Database, _ event: JobEvent, to job: Job, at now: Date, jitter: Double
    ) throws -> (verdict: JobVerdict, job: Job) {
        var changed = job
        let verdict = changed.handle(event, at: now, jitter: jitter)
        guard verdict == .changed else { return (verdict, job) }
        try JobRow.update(db, changed)
        try Attempts.follow(db, event, from: job, to: changed, at: now)
        switch event {
        case .renewed, .touched: break  // nothing that an episode shows
        case .progressed:
            // Only the first one: until then the job waits at its node.
            if case .running(let before) = job.state, !before.hasBegun {
                try EpisodeRow.refreshState(db, job.episodeID, at: now)
            }
        case .leftOut, .resumed, .released, .failed, .completed, .leaseExpired, .stalled, .interrupted, .retried:
            if case .failed = changed.state {
                try db.execute(
                    sql: "UPDATE episode SET error = ? WHERE id = ?",
                    arguments: [changed.error ?? "It failed.", job.episodeID.rawValue])
            } else if case .failed = job.state {
                try db.execute(sql: "UPDATE episode SET error = NULL WHERE id = ?", arguments: [job.episodeID.rawValue])
            }
            try EpisodeRow.refreshState(db, job.episodeID, at: now)
        }
        return (verdict, changed)
    }
}
