package import CastCore
package import Foundation
import GRDB

/// The queue: every change of a job, each in one transaction with what follows from it.
package struct JobStore: Sendable {
    let access: StoreAccess

    /// A job that somebody just got, with what they need for it.
    package struct Claim: Sendable, Equatable {
        package var job: Job
        package var attempt: String
        package var episode: Episode
        package var language: String?
        /// The feed's address, or what stands in its place.
        package var feedURL: String
        /// Whether the feed asks not to be listed anywhere.
        package var isUnlisted: Bool
        /// Where a publisher has the audio that is here, and how to know it again.
        package var source: AudioSource?
    }

    static func activeKind(_ db: GRDB.Database, _ episode: EpisodeID) throws -> String? {
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
    ///   - model: The node's model: it gets jobs that ask for this one, and those that ask for none.
    package func claim(
        _ kind: JobKind, by node: NodeID, model: String? = nil, attempt: String, until: Date, at now: Date
    ) async throws -> Claim? {
        // A claim that a power cut undoes leaves a job in the queue, as it was.
        try await self.access.write(.soon) { db in
            let statement = try db.cachedStatement(
                sql: """
                    UPDATE job SET state = 'running', notBefore = NULL, nodeID = :node, attemptID = :attempt,
                    leaseSince = :now, leaseUntil = :until, touchedAt = :now, hasBegun = 0, progress = 0,
                    missingSince = NULL, attempts = attempts + 1
                    WHERE id = (SELECT id FROM (
                        SELECT * FROM (\(Self.first("model IS NULL")))
                        UNION ALL SELECT * FROM (\(Self.first("model = :model")))
                    ) ORDER BY priority, lane, turn, scheduledAt, id LIMIT 1)
                    AND NOT EXISTS (SELECT 1 FROM pause WHERE kind = :kind)
                    RETURNING \(JobRow.columns), feedID, turn
                    """)
            let row = try Row.fetchOne(
                statement,
                arguments: [
                    "node": node.rawValue, "attempt": attempt, "now": now.stored, "until": until.stored,
                    "kind": kind.rawValue, "model": model,
                ])
            guard let row else { return nil }
            let job = try JobRow.job(row)
            try Turns.noteHandedOut(db, kind, job.lane, turn: row["turn"])
            try Attempts.open(db, attempt, job: job.id, node: node, at: now)
            try EventStore.note(
                db, .jobRunning, episode: job.episodeID, feed: FeedID(row["feedID"]), job: job.id, node: node,
                detail: ["job_type": .string(kind.rawValue)], at: now)
            try EpisodeRow.refreshState(db, job.episodeID, at: now)
            guard let episode = try EpisodeRow.fetch(db, job.episodeID) else {
                throw CastError(.internalFault, "The database holds a job without its episode.")
            }
            let feed = try Row.fetchOne(
                try db.cachedStatement(sql: "SELECT language, url, isUnlisted FROM feed WHERE id = ?"),
                arguments: [episode.feedID.rawValue])
            return Claim(
                job: job, attempt: attempt, episode: episode, language: feed?["language"], feedURL: feed?["url"] ?? "",
                isUnlisted: feed?["isUnlisted"] ?? true,
                source: kind == .transcribe ? try AudioOrigins.fetch(db, of: episode.id) : nil)
        }
    }

    /// The first of the line among the jobs that ask for a model, or for none; one look into an index.
    private static func first(_ model: String) -> String {
        """
        SELECT id, priority, lane, turn, scheduledAt FROM job
        WHERE kind = :kind AND \(model) AND state = 'queued' AND notBefore <= :now
        ORDER BY priority, lane, turn, scheduledAt, id LIMIT 1
        """
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
        try await self.access.write(event.durability) { db in
            guard let job = try JobRow.fetch(db, id) else { throw CastError(.notFound, "Job not found") }
            if let attempt, case .running(let lease) = job.state, lease.attempt != attempt { return (.notHolder, job) }
            return try Self.apply(db, event, to: job, at: now, jitter: jitter)
        }
    }

    /// What a completed job leaves behind.
    package enum Product: Sendable, Equatable {
        /// A file below the storage folder, with its size in bytes, the length of the audio where it is known, and where
        /// it was fetched.
        case audio(path: String, size: Int64, duration: Double?, origin: AudioSource? = nil)
        /// The Markdown below the storage folder, and what can be said of the text.
        case transcript(
            path: String, model: String?, source: String, duration: Double?, quality: TranscriptQuality? = nil)
    }

    /// Takes a result, once.
    ///
    /// - Parameters:
    ///   - install: Puts the finished files in place; called inside the transaction, only for the one result that is
    ///     taken, so that a crash leaves either the old state or a file that the next try replaces.
    ///   - sync: Brings the files to the disk, before the commit; done once for all results that are committed together.
    ///   - secondTryModel: The model for a second try, where this transcript calls for one; it is queued in the same
    ///     transaction, once for an episode and its audio.
    ///   - setAside: Called instead of `install` with the result of a second try that is not better than what is there.
    /// - Returns: `.changed` for the result that was taken, `.unchanged` when the job was done already.
    /// - Throws: `.notFound` for an unknown job, `.forbidden` for a node that never had it.
    package func complete(
        _ id: JobID, by node: NodeID, product: Product, at now: Date, sync: (@Sendable () throws -> Void)? = nil,
        secondTryModel: String? = nil, setAside: (@Sendable () throws -> Void)? = nil,
        install: @escaping @Sendable () throws -> Void
    ) async throws -> JobVerdict {
        try await self.access.write(barrier: sync) { db in
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
            // A second try is compared with what is there, whenever it comes.
            guard isDone == false || job.isSecondTry,
                case .changed = try Self.apply(db, .completed(by: node), to: job, at: now, jitter: 0).verdict
            else { return .unchanged }
            guard try SecondTries.isKept(db, product, of: job, at: now) else {
                // The first transcript stays as it is, file and row.
                try setAside?()
                return .changed
            }
            try EpisodeRow.store(db, product, of: job.episodeID, at: now)
            if let secondTryModel {
                try SecondTries.queue(db, secondTryModel, after: job, product, at: now)
            }
            if let next = job.followUp, try Self.activeKind(db, job.episodeID) == nil {
                // It stays in its lane, however long the download took.
                let wish = Wish(priority: job.priority, freshFor: job.lane == .fresh ? .infinity : -.infinity)
                _ = try Self.insert(db, next, for: job.episodeID, wish, followUp: nil, at: now)
            }
            try EpisodeRow.refreshState(db, job.episodeID, at: now)
            // Last, so that nothing in the database can fail once the files have changed.
            try install()
            return .changed
        }
    }

    /// Whether a node holds the job, or once held it.
    package func hasAttempt(_ id: JobID, by node: NodeID) async throws -> Bool {
        try await self.access.read { db in try Attempts.exist(db, job: id, node: node) }
    }

    /// Gives every lease a new start; for the time after a stop, in which no holder could renew its own.
    package func renewAll(until: Date, at now: Date) async throws {
        try await self.access.write(.soon) { db in
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
        try await self.access.write { db in
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
        try await self.access.write { db in
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
            if job.isSecondTry {
                // The episode has its transcript, whatever becomes of this.
                try SecondTries.follow(db, from: job, to: changed, at: now)
            } else if case .failed = changed.state {
                try db.execute(
                    sql: "UPDATE episode SET error = ? WHERE id = ?",
                    arguments: [changed.error ?? "It failed.", job.episodeID.rawValue])
            } else if case .failed = job.state {
                try db.execute(sql: "UPDATE episode SET error = NULL WHERE id = ?", arguments: [job.episodeID.rawValue])
            }
            try EpisodeRow.refreshState(db, job.episodeID, at: now)
        }
        if let kind = Self.news(from: job.state, to: changed.state) {
            try EventStore.note(
                db, kind, episode: job.episodeID, job: job.id, node: changed.holder ?? job.holder,
                detail: Self.detail(of: event, changed), at: now)
        }
        return (verdict, changed)
    }

    /// What a change of state is called; a renewed lease and progress are no news.
    private static func news(from old: Job.State, to new: Job.State) -> Event.Kind? {
        switch (old, new) {
        case (.running, .running), (.queued, .queued), (.completed, .completed), (.failed, .failed): nil
        case (_, .queued): .jobQueued
        case (_, .running): .jobRunning
        case (_, .completed): .jobCompleted
        case (_, .failed): .jobFailed
        }
    }

    private static func detail(of event: JobEvent, _ job: Job) -> [String: JSONValue] {
        var detail: [String: JSONValue] = ["job_type": .string(job.kind.rawValue), "reason": .string(event.reason)]
        if let error = job.error { detail["error"] = .string(error) }
        if job.isSecondTry { detail["second_try"] = .bool(true) }
        return detail
    }
}

extension Job {
    /// Who works on it, or did it.
    fileprivate var holder: NodeID? {
        switch self.state {
        case .running(let lease): lease.holder
        case .completed(let node, _): node
        case .queued, .failed: nil
        }
    }
}

extension JobEvent {
    /// A lease that was renewed and then lost in a power cut runs out, which is harmless; everything else is to stay.
    fileprivate var durability: GroupCommit.Durability {
        switch self {
        case .renewed, .leftOut, .touched, .progressed: .soon
        case .resumed, .released, .failed, .completed, .leaseExpired, .stalled, .interrupted, .retried: .atOnce
        }
    }

    /// The event in one word, for the record.
    fileprivate var reason: String {
        switch self {
        case .renewed: "renewed"
        case .leftOut: "left_out"
        case .resumed: "resumed"
        case .touched: "touched"
        case .progressed: "progressed"
        case .released: "released"
        case .failed: "failed"
        case .completed: "completed"
        case .leaseExpired: "lease_expired"
        case .stalled: "stalled"
        case .interrupted: "interrupted"
        case .retried: "retried"
        }
    }
}
