package import CastCore
package import Foundation
import GRDB

extension SearchIndex {
    /// A place in a transcript.
    package struct Hit: Sendable, Equatable {
        package var episode: EpisodeID
        /// Seconds: where the sentence with the first hit begins.
        package var start: Double
        /// Seconds: where the passage ends.
        package var end: Double
        /// The surroundings, with hits between `Snippet.open` and `Snippet.close`.
        package var snippet: String
        /// Higher is better.
        package var rank: Double
    }

    package struct Filter: Sendable, Equatable {
        package var feed: FeedID?
        package var from: Date?
        package var until: Date?

        package init(feed: FeedID? = nil, from: Date? = nil, until: Date? = nil) {
            self.feed = feed
            self.from = from
            self.until = until
        }

        fileprivate var condition: String {
            (self.from == nil ? "" : " AND c.publishedAt >= :from")
                + (self.until == nil ? "" : " AND c.publishedAt < :until")
        }

        fileprivate func pattern(_ query: SearchQuery, columns: String) -> String? {
            guard let pattern = query.pattern else { return nil }
            let inColumns = "{\(columns)} : (\(pattern))"
            return self.feed.map { "\(inColumns) AND feed : \"f\($0)\"" } ?? inColumns
        }
    }

    /// Of a word that is everywhere so many places are looked at, those indexed last, and they are not ranked.
    ///
    /// That would take longer than anybody waits, and nobody reads the thousandth hit.
    package static let mostCandidates = 1000

    /// The best places in transcripts, best first.
    ///
    /// - Returns: The hits from `offset` on, and how many there are: `mostCandidates` stands for that many or more.
    package func passages(
        _ query: SearchQuery, _ filter: Filter = Filter(), limit: Int, offset: Int = 0
    ) async throws -> (hits: [Hit], total: Int) {
        guard let pattern = filter.pattern(query, columns: "body") else { return ([], 0) }
        return try await self.writer.read { db in
            let arguments = Self.arguments(pattern, filter, ["most": Self.mostCandidates])
            let source = """
                FROM passageText t \(filter.condition.isEmpty ? "" : "JOIN passage c ON c.id = t.rowid")
                WHERE passageText MATCH :pattern\(filter.condition) ORDER BY t.rowid DESC LIMIT :most
                """
            let newest = try Int64.fetchAll(db, sql: "SELECT t.rowid \(source)", arguments: arguments)
            // To rank a word that is everywhere, every place of it would have to be read: the newest are as good.
            guard newest.count < Self.mostCandidates else {
                let shown = newest.dropFirst(offset).prefix(limit)
                return (try Self.hits(db, shown.map { ($0, 0) }, pattern), newest.count)
            }
            let candidates = try Row.fetchAll(
                db, sql: "SELECT t.rowid AS id, bm25(passageText) AS score \(source)", arguments: arguments)
            let best = candidates.sorted { ($0["score"] as Double, $0["id"] as Int64) < ($1["score"], $1["id"]) }
                .dropFirst(offset).prefix(limit)
            return (try Self.hits(db, best.map { ($0["id"], $0["score"]) }, pattern), candidates.count)
        }
    }

    /// The places in one episode, in the order in which they are said.
    package func passages(of episode: EpisodeID, _ query: SearchQuery, limit: Int) async throws -> [Hit] {
        guard let pattern = Filter().pattern(query, columns: "body") else { return [] }
        return try await self.writer.read { db in
            let ids = try Int64.fetchAll(
                db, sql: "SELECT id FROM passage WHERE episodeID = ?", arguments: [episode.rawValue])
            guard let first = ids.min(), let last = ids.max() else { return [] }
            let found = try Row.fetchAll(
                db,
                sql: """
                    SELECT t.rowid AS id, bm25(passageText) AS score FROM passageText t
                    WHERE passageText MATCH ? AND t.rowid BETWEEN ? AND ? ORDER BY t.rowid LIMIT ?
                    """,
                arguments: [pattern, first, last, limit])
            return try Self.hits(db, found.map { ($0["id"], $0["score"]) }, pattern)
        }
    }

