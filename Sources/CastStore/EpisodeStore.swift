package import CastCore
package import Foundation
import GRDB

/// Episodes: what there is, and where each stands.
package struct EpisodeStore: Sendable {
    let writer: any DatabaseWriter

    /// A try at one of an episode's jobs, for its history.
    package struct Attempt: Sendable, Equatable {
        package var kind: JobKind
        package var nodeID: NodeID
        package var nodeName: String?
        package var startedAt: Date
        package var endedAt: Date?
        package var outcome: String?
        package var error: String?
    }

    package func get(_ id: EpisodeID) async throws -> Episode {
        try await self.writer.read { db in
            guard let episode = try EpisodeRow.fetch(db, id) else { throw CastError(.notFound, "Episode not found") }
            return episode
        }
    }

    /// Adds one episode to the feed of single episodes, or to any other.
    ///
    /// - Throws: `.conflict` when the feed has it already.
    package func add(_ draft: EpisodeDraft, to feed: FeedID, at now: Date) async throws -> Episode {
        try await self.writer.write { db in
            guard let id = try Self.insert(db, [draft], into: feed, at: now).first,
                let episode = try EpisodeRow.fetch(db, id)
            else { throw CastError(.conflict, "“\(draft.title)” is there already.") }
            return episode
        }
    }

    /// Gives an episode the audio that a person handed in.
    package func setAudio(_ id: EpisodeID, path: String, size: Int64, duration: Double?, at now: Date) async throws {
        try await self.writer.write { db in
            try EpisodeRow.store(db, .audio(path: path, size: size, duration: duration), of: id)
            try EpisodeRow.refreshState(db, id, at: now)
        }
    }

    /// The audio is not on the disk any more; where its address is known it can be fetched again.
    package func forgetAudio(_ id: EpisodeID, at now: Date) async throws {
        try await self.writer.write { db in
            try db.execute(
                sql: "UPDATE episode SET audioPath = NULL, audioSize = NULL WHERE id = ? AND audioURL IS NOT NULL",
                arguments: [id.rawValue])
            try EpisodeRow.refreshState(db, id, at: now)
        }
    }

    package func remove(_ id: EpisodeID) async throws {
        try await self.writer.write { db in
            try db.execute(sql: "DELETE FROM episode WHERE id = ?", arguments: [id.rawValue])
        }
    }

    /// Newest published first.
    package func list(
        feed: FeedID? = nil, state: EpisodeState? = nil, limit: Int, offset: Int = 0
    ) async throws -> (episodes: [Episode], total: Int) {
        try await self.writer.read { db in
            if let feed { _ = try FeedStore.require(db, feed) }
            let filter = "(?1 IS NULL OR feedID = ?1) AND (?2 IS NULL OR state = ?2)"
            let arguments: StatementArguments = [feed?.rawValue, state?.rawValue]
            let total = try Int.fetchOne(db, sql: "SELECT count(*) FROM episode WHERE \(filter)", arguments: arguments)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(EpisodeRow.columns) FROM episode WHERE \(filter)
                    ORDER BY publishedAt DESC, id DESC LIMIT ?3 OFFSET ?4
                    """,
                arguments: arguments + [limit, offset])
            return (try rows.map(EpisodeRow.episode), total ?? 0)
        }
    }

    /// An episode that was transcribed, and how long that took.
    package struct Finished: Sendable, Equatable {
        package var episode: Episode
        package var feedTitle: String
        package var finishedAt: Date
        /// Seconds from the beginning of recognition to the result, of the try that brought it.
        package var workSeconds: Double?
    }

    /// The episodes that were transcribed last, newest first.
    package func recentlyFinished(limit: Int) async throws -> [Finished] {
        let columns = EpisodeRow.columns.split(separator: ", ").map { "e.\($0)" }.joined(separator: ", ")
        return try await self.writer.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(columns), coalesce(f.customTitle, f.title) AS feedTitle, j.endedAt AS finishedAt,
                    (SELECT a.endedAt - coalesce(a.begunAt, a.startedAt) FROM attempt a WHERE a.jobID = j.id AND a.outcome = 'completed')
                        AS workSeconds
                    FROM (SELECT id, episodeID, endedAt FROM job WHERE kind = 'transcribe' AND state = 'completed'
                        ORDER BY endedAt DESC LIMIT ?) j
                    JOIN episode e ON e.id = j.episodeID JOIN feed f ON f.id = e.feedID ORDER BY j.endedAt DESC
                    """,
                arguments: [limit]
            ).map { row in
                Finished(
                    episode: try EpisodeRow.episode(row), feedTitle: row["feedTitle"],
                    finishedAt: Date(stored: row["finishedAt"]), workSeconds: row["workSeconds"])
            }
        }
    }

    package func counts() async throws -> [EpisodeState: Int] {
        try await self.writer.read { db in
            var counts: [EpisodeState: Int] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT state, count(*) AS n FROM episode GROUP BY state") {
                if let state = EpisodeState(rawValue: row["state"]) { counts[state] = row["n"] }
            }
            return counts
        }
    }

    /// Every try at the episode's jobs, oldest first.
    package func attempts(of id: EpisodeID) async throws -> [Attempt] {
        try await self.writer.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT j.kind, a.nodeID, n.name, a.startedAt, a.endedAt, a.outcome, a.error
                    FROM attempt a JOIN job j ON j.id = a.jobID LEFT JOIN node n ON n.id = a.nodeID
                    WHERE j.episodeID = ? ORDER BY a.startedAt
                    """,
                arguments: [id.rawValue]
            ).compactMap { row in
                guard let kind = JobKind(rawValue: row["kind"]) else { return nil }
                return Attempt(
                    kind: kind, nodeID: NodeID(row["nodeID"]), nodeName: row["name"],
                    startedAt: Date(stored: row["startedAt"]), endedAt: Date(stored: row["endedAt"]),
                    outcome: row["outcome"], error: row["error"])
            }
        }
    }

    /// Inserts the drafts that the feed does not have yet.
    ///
    /// - Returns: The new ids, in the drafts' order.
    static func insert(
        _ db: GRDB.Database, _ drafts: [EpisodeDraft], into feed: FeedID, at now: Date
    ) throws -> [EpisodeID] {
        let known = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM episode WHERE feedID = ? AND guid = ?)")
        let taken = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM episode WHERE feedID = ? AND stem = ?)")
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO episode (feedID, guid, title, description, link, audioURL, duration, publishedAt, stem,
                createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        var added: [EpisodeID] = []
        for draft in drafts {
            if try Bool.fetchOne(known, arguments: [feed.rawValue, draft.guid]) == true { continue }
            let wanted = StorageName.stem(title: draft.title, publishedAt: draft.publishedAt, now: now)
            let stem = try StorageName.unique(wanted) { name in
                try Bool.fetchOne(taken, arguments: [feed.rawValue, name]) == true
            }
            try insert.execute(arguments: [
                feed.rawValue, draft.guid, draft.title, draft.description, draft.link, draft.audioURL, draft.duration,
                draft.publishedAt?.stored, stem, now.stored, now.stored,
            ])
            added.append(EpisodeID(db.lastInsertedRowID))
        }
        return added
    }
}
