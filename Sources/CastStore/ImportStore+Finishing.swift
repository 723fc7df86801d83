package import CastCore
package import Foundation
import GRDB

extension ImportStore {
    /// A job that was not done when its server stopped.
    package struct JobEntry: Sendable, Equatable {
        /// The node that works on it this moment, and will go on.
        package struct Holder: Sendable, Equatable {
            package var node: NodeID
            package var since: Date?

            package init(node: NodeID, since: Date?) {
                self.node = node
                self.since = since
            }
        }

        package var oldID: Int64
        package var kind: JobKind
        package var followUp: JobKind?
        package var priority: Int
        package var attempts: Int
        package var maxAttempts: Int
        package var error: String?
        package var notBefore: Date?
        package var scheduledAt: Date?
        package var createdAt: Date?
        package var holder: Holder?

        package init(
            oldID: Int64, kind: JobKind, followUp: JobKind?, priority: Int, attempts: Int, maxAttempts: Int,
            error: String?, notBefore: Date?, scheduledAt: Date?, createdAt: Date?, holder: Holder?
        ) {
            self.oldID = oldID
            self.kind = kind
            self.followUp = followUp
            self.priority = priority
            self.attempts = attempts
            self.maxAttempts = maxAttempts
            self.error = error
            self.notBefore = notBefore
            self.scheduledAt = scheduledAt
            self.createdAt = createdAt
            self.holder = holder
        }
    }

    /// A transcript whose files are in place.
    package struct TakenTranscript: Sendable, Equatable {
        /// The Markdown, below the storage folder.
        package var path: String
        package var model: String?
        package var source: String
        /// Seconds of audio, where they are known.
        package var duration: Double?
        package var transcribedAt: Date?

        package init(path: String, model: String?, source: String, duration: Double?, transcribedAt: Date?) {
            self.path = path
            self.model = model
            self.source = source
            self.duration = duration
            self.transcribedAt = transcribedAt
        }
    }

    /// What an episode gets once its files are in place.
    package struct Outcome: Sendable {
        package var episode: EpisodeID
        package var audio: (path: String, size: Int64)?
        package var transcript: TakenTranscript?
        package var jobs: [JobEntry]

        package init(
            episode: EpisodeID, audio: (path: String, size: Int64)?,
            transcript: TakenTranscript?, jobs: [JobEntry]
        ) {
            self.episode = episode
            self.audio = audio
            self.transcript = transcript
            self.jobs = jobs
        }
    }

    /// Names the files of many episodes, queues their jobs, and derives their states, in one transaction.
    ///
    /// What an episode has already is not touched, and one that ever had a job here gets none.
    ///
    /// - Returns: The numbers that the queued jobs had.
    package func finish(_ outcomes: [Outcome], at now: Date) async throws -> Set<Int64> {
        try await self.access.write { db in
            var queued: Set<Int64> = []
            for outcome in outcomes {
                let id = outcome.episode.rawValue
                if let audio = outcome.audio {
                    try db.cachedStatement(
                        sql: "UPDATE episode SET audioPath = ?, audioSize = ? WHERE id = ? AND audioPath IS NULL"
                    ).execute(arguments: [audio.path, audio.size, id])
                }
                if let transcript = outcome.transcript {
                    try Self.store(db, transcript, of: id, at: now)
                }
                let had = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM job WHERE episodeID = ?)")
                if try Bool.fetchOne(had, arguments: [id]) == false {
                    for job in outcome.jobs where try Self.queue(db, job, for: id, at: now) {
                        queued.insert(job.oldID)
                    }
                }
                try EpisodeRow.refreshState(db, outcome.episode, at: now)
            }
            return queued
        }
    }

    /// Seconds that a failed job waits at most; the longest pause of the existing server, too.
    private static let longestWait: TimeInterval = 43_200

    private static func store(
        _ db: GRDB.Database, _ transcript: TakenTranscript, of episode: Int64, at now: Date
    ) throws {
        try db.cachedStatement(
            sql: """
                UPDATE episode SET transcriptPath = ?, transcriptModel = ?, transcriptSource = ?,
                transcribedAt = ?, duration = coalesce(duration, ?), error = NULL WHERE id = ? AND transcriptPath IS NULL
                """
        ).execute(arguments: [
            transcript.path, transcript.model, transcript.source, min(transcript.transcribedAt ?? now, now).stored,
            transcript.duration, episode,
        ])
    }

    /// - Returns: Whether it was queued; an episode has one active job of a kind.
    private static func queue(_ db: GRDB.Database, _ job: JobEntry, for episode: Int64, at now: Date) throws -> Bool {
        let active = try db.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM job WHERE episodeID = ? AND state IN ('queued', 'running'))")
        if try Bool.fetchOne(active, arguments: [episode]) == true { return false }
        guard let place = try EpisodeRow.fetch(db, EpisodeID(episode)) else { return false }
        let lane = JobLane(publishedAt: place.publishedAt, freshFor: JobLane.freshFor, at: now)
        let turn = try Turns.next(db, job.kind, lane, of: place.feedID)
        let kept = try Self.free(db, job.oldID, in: "job")
        try db.cachedStatement(
            sql: """
                INSERT INTO job (id, episodeID, feedID, kind, priority, lane, turn, attempts, maxAttempts, error,
                createdAt, scheduledAt, followUp, state, notBefore)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?)
                """
        ).execute(arguments: [
            kept, episode, place.feedID.rawValue, job.kind.rawValue, job.priority, lane.rawValue, turn, job.attempts,
            job.maxAttempts, job.error,
            (job.createdAt ?? now).stored, (job.scheduledAt ?? now).stored, job.followUp?.rawValue,
            min(job.notBefore ?? now, now + Self.longestWait).stored,
        ])
        let id = JobID(db.lastInsertedRowID)
        try db.execute(sql: "UPDATE episode SET error = NULL WHERE id = ?", arguments: [episode])
        try EventStore.note(
            db, .jobQueued, episode: place.id, feed: place.feedID, job: id,
            detail: ["job_type": .string(job.kind.rawValue)], at: now)
        // Its node knows the job by its old number; under another one it could not go on with it.
        guard let holder = job.holder, kept != nil else { return true }
        let isKnown = "SELECT EXISTS (SELECT 1 FROM node WHERE id = ?)"
        guard try Bool.fetchOne(db, sql: isKnown, arguments: [holder.node.rawValue]) == true else { return true }
        let attempt = UUID().uuidString.lowercased()
        try Attempts.open(db, attempt, job: id, node: holder.node, at: min(holder.since ?? now, now))
        try db.execute(
            sql: "UPDATE attempt SET endedAt = ?, outcome = 'expired' WHERE id = ?", arguments: [now.stored, attempt])
        return true
    }
}