    /// Episodes whose title or description holds it; best first, titles before descriptions.
    ///
    /// - Parameter onlyTitles: Whether descriptions are left out.
    package func episodes(
        _ query: SearchQuery, _ filter: Filter = Filter(), onlyTitles: Bool = false, limit: Int, offset: Int = 0
    ) async throws -> (episodes: [EpisodeID], total: Int) {
        let columns = onlyTitles ? "title" : "title description"
        guard let pattern = filter.pattern(query, columns: columns) else { return ([], 0) }
        return try await self.writer.read { db in
            let found = try Row.fetchAll(
                db,
                sql: """
                    SELECT t.rowid AS id, bm25(documentText, 10.0, 1.0) AS score FROM documentText t
                    \(filter.condition.isEmpty ? "" : "JOIN document c ON c.id = t.rowid")
                    WHERE documentText MATCH :pattern\(filter.condition) ORDER BY t.rowid DESC LIMIT :most
                    """,
                arguments: Self.arguments(pattern, filter, ["most": Self.mostCandidates]))
            let best = found.sorted { ($0["score"] as Double, $1["id"] as Int64) < ($1["score"], $0["id"]) }
            return (best.dropFirst(offset).prefix(limit).map { EpisodeID($0["id"]) }, found.count)
        }
    }

    /// How much there is to find.
    package func size() async throws -> (passages: Int, episodes: Int) {
        try await self.writer.read { db in
            (
                try Int.fetchOne(db, sql: "SELECT count(*) FROM passage") ?? 0,
                try Int.fetchOne(db, sql: "SELECT count(DISTINCT episodeID) FROM passage") ?? 0
            )
        }
    }

    private static func arguments(
        _ pattern: String, _ filter: Filter, _ more: StatementArguments
    ) -> StatementArguments {
        var arguments: StatementArguments = ["pattern": pattern]
        if let from = filter.from { arguments += ["from": from.stored] }
        if let until = filter.until { arguments += ["until": until.stored] }
        return arguments + more
    }

    /// Reads the hits that are shown with their texts, in their order.
    ///
    /// In one pass: the beginning of a word has to be looked up anew in each query, which takes as long as many hits.
    private static func hits(
        _ db: GRDB.Database, _ shown: [(id: Int64, score: Double)], _ pattern: String
    ) throws -> [Hit] {
        guard let first = shown.map(\.id).min(), let last = shown.map(\.id).max() else { return [] }
        let ids = String(decoding: try JSONEncoder().encode(shown.map(\.id)), as: UTF8.self)
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT t.rowid AS id, CASE WHEN t.rowid IN (SELECT value FROM json_each(:ids))
                    THEN highlight(passageText, 0, :open, :close) END AS marked
                FROM passageText t WHERE passageText MATCH :pattern AND t.rowid BETWEEN :first AND :last
                """,
            arguments: [
                "ids": ids, "open": String(Snippet.open), "close": String(Snippet.close), "pattern": pattern,
                "first": first, "last": last,
            ])
        var marked: [Int64: String] = [:]
        for row in rows { marked[row["id"]] = row["marked"] as String? }
        return try shown.compactMap { hit in
            guard let text = marked[hit.id] else { return nil }
            return try Self.hit(db, hit.id, hit.score, text)
        }
    }

    private static func hit(_ db: GRDB.Database, _ id: Int64, _ score: Double, _ marked: String) throws -> Hit? {
        let statement = try db.cachedStatement(sql: "SELECT episodeID, start, \"end\", marks FROM passage WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id]) else { return nil }
        let marks = (row["marks"] as String).split(separator: ";").compactMap { mark -> Passage.Mark? in
            let parts = mark.split(separator: ",")
            guard parts.count == 2, let offset = Int(parts[0]), let time = Double(parts[1]) else { return nil }
            return Passage.Mark(offset: offset, time: time)
        }
        return Hit(
            episode: EpisodeID(row["episodeID"]),
            start: Passage.time(at: Snippet.firstHit(in: marked), in: marks, else: row["start"]), end: row["end"],
            snippet: Snippet.around(marked), rank: -score)
    }
}
