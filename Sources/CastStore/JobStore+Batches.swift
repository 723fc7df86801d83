package import CastCore
package import Foundation
import GRDB

/// Many episodes at once: a fixed number of statements, however many there are.
extension JobStore {
    /// Which episodes.
    package enum Selection: Sendable, Equatable {
        case all
        /// A feed's, or of all feeds; the newest so many where there is a limit.
        case feed(FeedID, newest: Int? = nil)
        case newestOfAll(Int)
        case episodes([EpisodeID])
        /// Those of a feed whose place, counted from the newest as 1, or whose day lies within.
        case range(FeedID, positions: ClosedRange<Int>?, from: Date?, until: Date?)

        fileprivate var limit: Int {
            switch self {
            case .feed(_, let newest): newest ?? -1
            case .newestOfAll(let newest): newest
            case .all, .episodes, .range: -1
            }
        }
    }

    /// Queues the selected episodes that have no transcript (or, with `again`, all that have one) and no active job.
    ///
    /// - Returns: How many were queued, and how many of the selected were on their way already.
    package func enqueueAll(
        _ selection: Selection, _ wish: Wish = Wish(), at now: Date
    ) async throws -> (queued: Int, skipped: Int) {
        try await self.access.write { db in try Self.enqueueAll(db, selection, wish, at: now) }
    }

    static func enqueueAll(
        _ db: GRDB.Database, _ selection: Selection, _ wish: Wish, at now: Date
    ) throws -> (queued: Int, skipped: Int) {
        let (filter, arguments) = try Self.filter(selection)
        let hasTranscript = wish.again ? "e.transcriptPath IS NOT NULL" : "e.transcriptPath IS NULL"
        let published =
            wish.again || !wish.takesPublished
            ? "0" : "(f.takesPublished AND e.published <> '[]' AND e.publishedFault IS NULL)"
        try db.execute(sql: "DROP TABLE IF EXISTS temp.chosen")
        try db.execute(
            sql: """
                CREATE TEMP TABLE chosen AS
                SELECT e.id, e.feedID, e.publishedAt, f.model,
                    CASE WHEN \(published) THEN 'transcript_download' WHEN e.audioPath IS NULL THEN 'download'
                        ELSE 'transcribe' END AS kind,
                    iif(e.publishedAt >= :fresh, 0, 1) AS lane
                FROM episode e JOIN feed f ON f.id = e.feedID
                WHERE \(filter) AND \(hasTranscript)
                AND (e.audioPath IS NOT NULL OR e.audioURL IS NOT NULL OR \(published))
                ORDER BY e.publishedAt DESC, e.id DESC LIMIT :limit
                """,
            arguments: arguments + ["fresh": (now - wish.freshFor).stored, "limit": selection.limit])
        defer { try? db.execute(sql: "DROP TABLE temp.chosen") }
        if wish.again { try SecondTries.withdraw(db, of: "SELECT id FROM chosen", at: now) }
        let candidates = try Int.fetchOne(db, sql: "SELECT count(*) FROM chosen") ?? 0
        try db.execute(
            sql: """
                DELETE FROM chosen WHERE EXISTS
                (SELECT 1 FROM job WHERE episodeID = chosen.id AND state IN ('queued', 'running'))
                """)
        try Self.placeChosen(db)
        let queued = try Self.queueChosen(db, wish, at: now)
        try db.execute(
            sql: """
                UPDATE episode SET error = NULL, updatedAt = :now, state = iif(transcriptPath IS NOT NULL, 'completed',
                    CASE (SELECT kind FROM chosen c WHERE c.id = episode.id) WHEN 'transcript_download'
                    THEN 'awaiting_transcript' WHEN 'download' THEN 'needs_audio' ELSE 'audio_ready' END)
                WHERE id IN (SELECT id FROM chosen)
                """,
            arguments: ["now": now.stored])
        if queued > 0 {
            try EventStore.note(db, .jobsQueued, detail: ["count": .int(Int64(queued))], at: now)
        }
        return (queued, candidates - queued)
    }

