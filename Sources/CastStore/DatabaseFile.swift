package import CastCore
import Foundation
import GRDB

/// A database file looked at from outside: read only, while its server runs or not.
package struct DatabaseFile: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// How many rows the tables that matter have.
    package struct Counts: Sendable, Codable, Equatable {
        package var feeds: Int
        package var episodes: Int
        package var transcripts: Int
        package var jobs: Int
        package var nodes: Int

        package init(feeds: Int, episodes: Int, transcripts: Int, jobs: Int, nodes: Int) {
            self.feeds = feeds
            self.episodes = episodes
            self.transcripts = transcripts
            self.jobs = jobs
            self.nodes = nodes
        }
    }

    /// What a look into the file found.
    package struct Examination: Sendable, Equatable {
        /// What `PRAGMA integrity_check` says; empty when all is well.
        package var damage: [String]
        /// Rows that name another one that is not there.
        package var danglingRows: Int
        /// Steps of the schema that this version does not know: a newer one has been here.
        package var unknownMigrations: [String]
        /// Steps that the next start of the server makes.
        package var pendingMigrations: [String]
        /// Nil for a file in which the tables are not.
        package var counts: Counts?

        package init(
            damage: [String], danglingRows: Int, unknownMigrations: [String], pendingMigrations: [String],
            counts: Counts?
        ) {
            self.damage = damage
            self.danglingRows = danglingRows
            self.unknownMigrations = unknownMigrations
            self.pendingMigrations = pendingMigrations
            self.counts = counts
        }
    }

    /// A file of the storage that the database names.
    package struct NamedFile: Sendable, Equatable, Hashable {
        package var episode: EpisodeID
        /// Below the storage folder.
        package var path: String
        package var isTranscript: Bool
    }

    /// Copies the whole database as it is at one moment, and syncs the copy; writers are not kept waiting.
    ///
    /// - Parameter target: A file that is not there yet. It is one file, without a log beside it.
    /// - Returns: The rows at that same moment.
    /// - Throws: `.notFound` when there is no database, `.unavailable` or `.storageFull` when it cannot be copied.
    package func copy(to target: String) async throws -> Counts {
        let counts = try await self.reading { db in
            // Counting begins the transaction, and copying goes on in it: both see the same moment.
            let counts = try Self.counts(db)
            let copy = try DatabaseQueue(path: target)
            // One step: nobody's write makes it begin again.
            try copy.writeWithoutTransaction { other in try db.backup(to: other) }
            try copy.writeWithoutTransaction { other in
                _ = try String.fetchOne(other, sql: "PRAGMA journal_mode = DELETE")
            }
            try copy.close()
            return counts
        }
        try Self.sync(target)
        guard let counts else { throw CastError(.invalid, "\(self.path) is a database, but not one of cast2md.") }
        return counts
    }

    /// Looks for damage; takes some seconds for a database of a gigabyte.
    ///
    /// - Throws: `.notFound` when there is no database, `.invalid` for a file that is none.
    package func examine() async throws -> Examination {
        try await self.reading { db in
            let said = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
            let known = Schema.migrator.migrations
            let applied = try Schema.migrator.appliedIdentifiers(db)
            return Examination(
                damage: said == ["ok"] ? [] : said,
                danglingRows: try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").count,
                unknownMigrations: applied.subtracting(known).sorted(),
                pendingMigrations: known.filter { !applied.contains($0) }, counts: try Self.counts(db))
        }
    }

    /// The files of the storage that the database names.
    ///
    /// - Throws: As `examine`.
    package func namedFiles() async throws -> [NamedFile] {
        try await self.reading { db in
            var files: [NamedFile] = []
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT id, audioPath, transcriptPath FROM episode
                    WHERE audioPath IS NOT NULL OR transcriptPath IS NOT NULL
                    """)
            while let row = try rows.next() {
                let id = EpisodeID(row["id"])
                if let path: String = row["audioPath"] {
                    files.append(NamedFile(episode: id, path: path, isTranscript: false))
                }
                if let path: String = row["transcriptPath"] {
                    files.append(NamedFile(episode: id, path: path, isTranscript: true))
                }
            }
            return files
        }
    }

    private static func counts(_ db: GRDB.Database) throws -> Counts? {
        guard try db.tableExists("feed"), try db.tableExists("episode"), try db.tableExists("job") else { return nil }
        func count(_ what: String) throws -> Int { try Int.fetchOne(db, sql: "SELECT count(*) FROM \(what)") ?? 0 }
        return Counts(
            feeds: try count("feed"), episodes: try count("episode"),
            transcripts: try count("episode WHERE transcriptPath IS NOT NULL"), jobs: try count("job"),
            nodes: try count("node"))
    }

    /// Reads from one moment of the file.
    private func reading<Value: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws -> Value {
        guard FileManager.default.fileExists(atPath: self.path) else {
            throw CastError(.notFound, "There is no database \(self.path).")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        do {
            let queue = try DatabaseQueue(path: self.path, configuration: configuration)
            let value = try await queue.read(body)
            try queue.close()
            return value
        } catch let error as DatabaseError {
            switch error.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT:
                throw CastError(
                    .invalid, "\(self.path) is damaged, or no database at all: \(error.message ?? "")", cause: error)
            case .SQLITE_FULL:
                throw CastError(.storageFull, "There is no space left for a copy of the database.", cause: error)
            default:
                throw CastError(
                    .unavailable, "The database \(self.path) cannot be read: \(error.message ?? "")", cause: error)
            }
        }
    }

    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw CastError(.unavailable, "\(path) cannot be opened.") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw CastError(.storageFull, "\(path) cannot be written to the disk.") }
    }
}
