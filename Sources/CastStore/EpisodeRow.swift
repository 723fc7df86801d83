import CastCore
import Foundation
import GRDB

/// The episode table's columns, and the one place that says what state an episode is in.
enum EpisodeRow {
    static let columns = """
        id, feedID, guid, title, description, link, audioURL, duration, publishedAt, state, stem, audioPath, audioSize, \
        transcriptPath, transcriptModel, transcriptSource, error, createdAt, updatedAt
        """

    static func fetch(_ db: GRDB.Database, _ id: EpisodeID) throws -> Episode? {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM episode WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.rawValue]).map(Self.episode)
    }

    static func episode(_ row: Row) throws -> Episode {
        guard let state = EpisodeState(rawValue: row["state"]) else {
            throw CastError(.internalFault, "The database holds an episode in an unknown state.")
        }
        return Episode(
            id: EpisodeID(row["id"]), feedID: FeedID(row["feedID"]), guid: row["guid"], title: row["title"],
            description: row["description"], link: row["link"], audioURL: row["audioURL"], duration: row["duration"],
            publishedAt: Date(stored: row["publishedAt"]), state: state, stem: row["stem"],
            audioPath: row["audioPath"], audioSize: row["audioSize"], transcriptPath: row["transcriptPath"],
            transcriptModel: row["transcriptModel"], transcriptSource: row["transcriptSource"], error: row["error"],
            createdAt: Date(stored: row["createdAt"]), updatedAt: Date(stored: row["updatedAt"]))
    }

    /// Derives the state from the episode's files and jobs; called in every transaction that changes one of them.
    static func refreshState(_ db: GRDB.Database, _ id: EpisodeID, at now: Date) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE episode SET updatedAt = ?2, state = CASE
                    WHEN EXISTS (SELECT 1 FROM job WHERE episodeID = ?1 AND kind = 'transcribe' AND state = 'running'
                        AND hasBegun) THEN 'transcribing'
                    WHEN EXISTS (SELECT 1 FROM job WHERE episodeID = ?1 AND kind = 'download' AND state = 'running')
                        THEN 'downloading'
                    WHEN transcriptPath IS NOT NULL THEN 'completed'
                    WHEN EXISTS (SELECT 1 FROM job WHERE episodeID = ?1 AND kind = 'download' AND state = 'queued')
                        THEN 'needs_audio'
                    WHEN EXISTS (SELECT 1 FROM job WHERE episodeID = ?1 AND state IN ('queued', 'running'))
                        THEN 'audio_ready'
                    WHEN error IS NOT NULL THEN 'failed'
                    WHEN audioPath IS NOT NULL THEN 'audio_ready'
                    ELSE 'new' END
                WHERE id = ?1
                """)
        try statement.execute(arguments: [id.rawValue, now.stored])
    }

    static func store(_ db: GRDB.Database, _ product: JobStore.Product, of id: EpisodeID) throws {
        switch product {
        case .audio(let path, let size, let duration):
            try db.execute(
                sql: """
                    UPDATE episode SET audioPath = ?, audioSize = ?, duration = coalesce(?, duration), error = NULL
                    WHERE id = ?
                    """,
                arguments: [path, size, duration, id.rawValue])
        case .transcript(let path, let model, let source, let duration):
            try db.execute(
                sql: """
                    UPDATE episode SET transcriptPath = ?, transcriptModel = ?, transcriptSource = ?,
                    duration = coalesce(?, duration), error = NULL WHERE id = ?
                    """,
                arguments: [path, model, source, duration, id.rawValue])
        }
    }
}
