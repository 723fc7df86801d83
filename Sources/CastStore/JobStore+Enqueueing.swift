package import CastCore
package import Foundation
import GRDB

/// Putting work into the queue.
extension JobStore {
    /// How what is queued is to be done.
    package struct Wish: Sendable, Equatable {
        /// Lower goes first.
        package var priority: Int
        /// Whether a transcript that is there is to be replaced by a new one, made by us.
        package var again: Bool
        /// Whether a transcript that the publisher offers will do, where the feed allows it.
        package var takesPublished: Bool
        /// Seconds after its publication during which an episode goes before the archive.
        package var freshFor: TimeInterval

        package init(
            priority: Int = 10, again: Bool = false, takesPublished: Bool = true,
            freshFor: TimeInterval = JobLane.freshFor
        ) {
            self.priority = priority
            self.again = again
            self.takesPublished = takesPublished
            self.freshFor = freshFor
        }
    }

    /// Queues a job, ready at once.
    ///
    /// - Throws: `.notFound` for an unknown episode, `.conflict` when the episode has an active job of that kind.
    package func enqueue(
        _ kind: JobKind, for episode: EpisodeID, _ wish: Wish = Wish(), followUp: JobKind? = nil, at now: Date
    ) async throws -> JobID {
        try await self.access.write { db in
            guard try EpisodeRow.fetch(db, episode) != nil else { throw CastError(.notFound, "Episode not found") }
            return try Self.insert(db, kind, for: episode, wish, followUp: followUp, at: now)
        }
    }

