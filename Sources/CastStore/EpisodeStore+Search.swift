package import CastCore
import Foundation
import GRDB

/// What full-text search does not know yet.
extension EpisodeStore {
    /// An episode that is to be indexed, as it is now.
    package struct Unindexed: Sendable {
        package var episode: Episode
        /// Which change of the episode this is; `noteIndexed` of an earlier one leaves it to be done again.
        package var version: Int
    }

    package func unindexed(limit: Int) async throws -> [Unindexed] {
        try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(EpisodeRow.columns), searchWanted FROM episode WHERE searchWanted <> searchDone
                    ORDER BY id LIMIT ?
                    """,
                arguments: [limit]
            ).map { Unindexed(episode: try EpisodeRow.episode($0), version: $0["searchWanted"]) }
        }
    }

    /// The episodes that are gone from here and may still be in the index.
    package func gone(limit: Int) async throws -> [EpisodeID] {
        try await self.access.read { db in
            try Int64.fetchAll(db, sql: "SELECT id FROM episodeGone LIMIT ?", arguments: [limit]).map { EpisodeID($0) }
        }
    }

    /// Notes what the index has taken in; called after it has.
    package func noteIndexed(_ done: [(EpisodeID, version: Int)], gone: [EpisodeID]) async throws {
        try await self.access.write(.soon) { db in
            for (id, version) in done {
                try db.cachedStatement(sql: "UPDATE episode SET searchDone = ? WHERE id = ?")
                    .execute(arguments: [version, id.rawValue])
            }
            for id in gone {
                try db.cachedStatement(sql: "DELETE FROM episodeGone WHERE id = ?").execute(arguments: [id.rawValue])
            }
        }
    }

    /// Has everything, or one episode, indexed again.
    ///
    /// - Throws: `.notFound` for an unknown episode.
    package func forgetIndexed(_ id: EpisodeID? = nil) async throws {
        try await self.access.write { db in
            try db.execute(
                sql: "UPDATE episode SET searchDone = 0 WHERE ? IS NULL OR id = ?",
                arguments: [id?.rawValue, id?.rawValue])
            if id != nil, db.changesCount == 0 { throw CastError(.notFound, "Episode not found") }
        }
    }
}
