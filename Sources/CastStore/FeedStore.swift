package import CastCore
package import Foundation
import GRDB

/// Feeds, and what a refresh brings.
package struct FeedStore: Sendable {
    let writer: any DatabaseWriter

    static let columns = """
        id, url, title, description, imageURL, customTitle, author, link, language, categories, folder, etag, \
        lastModified, lastPolledAt, lastError, createdAt, updatedAt
        """

    /// A feed with how many episodes it has in each state.
    package struct Listed: Sendable, Equatable {
        package var feed: Feed
        package var counts: [EpisodeState: Int]

        package var episodeCount: Int { self.counts.values.reduce(0, +) }
    }

    /// Adds a feed and its episodes.
    ///
    /// - Parameter isFolderTaken: Whether the storage holds a folder of that name, for example of a feed that was
    ///   removed: its files are not to be mixed with this feed's.
    /// - Throws: `.conflict` when the address is there already.
    package func add(
        url: String, draft: FeedDraft, episodes: [EpisodeDraft],
        isFolderTaken: @escaping @Sendable (String) -> Bool = { _ in false }, at now: Date
    ) async throws -> Feed {
        try await self.writer.write { db in
            if try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM feed WHERE url = ?)", arguments: [url]) == true
            {
                throw CastError(.conflict, "Feed already exists")
            }
            let feed = try Self.insert(db, url: url, draft: draft, isFolderTaken: isFolderTaken, at: now)
            _ = try EpisodeStore.insert(db, episodes, into: feed.id, at: now)
            return feed
        }
    }

    /// Takes what a refresh found: the feed's own fields, what changed in known episodes, and the new ones.
    ///
    /// - Parameter queuesNew: Whether the new episodes are queued for transcription, in the same transaction.
    /// - Returns: The ids of the new episodes, in the document's order, and how many of them were queued.
    package func refresh(
        _ id: FeedID, draft: FeedDraft, episodes: [EpisodeDraft], etag: String?, lastModified: String?,
        queuesNew: Bool = false, at now: Date
    ) async throws -> (new: [EpisodeID], queued: Int) {
        try await self.writer.write { db in
            try db.execute(
                sql: """
                    UPDATE feed SET title = ?, description = ?, imageURL = ?, author = ?, link = ?,
                    categories = ?, etag = ?, lastModified = ?, lastPolledAt = ?, lastError = NULL, updatedAt = ?
                    WHERE id = ?
                    """,
                arguments: [
                    draft.title, draft.description, draft.imageURL, draft.author, draft.link,
                    try Self.json(draft.categories), etag, lastModified, now.stored, now.stored, id.rawValue,
                ])
            guard db.changesCount == 1 else { throw CastError(.notFound, "Feed not found") }
            try EpisodeStore.update(db, episodes, of: id, at: now)
            let new = try EpisodeStore.insert(db, episodes, into: id, at: now)
            guard queuesNew else { return (new, 0) }
            let found = try EpisodeStore.fetchable(db, new)
            for episode in found {
                _ = try JobStore.insert(
                    db, .download, for: episode, priority: 10, followUp: .transcribe, at: now)
            }
            return (new, found.count)
        }
    }

    /// Gives a feed that has moved for good its new address; the old one's validators go with it.
    ///
    /// - Returns: Whether it has it now; false when another feed is there already.
    package func move(_ id: FeedID, to url: String, at now: Date) async throws -> Bool {
        try await self.writer.write { db in
            try db.execute(
                sql: """
                    UPDATE feed SET url = ?1, etag = NULL, lastModified = NULL, updatedAt = ?2
                    WHERE id = ?3 AND NOT EXISTS (SELECT 1 FROM feed WHERE url = ?1)
                    """,
                arguments: [url, now.stored, id.rawValue])
            return db.changesCount == 1
        }
    }

    /// Notes how a refresh without news ended: not modified, or failed with a reason.
    package func notePoll(_ id: FeedID, error: String?, at now: Date) async throws {
        try await self.writer.write { db in
            try db.execute(
                sql: "UPDATE feed SET lastPolledAt = ?, lastError = ? WHERE id = ?",
                arguments: [now.stored, error, id.rawValue])
        }
    }

    /// Remembers the validators of the document that a new feed was made from.
    package func noteValidators(_ id: FeedID, etag: String?, lastModified: String?, at now: Date) async throws {
        try await self.writer.write { db in
            try db.execute(
                sql: "UPDATE feed SET etag = ?, lastModified = ?, lastPolledAt = ? WHERE id = ?",
                arguments: [etag, lastModified, now.stored, id.rawValue])
        }
    }

    /// The feed that holds single episodes; made when it is first asked for.
    ///
    /// - Parameter isFolderTaken: As with `add`.
    package func added(
        isFolderTaken: @escaping @Sendable (String) -> Bool = { _ in false }, at now: Date
    ) async throws -> Feed {
        try await self.writer.write { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT \(Self.columns) FROM feed WHERE url = ?", arguments: [Feed.addedURL])
            if let row { return try Self.feed(row) }
            return try Self.insert(
                db, url: Feed.addedURL, draft: FeedDraft(title: Feed.addedTitle), isFolderTaken: isFolderTaken,
                at: now)
        }
    }

    package func setCustomTitle(_ id: FeedID, to title: String?, at now: Date) async throws -> Feed {
        try await self.writer.write { db in
            try db.execute(
                sql: "UPDATE feed SET customTitle = ?, updatedAt = ? WHERE id = ?",
                arguments: [title, now.stored, id.rawValue])
            return try Self.require(db, id)
        }
    }

    /// Forgets a feed, its episodes and their jobs; the files are the caller's.
    package func remove(_ id: FeedID) async throws -> Feed {
        try await self.writer.write { db in
            let feed = try Self.require(db, id)
            try db.execute(sql: "DELETE FROM feed WHERE id = ?", arguments: [id.rawValue])
            return feed
        }
    }

    package func get(_ id: FeedID) async throws -> Feed {
        try await self.writer.read { db in try Self.require(db, id) }
    }

    /// All feeds by title, with their counts.
    package func list() async throws -> [Listed] {
        try await self.writer.read { db in
            var counts: [Int64: [EpisodeState: Int]] = [:]
            let cursor = try Row.fetchCursor(
                db, sql: "SELECT feedID, state, count(*) AS n FROM episode GROUP BY feedID, state")
            while let row = try cursor.next() {
                guard let state = EpisodeState(rawValue: row["state"]) else { continue }
                counts[row["feedID"], default: [:]][state] = row["n"]
            }
            let rows = try Row.fetchAll(
                db, sql: "SELECT \(Self.columns) FROM feed ORDER BY coalesce(customTitle, title) COLLATE NOCASE, id")
            return try rows.map { row in
                let feed = try Self.feed(row)
                return Listed(feed: feed, counts: counts[feed.id.rawValue] ?? [:])
            }
        }
    }

    /// How many episodes a feed has in each state.
    package func counts(of id: FeedID) async throws -> [EpisodeState: Int] {
        try await self.writer.read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT state, count(*) AS n FROM episode WHERE feedID = ? GROUP BY state")
            var counts: [EpisodeState: Int] = [:]
            for row in try Row.fetchAll(statement, arguments: [id.rawValue]) {
                if let state = EpisodeState(rawValue: row["state"]) { counts[state] = row["n"] }
            }
            return counts
        }
    }

    static func require(_ db: GRDB.Database, _ id: FeedID) throws -> Feed {
        let row = try Row.fetchOne(db, sql: "SELECT \(Self.columns) FROM feed WHERE id = ?", arguments: [id.rawValue])
        guard let row else { throw CastError(.notFound, "Feed not found") }
        return try Self.feed(row)
    }

    private static func insert(
        _ db: GRDB.Database, url: String, draft: FeedDraft, isFolderTaken: (String) -> Bool, at now: Date
    ) throws -> Feed {
        let folder = try StorageName.unique(StorageName.safe(draft.title)) { name in
            let sql = "SELECT EXISTS (SELECT 1 FROM feed WHERE folder = ?)"
            return try Bool.fetchOne(db, sql: sql, arguments: [name]) == true || isFolderTaken(name)
        }
        try db.execute(
            sql: """
                INSERT INTO feed (url, title, description, imageURL, author, link, language, categories, folder,
                createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                url, draft.title, draft.description, draft.imageURL, draft.author, draft.link, draft.language,
                try Self.json(draft.categories), folder, now.stored, now.stored,
            ])
        return try Self.require(db, FeedID(db.lastInsertedRowID))
    }

    private static func json(_ list: [String]) throws -> String {
        String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
    }

    private static func feed(_ row: Row) throws -> Feed {
        let categories = try JSONDecoder().decode([String].self, from: Data((row["categories"] as String).utf8))
        return Feed(
            id: FeedID(row["id"]), url: row["url"], title: row["title"], description: row["description"],
            imageURL: row["imageURL"], customTitle: row["customTitle"], author: row["author"], link: row["link"],
            language: row["language"], categories: categories, folder: row["folder"], etag: row["etag"],
            lastModified: row["lastModified"], lastPolledAt: Date(stored: row["lastPolledAt"]),
            lastError: row["lastError"], createdAt: Date(stored: row["createdAt"]),
            updatedAt: Date(stored: row["updatedAt"]))
    }
}