    /// Queues whatever an episode needs to become a transcript: the publisher's if there is one, else its audio if that
    /// is not here, else its recognition.
    ///
    /// - Throws: `.conflict` when it is on its way or done already; `.invalid` when it has no audio anywhere.
    package func enqueueProcessing(of episode: EpisodeID, _ wish: Wish = Wish(), at now: Date) async throws -> JobID {
        try await self.access.write { db in
            guard let found = try EpisodeRow.fetch(db, episode) else {
                throw CastError(.notFound, "Episode not found")
            }
            if !wish.again, found.transcriptPath != nil {
                throw CastError(.conflict, "Episode already has a transcript. Use retranscribe to make it anew.")
            }
            // Whoever wants it made anew does not wait for a second try that nobody has begun.
            if wish.again { try SecondTries.withdraw(db, of: "SELECT \(episode.rawValue)", at: now) }
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
                if let model = try SecondTries.runningModel(db, of: episode) {
                    throw CastError(
                        .conflict, "A second try with the model \(model) is running. Ask again when it has ended.")
                }
                throw CastError(.conflict, "Episode already has a \(active) job in the queue.")
            }
            guard let kind = try Self.kind(db, for: found, wish) else {
                throw CastError(.invalid, "Episode has neither audio nor an address to fetch it from.")
            }
            return try Self.insert(
                db, kind, for: episode, wish, followUp: kind == .download ? .transcribe : nil, at: now)
        }
    }

    /// The first step towards a transcript; nil when there is no way to one.
    private static func kind(_ db: GRDB.Database, for episode: Episode, _ wish: Wish) throws -> JobKind? {
        if !wish.again, wish.takesPublished, !episode.published.isEmpty, episode.publishedFault == nil {
            let statement = try db.cachedStatement(sql: "SELECT takesPublished FROM feed WHERE id = ?")
            if try Bool.fetchOne(statement, arguments: [episode.feedID.rawValue]) == true { return .transcriptDownload }
        }
        if episode.audioPath != nil { return .transcribe }
        return episode.audioURL == nil ? nil : .download
    }

    /// The publisher's transcript cannot be used: the same job goes on as what it takes to make our own.
    ///
    /// - Parameter reason: Why, in a sentence; the episode keeps it, so that the publisher's is not tried again.
    /// - Returns: What the job is now; nil when it is nobody's business any more, or there is no audio either: then it has
    ///   failed.
    package func fallBack(from id: JobID, attempt: String, reason: String, at now: Date) async throws -> JobKind? {
        try await self.access.write { db in
            guard let job = try JobRow.fetch(db, id), case .running(let lease) = job.state, lease.attempt == attempt,
                job.kind == .transcriptDownload, let episode = try EpisodeRow.fetch(db, job.episodeID)
            else { return nil }
            try db.execute(
                sql: "UPDATE episode SET publishedFault = ? WHERE id = ?",
                arguments: [reason, episode.id.rawValue])
            guard let kind = try Self.kind(db, for: episode, Wish(takesPublished: false)) else {
                let event = JobEvent.failed(by: lease.holder, message: reason, retry: false)
                _ = try Self.apply(db, event, to: job, at: now, jitter: 0)
                return nil
            }
            _ = try Self.apply(db, .released(by: lease.holder), to: job, at: now, jitter: 0)
            try db.execute(
                sql: "UPDATE attempt SET outcome = 'failed', error = ? WHERE id = ?", arguments: [reason, attempt])
            try db.execute(
                sql:
                    "DELETE FROM job WHERE id = ? AND EXISTS (SELECT 1 FROM job o WHERE o.episodeID = ? AND o.kind = ? "
                    + "AND o.state IN ('queued', 'running'))",
                arguments: [id.rawValue, episode.id.rawValue, kind.rawValue])
            let turn = try Turns.next(db, kind, job.lane, of: episode.feedID)
            try db.execute(
                sql: "UPDATE job SET kind = ?, followUp = ?, attempts = 0, turn = ? WHERE id = ?",
                arguments: [kind.rawValue, kind == .download ? "transcribe" : nil, turn, id.rawValue])
            try EpisodeRow.refreshState(db, episode.id, at: now)
            return kind
        }
    }

    /// Puts a job into the queue; one of that kind that had failed is taken up again instead of adding another.
    static func insert(
        _ db: GRDB.Database, _ kind: JobKind, for episode: EpisodeID, _ wish: Wish, followUp: JobKind?, at now: Date
    ) throws -> JobID {
        guard
            let place = try Row.fetchOne(
                try db.cachedStatement(
                    sql: """
                        SELECT e.feedID, e.publishedAt, f.model FROM episode e JOIN feed f ON f.id = e.feedID
                        WHERE e.id = ?
                        """),
                arguments: [episode.rawValue])
        else { throw CastError(.notFound, "Episode not found") }
        let feed = FeedID(place["feedID"])
        let lane = JobLane(publishedAt: Date(stored: place["publishedAt"]), freshFor: wish.freshFor, at: now)
        let model = kind == .transcribe ? place["model"] as String? : nil
        let turn = try Turns.next(db, kind, lane, of: feed)
        do {
            let failed = try db.cachedStatement(
                sql: """
                    SELECT \(JobRow.columns) FROM job WHERE episodeID = ? AND kind = ? AND state = 'failed'
                    AND isSecondTry = 0 ORDER BY id DESC LIMIT 1
                    """)
            if let row = try Row.fetchOne(failed, arguments: [episode.rawValue, kind.rawValue]) {
                var job = try JobRow.job(row)
                job.priority = wish.priority
                job.followUp = followUp
                job.scheduledAt = now
                _ = try Self.apply(db, .retried, to: job, at: now, jitter: 0)
                try db.execute(
                    sql: "UPDATE job SET lane = ?, turn = ?, model = ? WHERE id = ?",
                    arguments: [lane.rawValue, turn, model, job.id.rawValue])
                return job.id
            }
            let insert = try db.cachedStatement(
                sql: """
                    INSERT INTO job (episodeID, feedID, kind, priority, lane, turn, model, attempts, maxAttempts,
                    createdAt, scheduledAt, followUp, state, notBefore) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, 'queued', ?)
                    """)
            try insert.execute(arguments: [
                episode.rawValue, feed.rawValue, kind.rawValue, wish.priority, lane.rawValue, turn, model,
                Job.defaultMaxAttempts, now.stored, now.stored, followUp?.rawValue, now.stored,
            ])
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw CastError(.conflict, "Episode already has a \(kind.rawValue) job in the queue.", cause: error)
        }
        let id = JobID(db.lastInsertedRowID)
        let clear = try db.cachedStatement(sql: "UPDATE episode SET error = NULL WHERE id = ? AND error IS NOT NULL")
        try clear.execute(arguments: [episode.rawValue])
        try EpisodeRow.refreshState(db, episode, at: now)
        try EventStore.note(
            db, .jobQueued, episode: episode, feed: feed, job: id, detail: ["job_type": .string(kind.rawValue)], at: now
        )
        return id
    }
}
