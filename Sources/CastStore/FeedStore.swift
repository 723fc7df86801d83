package import CastCore
package import Foundation
import GRDB

/// Feeds, and what a refresh brings.
package struct FeedStore: Sendable {
    let access: StoreAccess

    static let columns = """
        id, url, title, description, imageURL, customTitle, author, link, language, categories, folder, etag, \
        lastModified, lastPolledAt, lastError, failures, autoQueue, model, takesPublished, createdAt, updatedAt
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
        try await self.access.write { db in
            if try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM feed WHERE url = ?)", arguments: [url]) == true
            {
                throw CastError(.conflict, "Feed already exists")
            }
            let feed = try Self.insert(db, url: url, draft: draft, isFolderTaken: isFolderTaken, at: now)
            let added = try EpisodeStore.insert(db, episodes, into: feed.id, at: now)
            try EventStore.note(
                db, .feedAdded, feed: feed.id, detail: ["episodes": .int(Int64(added.count))], at: now)
            return feed
        }
    }

    /// Takes what a refresh found: the feed's own fields, what changed in known episodes, and the new ones.
    ///
    /// - Parameters:
    ///   - queue: Which episodes are queued, in the same transaction, and how.
    ///   - nextPollAt: When to look again.
    /// - Returns: The ids of the new episodes, in the document's order, and how many episodes were queued.
    package func refresh(
        _ id: FeedID, draft: FeedDraft, episodes: [EpisodeDraft], etag: String?, lastModified: String?,
        queue: Feed.Options.AutoQueue = .none, _ wish: JobStore.Wish = JobStore.Wish(), nextPollAt: Date? = nil,
        at now: Date
    ) async throws -> (new: [EpisodeID], queued: Int) {
        try await self.access.write { db in
            try db.execute(
                sql: """
                    UPDATE feed SET title = ?, description = ?, imageURL = ?, author = ?, link = ?,
                    categories = ?, etag = ?, lastModified = ?, lastPolledAt = ?, lastError = NULL, failures = 0,
                    nextPollAt = ?, updatedAt = ?, isUnlisted = ? WHERE id = ?
                    """,
                arguments: [
                    draft.title, draft.description, draft.imageURL, draft.author, draft.link,
                    try Self.json(draft.categories), etag, lastModified, now.stored, nextPollAt?.stored, now.stored,
                    draft.isUnlisted, id.rawValue,
                ])
            guard db.changesCount == 1 else { throw CastError(.notFound, "Feed not found") }
            try EpisodeStore.adopt(db, episodes, of: id)
            try EpisodeStore.update(db, episodes, of: id, at: now)
            let new = try EpisodeStore.insert(db, episodes, into: id, at: now)
            let queued: Int
            switch queue {
            case .none: queued = 0
            case .new: queued = new.isEmpty ? 0 : try JobStore.enqueueAll(db, .episodes(new), wish, at: now).queued
            case .all: queued = try JobStore.enqueueAll(db, .feed(id), wish, at: now).queued
            }
            if !new.isEmpty {
                try EventStore.note(
                    db, .feedRefreshed, feed: id,
                    detail: ["new": .int(Int64(new.count)), "queued": .int(Int64(queued))], at: now)
            }
            return (new, queued)
        }
    }

    /// What a person wants of a feed; nil leaves a value as it is, and a nil within takes it away.
    package struct Change: Sendable, Equatable {
        package var customTitle: String??
        package var language: String??
        package var model: String??
        package var autoQueue: Feed.Options.AutoQueue?
        package var takesPublished: Bool?

        package init() {}
    }

    /// Changes a feed's settings; a model goes to its queued jobs as well.
    package func change(_ id: FeedID, _ change: Change, at now: Date) async throws -> Feed {
        try await self.access.write { db in
            let feed = try Self.require(db, id)
            let model = change.model ?? feed.options.model
            try db.execute(
                sql: """
                    UPDATE feed SET customTitle = ?, language = ?, model = ?, autoQueue = ?, takesPublished = ?,
                    updatedAt = ? WHERE id = ?
                    """,
                arguments: [
                    change.customTitle ?? feed.customTitle, change.language ?? feed.language, model,
                    (change.autoQueue ?? feed.options.autoQueue).rawValue,
                    change.takesPublished ?? feed.options.takesPublished, now.stored, id.rawValue,
                ])
            if model != feed.options.model {
                try db.execute(
                    sql: "UPDATE job SET model = ? WHERE feedID = ? AND kind = 'transcribe' AND state = 'queued'",
                    arguments: [model, id.rawValue])
            }
            return try Self.require(db, id)
        }
    }

    /// The feeds whose next look is due, the most overdue first; those that nobody ever looked at are due always.
    ///
    /// - Parameter onlyNew: Only those.
    package func due(at now: Date, onlyNew: Bool = false, limit: Int) async throws -> [FeedID] {
        try await self.access.read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT id FROM feed WHERE url <> ? AND coalesce(nextPollAt, 0) <= ?
                    AND (lastPolledAt IS NULL OR NOT \(onlyNew ? 1 : 0))
                    ORDER BY coalesce(nextPollAt, 0), id LIMIT ?
                    """,
                arguments: [Feed.addedURL, now.stored, limit]
            ).map { FeedID($0) }
        }
    }

    /// Gives a feed that has moved for good its new address; the old one's validators go with it.
    ///
    /// - Returns: Whether it has it now; false when another feed is there already.
    package func move(_ id: FeedID, to url: String, at now: Date) async throws -> Bool {
        try await self.access.write { db in
            try db.execute(
                sql: """
                    UPDATE feed SET url = ?1, etag = NULL, lastModified = NULL, updatedAt = ?2
                    WHERE id = ?3 AND NOT EXISTS (SELECT 1 FROM feed WHERE url = ?1)
                    """,
                arguments: [url, now.stored, id.rawValue])
            guard db.changesCount == 1 else { return false }
            try EventStore.note(db, .feedMoved, feed: id, at: now)
            return true
        }
    }

    /// Notes how a refresh without news ended: not modified, or failed with a reason.
    ///
    /// - Parameter nextPollAt: When to look again.
    package func notePoll(_ id: FeedID, error: String?, nextPollAt: Date? = nil, at now: Date) async throws {
        try await self.access.write(.soon) { db in
            try db.execute(
                sql: """
                    UPDATE feed SET lastPolledAt = ?, lastError = ?, failures = iif(? IS NULL, 0, failures + 1),
                    nextPollAt = ? WHERE id = ?
                    """,
                arguments: [now.stored, error, error, nextPollAt?.stored, id.rawValue])
            if let error {
                try EventStore.note(db, .feedFailed, feed: id, detail: ["error": .string(error)], at: now)
            }
        }
    }

    /// Remembers the validators of the document that a new feed was made from.
    package func noteValidators(
        _ id: FeedID, etag: String?, lastModified: String?, nextPollAt: Date? = nil, at now: Date
    ) async throws {
        try await self.access.write { db in
            try db.execute(
                sql: "UPDATE feed SET etag = ?, lastModified = ?, lastPolledAt = ?, nextPollAt = ? WHERE id = ?",
                arguments: [etag, lastModified, now.stored, nextPollAt?.stored, id.rawValue])
        }
    }

    /// The feed that holds single episodes; made when it is first asked for.
    ///
    /// - Parameter isFolderTaken: As with `add`.
    package func added(
        isFolderTaken: @escaping @Sendable (String) -> Bool = { _ in false }, at now: Date
    ) async throws -> Feed {
        try await self.access.write { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT \(Self.columns) FROM feed WHERE url = ?", arguments: [Feed.addedURL])
            if let row { return try Self.feed(row) }
            return try Self.insert(
                db, url: Feed.addedURL, draft: FeedDraft(title: Feed.addedTitle), isFolderTaken: isFolderTaken,
                at: now)
        }
    }

    /// Forgets a feed, its episodes and their jobs; the files are the caller's.
    package func remove(_ id: FeedID, at now: Date) async throws -> Feed {
        try await self.access.write { db in
            let feed = try Self.require(db, id)
            try db.execute(sql: "DELETE FROM feed WHERE id = ?", arguments: [id.rawValue])
            try db.execute(sql: "DELETE FROM turn WHERE feedID = ?", arguments: [id.rawValue])
            try EventStore.note(
                db, .feedRemoved, feed: id, detail: ["title": .string(feed.displayTitle)], at: now)
            return feed
        }
    }

    package func get(_ id: FeedID) async throws -> Feed {
        try await self.access.read { db in try Self.require(db, id) }
    }

    /// All feeds by title, with their counts.
    package func list() async throws -> [Listed] {
        try await self.access.read { db in
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

    /// What the feed calls its episodes that are here.
    package func guids(of id: FeedID) async throws -> Set<String> {
        try await self.access.read { db in
            try Set(String.fetchAll(db, sql: "SELECT guid FROM episode WHERE feedID = ?", arguments: [id.rawValue]))
        }
    }

    /// How many episodes a feed has in each state.
    package func counts(of id: FeedID) async throws -> [EpisodeState: Int] {
        try await self.access.read { db in
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
                createdAt, updatedAt, isUnlisted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                url, draft.title, draft.description, draft.imageURL, draft.author, draft.link, draft.language,
                try Self.json(draft.categories), folder, now.stored, now.stored,
                draft.isUnlisted,
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
            lastError: row["lastError"], failures: row["failures"],
            options: Feed.Options(
                autoQueue: Feed.Options.AutoQueue(rawValue: row["autoQueue"]) ?? .new, model: row["model"],
                takesPublished: row["takesPublished"]),
            createdAt: Date(stored: row["createdAt"]),
            updatedAt: Date(stored: row["updatedAt"]))
    }
}
