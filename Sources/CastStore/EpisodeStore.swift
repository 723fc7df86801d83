package import CastCore
package import Foundation
import GRDB

/// Episodes: what there is, and where each stands.
package struct EpisodeStore: Sendable {
    let access: StoreAccess

    /// A try at one of an episode's jobs, for its history.
    package struct Attempt: Sendable, Equatable {
        package var kind: JobKind
        package var isSecondTry: Bool
        package var nodeID: NodeID
        package var nodeName: String?
        package var startedAt: Date
        package var endedAt: Date?
        package var outcome: String?
        package var error: String?
    }

    package func get(_ id: EpisodeID) async throws -> Episode {
        try await self.access.read { db in try Self.require(db, id) }
    }

    private static func require(_ db: GRDB.Database, _ id: EpisodeID) throws -> Episode {
        guard let episode = try EpisodeRow.fetch(db, id) else { throw CastError(.notFound, "Episode not found") }
        return episode
    }

    /// Adds one episode to the feed of single episodes, or to any other.
    ///
    /// - Throws: `.conflict` when the feed has it already.
    package func add(_ draft: EpisodeDraft, to feed: FeedID, at now: Date) async throws -> Episode {
        try await self.access.write { db in
            guard let id = try Self.insert(db, [draft], into: feed, at: now).first,
                let episode = try EpisodeRow.fetch(db, id)
            else { throw CastError(.conflict, "“\(draft.title)” is there already.") }
            return episode
        }
    }

    /// Adds one episode with its audio: both, or neither.
    ///
    /// - Parameter audio: Puts the file in place and answers its path below the storage folder and its size; called
    ///   inside the transaction, so that a crash leaves either nothing or a file that no episode names.
    /// - Throws: `.conflict` when the feed has it already; what `audio` throws.
    package func add(
        _ draft: EpisodeDraft, to feed: FeedID, at now: Date,
        audio: @escaping @Sendable (Episode) throws -> (path: String, size: Int64)
    ) async throws -> Episode {
        try await self.access.write { db in
            guard let id = try Self.insert(db, [draft], into: feed, at: now).first else {
                let title = try String.fetchOne(
                    db, sql: "SELECT title FROM episode WHERE feedID = ? AND guid = ?",
                    arguments: [feed.rawValue, draft.guid])
                throw CastError(.conflict, "The same audio is there already, as “\(title ?? draft.title)”.")
            }
            let file = try audio(try Self.require(db, id))
            try EpisodeRow.store(db, .audio(path: file.path, size: file.size, duration: nil), of: id, at: now)
            try EpisodeRow.refreshState(db, id, at: now)
            return try Self.require(db, id)
        }
    }

    /// Gives an episode the audio that a person handed in.
    package func setAudio(_ id: EpisodeID, path: String, size: Int64, duration: Double?, at now: Date) async throws {
        try await self.access.write { db in
            try EpisodeRow.store(db, .audio(path: path, size: size, duration: duration), of: id, at: now)
            try EpisodeRow.refreshState(db, id, at: now)
        }
    }

    /// The audio is not on the disk any more; where its address is known it can be fetched again.
    package func forgetAudio(_ id: EpisodeID, at now: Date) async throws {
        try await self.access.write { db in
            try db.execute(
                sql: "UPDATE episode SET audioPath = NULL, audioSize = NULL WHERE id = ? AND audioURL IS NOT NULL",
                arguments: [id.rawValue])
            try EpisodeRow.refreshState(db, id, at: now)
        }
    }

    /// Newest published first.
    package func list(
        feed: FeedID? = nil, state: EpisodeState? = nil, onlyDoubtful: Bool = false, limit: Int, offset: Int = 0
    ) async throws -> (episodes: [Episode], total: Int) {
        try await self.access.read { db in
            if let feed { _ = try FeedStore.require(db, feed) }
            // Only the filters that are given: a condition that may be switched off uses no index.
            var conditions: [String] = []
            var arguments = StatementArguments()
            if let feed {
                conditions.append("feedID = ?")
                arguments += [feed.rawValue]
            }
            if let state {
                conditions.append("state = ?")
                arguments += [state.rawValue]
            }
            if onlyDoubtful { conditions.append("isDoubtful = 1") }
            let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            let total = try Int.fetchOne(db, sql: "SELECT count(*) FROM episode \(filter)", arguments: arguments)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(EpisodeRow.columns) FROM episode \(filter)
                    ORDER BY publishedAt DESC, id DESC LIMIT ? OFFSET ?
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
        return try await self.access.read { db in
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

    /// How many transcripts of ours in a feed another model made; none when no model is asked for.
    package func madeByOthers(than model: String?, feed: FeedID) async throws -> Int {
        guard let model else { return 0 }
        return try await self.access.read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM episode WHERE feedID = ? AND transcriptPath IS NOT NULL
                    AND transcriptSource = 'whisper' AND transcriptModel IS NOT ?
                    """,
                arguments: [feed.rawValue, model]) ?? 0
        }
    }

    /// Audio that has served: its episode was transcribed before a time, and it can be fetched again.
    package func withOldAudio(before date: Date, limit: Int) async throws -> [Episode] {
        try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(EpisodeRow.columns) FROM episode WHERE audioPath IS NOT NULL AND transcribedAt < ?
                    AND audioURL IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job WHERE episodeID = episode.id
                        AND state IN ('queued', 'running')) ORDER BY transcribedAt LIMIT ?
                    """,
                arguments: [date.stored, limit]
            ).map(EpisodeRow.episode)
        }
    }

    /// The audio was removed on purpose; an episode without an address has none any more then.
    package func dropAudio(_ id: EpisodeID, reason: String, at now: Date) async throws {
        try await self.access.write { db in
            try db.execute(
                sql: "UPDATE episode SET audioPath = NULL, audioSize = NULL WHERE id = ?", arguments: [id.rawValue])
            try EpisodeRow.refreshState(db, id, at: now)
            try EventStore.note(db, .audioRemoved, episode: id, detail: ["reason": .string(reason)], at: now)
        }
    }

    /// Where a list goes on: after an episode of that date and number.
    package struct Cursor: Sendable, Equatable {
        package var publishedAt: Date?
        package var id: EpisodeID

        package init(publishedAt: Date?, id: EpisodeID) {
            self.publishedAt = publishedAt
            self.id = id
        }
    }

    /// Newest published first, from a place on; however deep that place is, a look into an index finds it.
    package func page(
        feed: FeedID? = nil, state: EpisodeState? = nil, onlyDoubtful: Bool = false, after cursor: Cursor?, limit: Int
    ) async throws -> [Episode] {
        try await self.access.read { db in
            if let feed { _ = try FeedStore.require(db, feed) }
            var conditions = ["1"]
            var arguments = StatementArguments()
            if let feed {
                conditions.append("feedID = ?")
                arguments += [feed.rawValue]
            }
            if let state {
                conditions.append("state = ?")
                arguments += [state.rawValue]
            }
            if onlyDoubtful { conditions.append("isDoubtful = 1") }
            if let cursor {
                // Those without a date come last; within them, the number decides.
                if let date = cursor.publishedAt {
                    conditions.append(
                        "(publishedAt IS NULL OR publishedAt <= ?) AND (publishedAt IS NULL OR publishedAt < ? OR id < ?)"
                    )
                    arguments += [date.stored, date.stored, cursor.id.rawValue]
                } else {
                    conditions.append("publishedAt IS NULL AND id < ?")
                    arguments += [cursor.id.rawValue]
                }
            }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT \(EpisodeRow.columns) FROM episode WHERE \(conditions.joined(separator: " AND "))
                    ORDER BY publishedAt DESC, id DESC LIMIT ?
                    """,
                arguments: arguments + [limit]
            ).map(EpisodeRow.episode)
        }
    }

    /// When an episode of a feed last changed in any way.
    package func newestChange(feed: FeedID) async throws -> Date {
        try await self.access.read { db in
            Date(
                stored: try Double.fetchOne(
                    db, sql: "SELECT max(updatedAt) FROM episode WHERE feedID = ?", arguments: [feed.rawValue]) ?? 0)
        }
    }

    /// What was published since a time, in all feeds, newest first, with the names of the feeds.
    package func published(since date: Date, limit: Int) async throws -> [(episode: Episode, feedTitle: String)] {
        let columns = EpisodeRow.columns.split(separator: ", ").map { "e.\($0)" }.joined(separator: ", ")
        return try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(columns), coalesce(f.customTitle, f.title) AS feedTitle
                    FROM episode e JOIN feed f ON f.id = e.feedID WHERE e.publishedAt >= ?
                    ORDER BY e.publishedAt DESC, e.id DESC LIMIT ?
                    """,
                arguments: [date.stored, limit]
            ).map { (try EpisodeRow.episode($0), $0["feedTitle"]) }
        }
    }

    /// Some episodes by number, with the names of their feeds; those that are gone are left out.
    package func named(_ ids: [EpisodeID]) async throws -> [EpisodeID: (episode: Episode, feedTitle: String)] {
        let list = String(decoding: try JSONEncoder().encode(ids), as: UTF8.self)
        let columns = EpisodeRow.columns.split(separator: ", ").map { "e.\($0)" }.joined(separator: ", ")
        return try await self.access.read { db in
            var found: [EpisodeID: (episode: Episode, feedTitle: String)] = [:]
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(columns), coalesce(f.customTitle, f.title) AS feedTitle
                    FROM episode e JOIN feed f ON f.id = e.feedID WHERE e.id IN (SELECT value FROM json_each(?))
                    """,
                arguments: [list])
            for row in rows {
                let episode = try EpisodeRow.episode(row)
                found[episode.id] = (episode, row["feedTitle"])
            }
            return found
        }
    }

    package func counts() async throws -> [EpisodeState: Int] {
        try await self.access.read { db in
            var counts: [EpisodeState: Int] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT state, count(*) AS n FROM episode GROUP BY state") {
                if let state = EpisodeState(rawValue: row["state"]) { counts[state] = row["n"] }
            }
            return counts
        }
    }

    /// Every try at the episode's jobs, oldest first.
    package func attempts(of id: EpisodeID) async throws -> [Attempt] {
        try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT j.kind, j.isSecondTry, a.nodeID, n.name, a.startedAt, a.endedAt, a.outcome, a.error
                    FROM attempt a JOIN job j ON j.id = a.jobID LEFT JOIN node n ON n.id = a.nodeID
                    WHERE j.episodeID = ? ORDER BY a.startedAt
                    """,
                arguments: [id.rawValue]
            ).compactMap { row in
                guard let kind = JobKind(rawValue: row["kind"]) else { return nil }
                return Attempt(
                    kind: kind, isSecondTry: row["isSecondTry"], nodeID: NodeID(row["nodeID"]), nodeName: row["name"],
                    startedAt: Date(stored: row["startedAt"]), endedAt: Date(stored: row["endedAt"]),
                    outcome: row["outcome"], error: row["error"])
            }
        }
    }

    /// Takes over what a feed says differently of episodes that it has already; what it says no more is kept.
    ///
    /// The address counts until the audio is here. The stem never changes: files are named after it.
    static func update(_ db: GRDB.Database, _ drafts: [EpisodeDraft], of feed: FeedID, at now: Date) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE episode SET title = :title, description = coalesce(:description, description),
                link = coalesce(:link, link), duration = coalesce(duration, :duration),
                audioURL = iif(audioPath IS NULL, coalesce(:audioURL, audioURL), audioURL),
                publishedFault = iif(published IS :published, publishedFault, NULL), published = :published,
                updatedAt = :now
                WHERE feedID = :feed AND guid = :guid AND (title IS NOT :title
                    OR description IS NOT coalesce(:description, description) OR link IS NOT coalesce(:link, link)
                    OR duration IS NOT coalesce(duration, :duration) OR published IS NOT :published
                    OR audioURL IS NOT iif(audioPath IS NULL, coalesce(:audioURL, audioURL), audioURL))
                """)
        for draft in drafts {
            try statement.execute(arguments: [
                "title": draft.title, "description": draft.description, "link": draft.link,
                "duration": draft.duration, "audioURL": draft.audioURL,
                "published": try EpisodeRow.text(draft.published), "now": now.stored, "feed": feed.rawValue,
                "guid": draft.guid,
            ])
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
                published, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
                draft.publishedAt?.stored, stem, try EpisodeRow.text(draft.published), now.stored, now.stored,
            ])
            added.append(EpisodeID(db.lastInsertedRowID))
        }
        return added
    }
}
