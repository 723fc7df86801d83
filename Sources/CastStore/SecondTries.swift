import CastCore
import Foundation
import GRDB

/// Second tries within the transactions of the queue: asked for with the first result, decided with the second.
enum SecondTries {
    static let columns =
        "episodeID, jobID, model, askedAt, firstModel, first, secondModel, second, outcome"

    /// Queues a second try, unless the episode had one of this audio already, or there is no audio to try.
    static func queue(
        _ db: GRDB.Database, _ model: String, after job: Job, _ product: JobStore.Product, at now: Date
    ) throws {
        guard !job.isSecondTry, case .transcript(_, let maker, _, _, let quality?) = product,
            let episode = try EpisodeRow.fetch(db, job.episodeID), episode.audioPath != nil,
            let audioSize = episode.audioSize
        else { return }
        let isActive = try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM job WHERE episodeID = ? AND kind = 'transcribe'
                AND state IN ('queued', 'running'))
                """,
            arguments: [episode.id.rawValue])
        guard isActive == false else { return }
        try db.execute(
            sql: """
                INSERT INTO secondTry (episodeID, audioSize, model, askedAt, firstModel, first) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (episodeID, audioSize) DO NOTHING
                """,
            arguments: [
                episode.id.rawValue, audioSize, model, now.stored, maker, try QualityText.text(quality),
            ])
        guard db.changesCount > 0 else { return }
        let turn = try Turns.next(db, .transcribe, job.lane, of: episode.feedID)
        try db.execute(
            sql: """
                INSERT INTO job (episodeID, feedID, kind, priority, lane, turn, model, isSecondTry, attempts,
                maxAttempts, createdAt, scheduledAt, state, notBefore)
                VALUES (?, ?, 'transcribe', ?, ?, ?, ?, 1, 0, ?, ?, ?, 'queued', ?)
                """,
            arguments: [
                episode.id.rawValue, episode.feedID.rawValue, SecondTry.priority, job.lane.rawValue, turn, model,
                SecondTry.maxAttempts, now.stored, now.stored, now.stored,
            ])
        let id = JobID(db.lastInsertedRowID)
        try db.execute(
            sql: "UPDATE secondTry SET jobID = ? WHERE episodeID = ? AND audioSize = ?",
            arguments: [id.rawValue, episode.id.rawValue, audioSize])
        try EventStore.note(
            db, .jobQueued, episode: episode.id, feed: episode.feedID, job: id,
            detail: [
                "job_type": .string(JobKind.transcribe.rawValue), "second_try": .bool(true), "model": .string(model),
                "findings": .array(quality.findings.map { .string($0.kind.rawValue) }),
            ], at: now)
    }

    /// Whether a result becomes the episode's: every first one, and a second one that is better than what is there.
    ///
    /// What a second try came to is noted here.
    static func isKept(
        _ db: GRDB.Database, _ product: JobStore.Product, of job: Job, at now: Date
    ) throws -> Bool {
        guard job.isSecondTry, case .transcript(_, let model, _, _, let second) = product,
            let row = try Row.fetchOne(
                db, sql: "SELECT \(Self.columns) FROM secondTry WHERE jobID = ?", arguments: [job.id.rawValue]),
            let tried = Self.secondTry(row)
        else { return true }
        // What the episode has now counts, not what it had when it was asked for.
        let there = QualityText.quality(
            try String.fetchOne(
                db, sql: "SELECT quality FROM episode WHERE id = ?", arguments: [job.episodeID.rawValue]))
        let outcome = SecondTry.outcome(first: there ?? tried.first, second: second)
        try db.execute(
            sql: "UPDATE secondTry SET secondModel = ?, second = ?, outcome = ? WHERE jobID = ?",
            arguments: [model, try second.map(QualityText.text), outcome.rawValue, job.id.rawValue])
        var detail: [String: JSONValue] = [
            "outcome": .string(outcome.rawValue),
            "first_findings": .array((there ?? tried.first).findings.map { .string($0.kind.rawValue) }),
            "second_findings": .array((second?.findings ?? []).map { .string($0.kind.rawValue) }),
        ]
        if let model = tried.firstModel { detail["first_model"] = .string(model) }
        if let model { detail["second_model"] = .string(model) }
        try EventStore.note(db, .secondTryEnded, episode: job.episodeID, job: job.id, detail: detail, at: now)
        return outcome == .keptSecond
    }

    /// Notes that a second try was given up, or that a person wants it tried again.
    static func follow(_ db: GRDB.Database, from old: Job, to new: Job, at now: Date) throws {
        if case .running = old.state, case .failed = new.state {
            try db.execute(
                sql: "UPDATE secondTry SET outcome = 'failed' WHERE jobID = ?", arguments: [new.id.rawValue])
            var detail: [String: JSONValue] = ["outcome": .string(SecondTry.Outcome.failed.rawValue)]
            if let error = new.error { detail["error"] = .string(error) }
            if let model = new.model { detail["second_model"] = .string(model) }
            try EventStore.note(db, .secondTryEnded, episode: new.episodeID, job: new.id, detail: detail, at: now)
        } else if case .failed = old.state, case .queued = new.state {
            try db.execute(
                sql: "UPDATE secondTry SET outcome = NULL WHERE jobID = ?", arguments: [new.id.rawValue])
        }
    }

    /// Takes second tries that nobody has begun out of the queue.
    ///
    /// - Parameter episodes: A query for the numbers of their episodes.
    static func withdraw(_ db: GRDB.Database, of episodes: String, at now: Date) throws {
        let rows = try Row.fetchAll(
            db,
            sql: """
                DELETE FROM job WHERE state = 'queued' AND isSecondTry = 1 AND episodeID IN (\(episodes))
                RETURNING id, episodeID
                """)
        for row in rows {
            try EventStore.note(
                db, .jobCancelled, episode: EpisodeID(row["episodeID"]), job: JobID(row["id"]), at: now)
        }
    }

    /// The model of a second try that somebody holds.
    static func runningModel(_ db: GRDB.Database, of episode: EpisodeID) throws -> String? {
        try String.fetchOne(
            db, sql: "SELECT model FROM job WHERE episodeID = ? AND state = 'running' AND isSecondTry = 1",
            arguments: [episode.rawValue])
    }

    /// Nil for a row that a later version wrote in a form of its own.
    static func secondTry(_ row: Row) -> SecondTry? {
        guard let first = QualityText.quality(row["first"]) else { return nil }
        return SecondTry(
            episodeID: EpisodeID(row["episodeID"]), jobID: (row["jobID"] as Int64?).map { JobID($0) },
            model: row["model"], askedAt: Date(stored: row["askedAt"]), firstModel: row["firstModel"], first: first,
            secondModel: row["secondModel"], second: QualityText.quality(row["second"]),
            outcome: (row["outcome"] as String?).flatMap(SecondTry.Outcome.init(rawValue:)))
    }
}
