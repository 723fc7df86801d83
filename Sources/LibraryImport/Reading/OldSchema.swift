import CastCore

/// What is read of the existing server's database, and how.
///
/// From its schema, versions 10 to 18 (package `cast2md` 2026.8.0). The tables for embeddings are not touched, so the
/// database needs no vector extension for this.
package enum OldSchema {
    /// A table, and its columns that are read.
    package struct Table: Sendable {
        package var name: String
        /// Text, cut at a length that no honest feed reaches: a line stays in bounds whatever a feed wrote.
        package var texts: [String]
        package var others: [String]
        /// Those without which a row means nothing; the rest may be missing.
        package var required: Set<String>

        package var columns: [String] { self.texts + self.others }
    }

    package static let feed = Table(
        name: "feed",
        texts: [
            "url", "title", "description", "image_url", "author", "link", "categories", "custom_title",
        ],
        others: ["id", "last_polled", "created_at"], required: ["id", "url", "title", "custom_title"])
    package static let episode = Table(
        name: "episode",
        texts: [
            "guid", "title", "description", "audio_url", "status", "audio_path", "transcript_path", "transcript_model",
            "transcript_source", "transcript_url", "transcript_type", "link", "error_message",
        ],
        others: ["id", "feed_id", "duration_seconds", "published_at", "created_at", "updated_at"],
        required: [
            "id", "feed_id", "guid", "title", "audio_url", "status", "audio_path", "transcript_path",
            "transcript_model", "transcript_source", "updated_at",
        ])
    package static let job = Table(
        name: "job_queue", texts: ["job_type", "status", "error_message", "assigned_node_id"],
        others: [
            "id", "episode_id", "priority", "attempts", "max_attempts", "scheduled_at", "next_retry_at", "created_at",
            "claimed_at",
        ],
        required: ["id", "episode_id", "job_type", "status", "assigned_node_id"])
    package static let node = Table(
        name: "transcriber_node", texts: ["id", "name", "url", "api_key", "whisper_model", "whisper_backend"],
        others: ["priority", "last_heartbeat", "created_at"], required: ["id", "name", "url", "api_key"])
    package static let setting = Table(
        name: "settings", texts: ["key", "value"], others: [], required: ["key", "value"])
    package static let segment = Table(
        name: "transcript_segments", texts: ["text"], others: ["episode_id", "segment_start", "segment_end"],
        required: ["id", "episode_id", "segment_start", "segment_end", "text"])

    package static let tables = [Self.feed, Self.episode, Self.job, Self.node, Self.setting, Self.segment]

    /// Longest text of a column in characters.
    static let longestText = 100_000

    /// Asks which columns there are, as one JSON object of lists.
    static var catalogueQuery: String {
        let names = Self.tables.map { "'\($0.name)'" }.joined(separator: ", ")
        return """
            SELECT coalesce(json_object_agg(t, c), '{}'::json) FROM (SELECT table_name AS t, \
            json_agg(column_name) AS c FROM information_schema.columns \
            WHERE table_schema = ANY (current_schemas(false)) AND table_name IN (\(names)) GROUP BY 1) x
            """
    }

    /// - Throws: `.invalid` that says what is missing when this is not, or not yet, the database of that server.
    package static func check(_ catalogue: [String: Set<String>]) throws {
        guard catalogue["feed"] != nil || catalogue["episode"] != nil else {
            throw CastError(
                .invalid,
                "This is no database of the existing cast2md server: it has neither a table feed nor a table episode. "
                    + "The name of the right one is at the end of that server's DATABASE_URL.")
        }
        let missing = Self.tables.flatMap { table in
            table.required.subtracting(catalogue[table.name] ?? []).sorted().map { "\(table.name).\($0)" }
        }
        guard missing.isEmpty else {
            throw CastError(
                .invalid,
                "The database is of another version than 2026.8.0 of the existing server, or its user may not read it "
                    + "all; missing: \(missing.joined(separator: ", ")). Start that version of the existing server "
                    + "once on this database, which brings its tables up to date, stop it, and try again.")
        }
    }

    /// The statements that write the whole library as JSON lines, all as of one moment.
    package static func snapshot(_ catalogue: [String: Set<String>]) -> [String] {
        func columns(_ table: Table) -> String { Self.columns(table, catalogue) }
        let shared = "(transcript_path IS NOT NULL AND transcript_sharers > 1)"
        return [
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self.copy("feed", "SELECT \(columns(Self.feed)) FROM feed ORDER BY id"),
            Self.copy("setting", "SELECT \(columns(Self.setting)) FROM settings ORDER BY key"),
            Self.copy("node", "SELECT \(columns(Self.node)) FROM transcriber_node ORDER BY id"),
            Self.copy(
                "finished",
                """
                SELECT left(job_type, 100) AS job_type, left(status, 100) AS status, count(*) AS count FROM job_queue \
                WHERE coalesce(status, '') NOT IN ('queued', 'running') GROUP BY 1, 2 ORDER BY 1, 2
                """),
            Self.copy(
                "job",
                "SELECT \(columns(Self.job)) FROM job_queue WHERE status IN ('queued', 'running') ORDER BY id"),
            // Those that share a file come last, the one that was changed last first: it wrote the file.
            Self.copy(
                "episode",
                """
                SELECT \(columns(Self.episode)), transcript_sharers, audio_sharers, audio_is_alike FROM (SELECT *, \
                count(*) OVER (PARTITION BY transcript_path) AS transcript_sharers, \
                count(*) OVER (PARTITION BY audio_path) AS audio_sharers, \
                (min(audio_url) OVER (PARTITION BY audio_path)) IS NOT DISTINCT FROM \
                (max(audio_url) OVER (PARTITION BY audio_path)) AS audio_is_alike FROM episode) e \
                ORDER BY \(shared), CASE WHEN \(shared) THEN transcript_path END, \
                CASE WHEN \(shared) THEN updated_at END DESC NULLS LAST, id
                """),
            "COMMIT",
        ]
    }

    /// The statement that writes what the search index holds of some episodes.
    static func segments(_ catalogue: [String: Set<String>], of episodes: [Int64]) -> [String] {
        let ids = episodes.map(String.init).joined(separator: ", ")
        return [
            Self.copy(
                "segment",
                """
                SELECT \(Self.columns(Self.segment, catalogue)) FROM transcript_segments \
                WHERE episode_id IN (\(ids)) ORDER BY episode_id, segment_start, id
                """)
        ]
    }

    private static func columns(_ table: Table, _ catalogue: [String: Set<String>]) -> String {
        let there = catalogue[table.name] ?? []
        let texts = table.texts.filter(there.contains).map { "left(\($0), \(Self.longestText)) AS \($0)" }
        return (texts + table.others.filter(there.contains)).joined(separator: ", ")
    }

    /// JSON on one line a row: its control characters are escaped, so these two can neither quote nor separate.
    private static func copy(_ name: String, _ query: String) -> String {
        """
        COPY (SELECT json_build_object('\(name)', row_to_json(r)) FROM (\(query)) r) TO STDOUT \
        WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')
        """
    }
}