    /// Gives every chosen episode its feed's next turns, the newest episode the first; see `Turns`.
    private static func placeChosen(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                CREATE TEMP TABLE placed AS
                SELECT c.*, max(
                    coalesce((SELECT last FROM turn t WHERE t.kind = c.kind AND t.lane = c.lane AND t.feedID = 0), 0),
                    coalesce((SELECT last + 1 FROM turn t WHERE t.kind = c.kind AND t.lane = c.lane
                        AND t.feedID = c.feedID), 0))
                    + row_number() OVER (PARTITION BY c.kind, c.lane, c.feedID ORDER BY c.publishedAt DESC, c.id DESC)
                    - 1 AS turn
                FROM chosen c;
                DROP TABLE temp.chosen;
                ALTER TABLE temp.placed RENAME TO chosen;
                CREATE UNIQUE INDEX temp.chosenByID ON chosen (id);
                """)
        try db.execute(
            sql: """
                INSERT INTO turn (kind, lane, feedID, last)
                SELECT kind, lane, feedID, max(turn) FROM chosen WHERE true GROUP BY kind, lane, feedID
                ON CONFLICT (kind, lane, feedID) DO UPDATE SET last = max(last, excluded.last)
                """)
    }

    private static func queueChosen(_ db: GRDB.Database, _ wish: Wish, at now: Date) throws -> Int {
        // Failed ones are taken up again, like one that is queued by itself.
        try db.execute(
            sql: """
                UPDATE job SET state = 'queued', notBefore = :now, scheduledAt = :now, priority = :priority, attempts = 0,
                error = NULL, endedAt = NULL, nodeID = NULL, followUp = iif(kind = 'download', 'transcribe', NULL),
                lane = (SELECT lane FROM chosen c WHERE c.id = job.episodeID),
                turn = (SELECT turn FROM chosen c WHERE c.id = job.episodeID),
                model = iif(kind = 'transcribe', (SELECT model FROM chosen c WHERE c.id = job.episodeID), NULL)
                WHERE id IN (SELECT max(j.id) FROM chosen c JOIN job j ON j.episodeID = c.id
                    WHERE j.state = 'failed' AND j.kind = c.kind AND j.isSecondTry = 0 GROUP BY c.id)
                """,
            arguments: ["now": now.stored, "priority": wish.priority])
        let revived = db.changesCount
        try db.execute(
            sql: """
                INSERT INTO job (episodeID, feedID, kind, priority, lane, turn, model, attempts, maxAttempts, createdAt,
                scheduledAt, followUp, state, notBefore)
                SELECT c.id, c.feedID, c.kind, :priority, c.lane, c.turn, iif(c.kind = 'transcribe', c.model, NULL), 0,
                :attempts, :now, :now, iif(c.kind = 'download', 'transcribe', NULL), 'queued', :now
                FROM chosen c WHERE NOT EXISTS (SELECT 1 FROM job WHERE episodeID = c.id AND state = 'queued')
                ORDER BY c.publishedAt DESC, c.id DESC
                """,
            arguments: ["priority": wish.priority, "attempts": Job.defaultMaxAttempts, "now": now.stored])
        return db.changesCount + revived
    }

    private static func filter(_ selection: Selection) throws -> (String, StatementArguments) {
        switch selection {
        case .all, .newestOfAll:
            return ("1", [:])
        case .feed(let feed, _):
            return ("e.feedID = :feed", ["feed": feed.rawValue])
        case .episodes(let ids):
            let list = String(decoding: try JSONEncoder().encode(ids), as: UTF8.self)
            return ("e.id IN (SELECT value FROM json_each(:ids))", ["ids": list])
        case .range(let feed, let positions, let from, let until):
            var filter = "e.feedID = :feed"
            var arguments: StatementArguments = ["feed": feed.rawValue]
            if let positions {
                filter += """
                     AND e.id IN (SELECT id FROM episode WHERE feedID = :feed
                    ORDER BY publishedAt DESC, id DESC LIMIT :count OFFSET :first)
                    """
                arguments += ["count": positions.count, "first": positions.lowerBound - 1]
            }
            if let from {
                filter += " AND e.publishedAt >= :from"
                arguments += ["from": from.stored]
            }
            if let until {
                filter += " AND e.publishedAt < :until"
                arguments += ["until": until.stored]
            }
            return (filter, arguments)
        }
    }
}
