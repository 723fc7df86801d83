import CastCore
import Foundation
import GRDB

/// How much work waits, and what waits for a person.
extension JobStore {
    /// Audio that is to be transcribed, now or after its download.
    package struct Waiting: Sendable, Equatable {
        package var episodes = 0
        /// Of those whose length is known.
        package var audioSeconds: Double = 0
        /// Episodes whose length nobody knows yet.
        package var unknown = 0

        package init(episodes: Int = 0, audioSeconds: Double = 0, unknown: Int = 0) {
            self.episodes = episodes
            self.audioSeconds = audioSeconds
            self.unknown = unknown
        }
    }

    /// What waits in the queue for its transcript; an episode counts once, however many jobs lead there.
    package func waiting() async throws -> Waiting {
        try await self.access.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*) AS n, coalesce(sum(iif(duration > 0, duration, 0)), 0) AS audio,
                    count(*) - count(iif(duration > 0, 1, NULL)) AS unknown
                    FROM episode WHERE id IN (SELECT episodeID FROM job WHERE state = 'queued')
                    """)
            return Waiting(
                episodes: row?["n"] ?? 0, audioSeconds: row?["audio"] ?? 0, unknown: row?["unknown"] ?? 0)
        }
    }

    /// How many queued transcriptions ask for which model; those that ask for none are left out.
    package func wantedModels() async throws -> [String: Int] {
        try await self.access.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT model, count(*) AS n FROM job
                    WHERE kind = 'transcribe' AND state = 'queued' AND model IS NOT NULL GROUP BY model
                    """)
            return Dictionary(rows.map { ($0["model"] as String, $0["n"] as Int) }, uniquingKeysWith: +)
        }
    }

    /// The failed jobs that a person may want to try again, the last ones first: the newest of an episode and kind, unless
    /// it was done since or another job of the episode is on its way.
    ///
    /// - Returns: So many of them, and how many there are; `retryAllFailed` takes them all.
    package func givenUp(limit: Int) async throws -> (jobs: [Listed], total: Int) {
        let ids = try await self.access.read { db in try Self.givenUp(db) }
        let list = "[" + ids.map { String($0) }.joined(separator: ",") + "]"
        let jobs = try await self.list(
            where: "j.state = 'failed' AND j.id IN (SELECT value FROM json_each(?))",
            order: "j.endedAt DESC, j.id DESC", arguments: [list], limit: limit)
        return (jobs, ids.count)
    }

    static func givenUp(_ db: GRDB.Database) throws -> [Int64] {
        try Int64.fetchAll(
            db,
            sql: """
                SELECT max(id) FROM job j WHERE state = 'failed' AND NOT EXISTS (SELECT 1 FROM job a
                WHERE a.episodeID = j.episodeID AND (a.state IN ('queued', 'running')
                    OR (a.kind = j.kind AND a.id > j.id AND a.state = 'completed')))
                GROUP BY episodeID, kind
                """)
    }
}
