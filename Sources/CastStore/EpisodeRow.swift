import CastCore
import Foundation
import GRDB

/// The episode table's columns, and the one place that says what state an episode is in.
enum EpisodeRow {
    static let columns = """
        id, feedID, guid, title, description, link, audioURL, duration, publishedAt, state, stem, audioPath, audioSize, \
        transcriptPath, transcriptModel, transcriptSource, transcribedAt, isDoubtful, published, publishedFault, error, createdAt, updatedAt
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
            transcriptModel: row["transcriptModel"], transcriptSource: row["transcriptSource"],
            transcribedAt: Date(stored: row["transcribedAt"]), isDoubtful: row["isDoubtful"],
            published: try Self.published(row["published"]), publishedFault: row["publishedFault"], error: row["error"],
            createdAt: Date(stored: row["createdAt"]), updatedAt: Date(stored: row["updatedAt"]))
    }

    private static func published(_ text: String) throws -> [PublishedTranscript] {
        // Nearly always empty, and rows are read by the thousand.
        text == "[]" ? [] : try JSONDecoder().decode([PublishedTranscript].self, from: Data(text.utf8))
    }

    static func text(_ published: [PublishedTranscript]) throws -> String {
        guard !published.isEmpty else { return "[]" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(published), as: UTF8.self)
    }

    /// Derives the state from the episode's files and jobs; called in every transaction that changes one of them.
    static func refreshState(_ db: GRDB.Database, _ id: EpisodeID, at now: Date) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE episode SET updatedAt = ?2, state = CASE
                    WHEN EXISTS (SELECT 1 FROM job WHERE episodeID = ?1 AND kind = 'transcribe' AND state = 'running'
                        AND hasBegun AND isSecondTry = 0) THEN 'transcribing'
                    WHEN EXISTS (SELECT 1 FROM job WHERE episodeID = ?1 AND kind = 'download' AND state = 'running')
                        THEN 'downloading'
                    WHEN transcriptPath IS NOT NULL THEN 'completed'
                    WHEN EXISTS (SELECT 1 FROM job WHERE episodeID = ?1 AND kind = 'transcript_download'
                        AND state IN ('queued', 'running')) THEN 'awaiting_transcript'
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

    static func store(
        _ db: GRDB.Database, _ product: JobStore.Product, of id: EpisodeID, at now: Date
    ) throws {
        switch product {
        case .audio(let path, let size, let duration, let origin):
            try db.execute(
                sql: """
                    UPDATE episode SET audioPath = ?, audioSize = ?, duration = coalesce(?, duration), error = NULL
                    WHERE id = ?
                    """,
                arguments: [path, size, duration, id.rawValue])
            if let origin { try AudioOrigins.store(db, origin, of: id) }
        case .transcript(let path, let model, let source, let duration, let quality):
            try db.execute(
                sql: """
                    UPDATE episode SET transcriptPath = ?, transcriptModel = ?, transcriptSource = ?,
                    transcribedAt = ?, duration = coalesce(?, duration), error = NULL, quality = ?, isDoubtful = ?
                    WHERE id = ?
                    """,
                arguments: [
                    path, model, source, now.stored, duration, try quality.map(QualityText.text),
                    quality?.isDoubtful ?? false, id.rawValue,
                ])
        }
    }
}
