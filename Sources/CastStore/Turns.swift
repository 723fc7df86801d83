import CastCore
import GRDB

/// Feeds take turns: which place in its lane a job gets.
///
/// Each feed's jobs get turns that follow one another, and the job with the lowest turn is handed out first; so of ten
/// feeds that wait, each gets every tenth place, however long its own line is. A feed that comes later starts at the turn
/// that is being handed out now: it neither waits behind what others queued long ago, nor overtakes all of it. This is fair
/// queueing with start times, as it is done for packets.
enum Turns {
    /// The clock of a lane is kept where no feed has its number.
    private static let clock: Int64 = 0

    /// The next turn of one feed.
    static func next(_ db: GRDB.Database, _ kind: JobKind, _ lane: JobLane, of feed: FeedID) throws -> Int64 {
        let read = try db.cachedStatement(
            sql: """
                SELECT max(coalesce((SELECT last FROM turn WHERE kind = ?1 AND lane = ?2 AND feedID = 0), 0),
                    coalesce((SELECT last + 1 FROM turn WHERE kind = ?1 AND lane = ?2 AND feedID = ?3), 0))
                """)
        let turn = try Int64.fetchOne(read, arguments: [kind.rawValue, lane.rawValue, feed.rawValue]) ?? 0
        try Self.note(db, kind, lane, feed.rawValue, turn)
        return turn
    }

    /// Moves the lane's clock to the turn that was handed out.
    static func noteHandedOut(_ db: GRDB.Database, _ kind: JobKind, _ lane: JobLane, turn: Int64) throws {
        try Self.note(db, kind, lane, Self.clock, turn)
    }

    private static func note(
        _ db: GRDB.Database, _ kind: JobKind, _ lane: JobLane, _ feed: Int64, _ turn: Int64
    ) throws {
        let write = try db.cachedStatement(
            sql: """
                INSERT INTO turn (kind, lane, feedID, last) VALUES (?, ?, ?, ?)
                ON CONFLICT (kind, lane, feedID) DO UPDATE SET last = excluded.last WHERE last < excluded.last
                """)
        try write.execute(arguments: [kind.rawValue, lane.rawValue, feed, turn])
    }
}
