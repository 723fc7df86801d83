package import CastCore
import Foundation
import GRDB

/// What is known of transcripts' quality, and of second tries.
extension EpisodeStore {
    /// The quality of the transcripts that some episodes have; those that nobody judged are left out.
    package func qualities(of episodes: [EpisodeID]) async throws -> [EpisodeID: TranscriptQuality] {
        let ids = String(decoding: try JSONEncoder().encode(episodes), as: UTF8.self)
        return try await self.access.read { db in
            var found: [EpisodeID: TranscriptQuality] = [:]
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, quality FROM episode WHERE quality IS NOT NULL
                    AND id IN (SELECT value FROM json_each(?))
                    """,
                arguments: [ids])
            for row in rows { found[EpisodeID(row["id"])] = QualityText.quality(row["quality"]) }
            return found
        }
    }

    /// The last second try of each of some episodes.
    package func secondTries(of episodes: [EpisodeID]) async throws -> [EpisodeID: SecondTry] {
        let ids = String(decoding: try JSONEncoder().encode(episodes), as: UTF8.self)
        return try await self.access.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(SecondTries.columns) FROM secondTry
                    WHERE episodeID IN (SELECT value FROM json_each(?)) ORDER BY askedAt
                    """,
                arguments: [ids])
            return Dictionary(
                rows.compactMap(SecondTries.secondTry).map { ($0.episodeID, $0) }, uniquingKeysWith: { $1 })
        }
    }

    /// How many doubtful transcripts there are, in a feed or in all.
    package func doubtfulCount(feed: FeedID? = nil) async throws -> Int {
        try await self.access.read { db in
            let count =
                if let feed {
                    try Int.fetchOne(
                        db, sql: "SELECT count(*) FROM episode WHERE feedID = ? AND isDoubtful = 1",
                        arguments: [feed.rawValue])
                } else {
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM episode WHERE isDoubtful = 1")
                }
            return count ?? 0
        }
    }

    /// How many transcripts have each kind of finding; a transcript may have several.
    package func findingCounts() async throws -> [TranscriptQuality.Finding.Kind: Int] {
        try await self.access.read { db in
            var counts: [TranscriptQuality.Finding.Kind: Int] = [:]
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT f.value ->> 'kind' AS kind, count(*) AS n FROM episode e, json_each(e.quality, '$.findings') f
                    WHERE e.isDoubtful = 1 GROUP BY 1
                    """)
            for row in rows {
                guard let kind = (row["kind"] as String?).flatMap(TranscriptQuality.Finding.Kind.init(rawValue:))
                else { continue }
                counts[kind] = row["n"]
            }
            return counts
        }
    }

    /// How many second tries ended in each way; nil counts those that wait or run.
    package func secondTryCounts() async throws -> [SecondTry.Outcome?: Int] {
        try await self.access.read { db in
            var counts: [SecondTry.Outcome?: Int] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT outcome, count(*) AS n FROM secondTry GROUP BY outcome") {
                counts[(row["outcome"] as String?).flatMap(SecondTry.Outcome.init(rawValue:)), default: 0] += row["n"]
            }
            return counts
        }
    }
}
