package import CastCore
package import Foundation
import GRDB

/// What happened, newest last; kept for a while, so that a listener that was cut off misses nothing.
package struct EventStore: Sendable {
    let access: StoreAccess

    private static let columns = "id, at, kind, episodeID, feedID, jobID, nodeID, detail"

    /// The events after one, oldest first.
    package func after(_ id: Int64, limit: Int) async throws -> [Event] {
        try await self.access.read { db in
            try Row.fetchAll(
                db, sql: "SELECT \(Self.columns) FROM event WHERE id > ? ORDER BY id LIMIT ?", arguments: [id, limit]
            ).compactMap(Self.event)
        }
    }

    /// The newest events, newest first; `before` goes on with older ones.
    package func newest(before: Int64? = nil, limit: Int) async throws -> [Event] {
        try await self.access.read { db in
            try Row.fetchAll(
                db, sql: "SELECT \(Self.columns) FROM event WHERE id < ? ORDER BY id DESC LIMIT ?",
                arguments: [before ?? .max, limit]
            ).compactMap(Self.event)
        }
    }

    /// The id of the newest event; 0 before the first.
    package func latestID() async throws -> Int64 {
        try await self.access.read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM event") ?? 0 }
    }

    /// Removes what is older than a time, and all but the newest so many.
    ///
    /// - Returns: How many were removed.
    package func prune(before date: Date, keeping limit: Int) async throws -> Int {
        try await self.access.write(.soon) { db in
            try db.execute(
                sql: """
                    DELETE FROM event WHERE at < ?
                    OR id <= (SELECT max(id) FROM event) - ?
                    """,
                arguments: [date.stored, limit])
            return db.changesCount
        }
    }

    /// An event of a kind that this version does not know is left out: a later version wrote it.
    private static func event(_ row: Row) throws -> Event? {
        guard let kind = Event.Kind(rawValue: row["kind"]) else { return nil }
        let detail = row["detail"] as String
        return Event(
            id: row["id"], at: Date(stored: row["at"]), kind: kind,
            episodeID: (row["episodeID"] as Int64?).map { EpisodeID($0) },
            feedID: (row["feedID"] as Int64?).map { FeedID($0) }, jobID: (row["jobID"] as Int64?).map { JobID($0) },
            nodeID: (row["nodeID"] as String?).map(NodeID.init),
            detail: detail == "{}" ? [:] : try JSONDecoder().decode([String: JSONValue].self, from: Data(detail.utf8)))
    }

    /// Notes an event in the transaction that makes it true.
    static func note(
        _ db: GRDB.Database, _ kind: Event.Kind, episode: EpisodeID? = nil, feed: FeedID? = nil, job: JobID? = nil,
        node: NodeID? = nil, detail: [String: JSONValue] = [:], at now: Date
    ) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO event (at, kind, episodeID, feedID, jobID, nodeID, detail) VALUES (?, ?, ?, ?, ?, ?, ?)")
        try statement.execute(arguments: [
            now.stored, kind.rawValue, episode?.rawValue, feed?.rawValue, job?.rawValue, node?.rawValue,
            try Self.text(detail),
        ])
    }

    private static func text(_ detail: [String: JSONValue]) throws -> String {
        if detail.isEmpty { return "{}" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(detail), as: UTF8.self)
    }
}
