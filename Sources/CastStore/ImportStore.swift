package import CastCore
import Crypto
package import Foundation
import GRDB

/// Takes a library that another server kept; many rows in each transaction.
///
/// Everything may be repeated: what is there already is found again by its own name (a feed's address, an episode's
/// guid, a node's id) and left as it is. Numbers of the other server are kept where nothing here has them yet, so that
/// its addresses and the jobs that its nodes hold stay right.
package struct ImportStore: Sendable {
    let access: StoreAccess

    /// A feed as another server knew it.
    package struct FeedEntry: Sendable, Equatable {
        package var oldID: Int64
        package var url: String
        package var draft: FeedDraft
        package var customTitle: String?
        package var lastPolledAt: Date?
        package var createdAt: Date?

        package init(
            oldID: Int64, url: String, draft: FeedDraft, customTitle: String?, lastPolledAt: Date?, createdAt: Date?
        ) {
            self.oldID = oldID
            self.url = url
            self.draft = draft
            self.customTitle = customTitle
            self.lastPolledAt = lastPolledAt
            self.createdAt = createdAt
        }
    }

    /// An episode as another server knew it, without its files.
    package struct EpisodeEntry: Sendable, Equatable {
        package var oldID: Int64
        package var draft: EpisodeDraft
        /// Why it failed there.
        package var error: String?
        package var createdAt: Date?

        package init(oldID: Int64, draft: EpisodeDraft, error: String?, createdAt: Date?) {
            self.oldID = oldID
            self.draft = draft
            self.error = error
            self.createdAt = createdAt
        }
    }

    /// A worker that goes on with the key that it has.
    package struct NodeEntry: Sendable, Equatable {
        package var id: NodeID
        package var draft: NodeStore.Draft
        package var key: String
        package var lastHeartbeatAt: Date?
        package var createdAt: Date?

        package init(id: NodeID, draft: NodeStore.Draft, key: String, lastHeartbeatAt: Date?, createdAt: Date?) {
            self.id = id
            self.draft = draft
            self.key = key
            self.lastHeartbeatAt = lastHeartbeatAt
            self.createdAt = createdAt
        }
    }

    /// What came of one thing: as it is here now, and whether it was here before.
    package struct Placed<Value: Sendable>: Sendable {
        package var value: Value
        package var isNew: Bool
    }

    /// Adds the feeds that are not there.
    ///
    /// - Parameter isFolderTaken: As with `FeedStore.add`.
    /// - Returns: All of them by the number that they had.
    package func addFeeds(
        _ entries: [FeedEntry], isFolderTaken: @escaping @Sendable (String) -> Bool, at now: Date
    ) async throws -> [Int64: Placed<Feed>] {
        try await self.access.write { db in
            var placed: [Int64: Placed<Feed>] = [:]
            for entry in entries {
                let known = try Int64.fetchOne(db, sql: "SELECT id FROM feed WHERE url = ?", arguments: [entry.url])
                let id = try known ?? Self.insert(db, entry, isFolderTaken: isFolderTaken, at: now)
                placed[entry.oldID] = Placed(value: try FeedStore.require(db, FeedID(id)), isNew: known == nil)
            }
            return placed
        }
    }

    private static func insert(
        _ db: GRDB.Database, _ entry: FeedEntry, isFolderTaken: (String) -> Bool, at now: Date
    ) throws -> Int64 {
        let draft = entry.draft
        let folder = try StorageName.unique(StorageName.safe(draft.title)) { name in
            let sql = "SELECT EXISTS (SELECT 1 FROM feed WHERE folder = ?)"
            return try Bool.fetchOne(db, sql: sql, arguments: [name]) == true || isFolderTaken(name)
        }
        try db.execute(
            sql: """
                INSERT INTO feed (id, url, title, description, imageURL, customTitle, author, link, language, categories,
                folder, lastPolledAt, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                try Self.free(db, entry.oldID, in: "feed"), entry.url, draft.title, draft.description, draft.imageURL,
                entry.customTitle, draft.author, draft.link, draft.language,
                String(decoding: try JSONEncoder().encode(draft.categories), as: UTF8.self), folder,
                entry.lastPolledAt?.stored, (entry.createdAt ?? now).stored, now.stored,
            ])
        let id = db.lastInsertedRowID
        try EventStore.note(db, .feedAdded, feed: FeedID(id), at: now)
        return id
    }

    /// Adds the nodes that are not there; a key is kept as its digest only.
    ///
    /// - Returns: The ids of those that were added, and of those whose key another node has.
    package func addNodes(
        _ entries: [NodeEntry], at now: Date
    ) async throws -> (added: Set<NodeID>, refused: Set<NodeID>) {
        try await self.access.write { db in
            var added: Set<NodeID> = []
            var refused: Set<NodeID> = []
            for entry in entries {
                let known = "SELECT EXISTS (SELECT 1 FROM node WHERE id = ?)"
                if try Bool.fetchOne(db, sql: known, arguments: [entry.id.rawValue]) == true { continue }
                let hash = Data(SHA256.hash(data: Data(entry.key.utf8)))
                let taken = "SELECT EXISTS (SELECT 1 FROM node WHERE keyHash = ?)"
                if try Bool.fetchOne(db, sql: taken, arguments: [hash]) == true {
                    refused.insert(entry.id)
                    continue
                }
                try db.execute(
                    sql: """
                        INSERT INTO node (id, name, url, model, backend, priority, keyHash, lastHeartbeatAt, createdAt)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        entry.id.rawValue, entry.draft.name, entry.draft.url, entry.draft.model, entry.draft.backend,
                        entry.draft.priority, hash,
                        // The other server's clock may go by another zone than it was said to.
                        entry.lastHeartbeatAt.map { min($0, now) }?.stored, (entry.createdAt ?? now).stored,
                    ])
                try EventStore.note(
                    db, .nodeRegistered, node: entry.id, detail: ["name": .string(entry.draft.name)], at: now)
                added.insert(entry.id)
            }
            return (added, refused)
        }
    }

    /// Adds the episodes that their feeds do not have yet.
    ///
    /// - Returns: All of them by the number that they had.
    package func addEpisodes(
        _ entries: [(entry: EpisodeEntry, feed: FeedID)], at now: Date
    ) async throws -> [Int64: Placed<Episode>] {
        try await self.access.write { db in
            var placed: [Int64: Placed<Episode>] = [:]
            let known = try db.cachedStatement(sql: "SELECT id FROM episode WHERE feedID = ? AND guid = ?")
            for (entry, feed) in entries {
                let there = try Int64.fetchOne(known, arguments: [feed.rawValue, entry.draft.guid])
                let id = try there ?? Self.insert(db, entry, into: feed, at: now)
                guard let episode = try EpisodeRow.fetch(db, EpisodeID(id)) else { continue }
                placed[entry.oldID] = Placed(value: episode, isNew: there == nil)
            }
            return placed
        }
    }

    private static func insert(
        _ db: GRDB.Database, _ entry: EpisodeEntry, into feed: FeedID, at now: Date
    ) throws -> Int64 {
        let draft = entry.draft
        let taken = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM episode WHERE feedID = ? AND stem = ?)")
        let wanted = StorageName.stem(title: draft.title, publishedAt: draft.publishedAt, now: entry.createdAt ?? now)
        let stem = try StorageName.unique(wanted) { name in
            try Bool.fetchOne(taken, arguments: [feed.rawValue, name]) == true
        }
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO episode (id, feedID, guid, title, description, link, audioURL, duration, publishedAt, state,
                stem, published, error, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try insert.execute(arguments: [
            try Self.free(db, entry.oldID, in: "episode"), feed.rawValue, draft.guid, draft.title, draft.description,
            draft.link, draft.audioURL, draft.duration, draft.publishedAt?.stored,
            entry.error == nil ? "new" : "failed", stem, try EpisodeRow.text(draft.published), entry.error,
            (entry.createdAt ?? now).stored, now.stored,
        ])
        return db.lastInsertedRowID
    }

    /// The number, if nothing here has it; nil lets the database choose.
    static func free(_ db: GRDB.Database, _ id: Int64, in table: String) throws -> Int64? {
        let statement = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM \(table) WHERE id = ?)")
        guard id > 0, id < 1 << 40, try Bool.fetchOne(statement, arguments: [id]) == false else { return nil }
        return id
    }
}
