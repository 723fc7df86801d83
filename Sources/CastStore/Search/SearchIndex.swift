package import CastCore
package import Foundation
import GRDB

/// Full-text search over titles and transcripts.
///
/// It lives in a file of its own beside the database: everything in it can be made again from the transcripts, so that it
/// need not be backed up, and writing it never keeps the queue waiting.
package struct SearchIndex: Sendable {
    let writer: any DatabaseWriter
    /// Whether the file was made anew, so that everything has to be indexed.
    package let isNew: Bool

    /// The form of the file; another one is thrown away and made anew.
    private static let form = 1

    /// Opens the file, or makes it.
    ///
    /// - Throws: `.unavailable` that names the file when it cannot be opened or made.
    package init(path: String) throws {
        do {
            if let (writer, isNew) = try Self.open(path) {
                self.writer = writer
                self.isNew = isNew
                return
            }
        } catch {
            // Damaged, or not ours: it holds nothing that cannot be made again.
        }
        for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + ending) }
        do {
            guard let (writer, _) = try Self.open(path) else {
                throw CastError(.unavailable, "The search index \(path) cannot be made anew.")
            }
            self.writer = writer
            self.isNew = true
        } catch let error as CastError {
            throw error
        } catch {
            throw CastError(.unavailable, "The search index \(path) cannot be opened.", cause: error)
        }
    }

    /// An index of one test.
    package init(inMemory: Void) throws {
        self.writer = try DatabaseQueue()
        self.isNew = true
        try self.writer.write(Self.make)
    }

    /// - Returns: Nil when the file has another form.
    private static func open(_ path: String) throws -> (any DatabaseWriter, Bool)? {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = NORMAL") }
        let pool = try DatabasePool(path: path, configuration: configuration)
        let found = try pool.read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 }
        if found == Self.form { return (pool, false) }
        guard found == 0, try pool.read({ db in try db.tableExists("passage") }) == false else {
            try pool.close()
            return nil
        }
        try pool.write(Self.make)
        return (pool, true)
    }

    private static func make(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE document (
                    id INTEGER PRIMARY KEY,
                    feed TEXT NOT NULL,
                    title TEXT NOT NULL,
                    description TEXT NOT NULL,
                    publishedAt REAL
                ) STRICT;
                CREATE VIRTUAL TABLE documentText USING fts5(title, description, feed, content='document',
                    content_rowid='id', tokenize='unicode61 remove_diacritics 2');
                CREATE TRIGGER documentAdded AFTER INSERT ON document BEGIN
                    INSERT INTO documentText (rowid, title, description, feed)
                    VALUES (new.id, new.title, new.description, new.feed);
                END;
                CREATE TRIGGER documentRemoved AFTER DELETE ON document BEGIN
                    INSERT INTO documentText (documentText, rowid, title, description, feed)
                    VALUES ('delete', old.id, old.title, old.description, old.feed);
                END;

                CREATE TABLE passage (
                    id INTEGER PRIMARY KEY,
                    episodeID INTEGER NOT NULL,
                    -- `f` and the feed's number: a word of the index, so that a filter costs nothing.
                    feed TEXT NOT NULL,
                    publishedAt REAL,
                    start REAL NOT NULL,
                    "end" REAL NOT NULL,
                    body TEXT NOT NULL,
                    -- Where each sentence begins, in bytes, and its time: offset,time;offset,time
                    marks TEXT NOT NULL
                ) STRICT;
                CREATE INDEX passageOfEpisode ON passage (episodeID, start);
                CREATE VIRTUAL TABLE passageText USING fts5(body, feed, content='passage', content_rowid='id',
                    tokenize='unicode61 remove_diacritics 2');
                CREATE TRIGGER passageAdded AFTER INSERT ON passage BEGIN
                    INSERT INTO passageText (rowid, body, feed) VALUES (new.id, new.body, new.feed);
                END;
                CREATE TRIGGER passageRemoved AFTER DELETE ON passage BEGIN
                    INSERT INTO passageText (passageText, rowid, body, feed)
                    VALUES ('delete', old.id, old.body, old.feed);
                END;
                PRAGMA user_version = \(Self.form);
                """)
    }

    /// What is to be found of one episode.
    package struct Document: Sendable {
        package var episode: EpisodeID
        package var feed: FeedID
        package var title: String
        package var description: String
        package var publishedAt: Date?
        package var passages: [Passage]

        package init(
            episode: EpisodeID, feed: FeedID, title: String, description: String, publishedAt: Date?,
            passages: [Passage]
        ) {
            self.episode = episode
            self.feed = feed
            self.title = title
            self.description = description
            self.publishedAt = publishedAt
            self.passages = passages
        }
    }

    /// Takes episodes in, each in place of what was known of it, and forgets others; all or nothing.
    package func update(_ documents: [Document], removing gone: [EpisodeID]) async throws {
        try await self.writer.write { db in
            for id in gone + documents.map(\.episode) {
                try db.cachedStatement(sql: "DELETE FROM passage WHERE episodeID = ?").execute(arguments: [id.rawValue])
                try db.cachedStatement(sql: "DELETE FROM document WHERE id = ?").execute(arguments: [id.rawValue])
            }
            for document in documents { try Self.insert(db, document) }
        }
    }

    private static func insert(_ db: GRDB.Database, _ document: Document) throws {
        let feed = "f\(document.feed)"
        try db.cachedStatement(
            sql: "INSERT INTO document (id, feed, title, description, publishedAt) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [
            document.episode.rawValue, feed, Self.plain(document.title), Self.plain(document.description),
            document.publishedAt?.stored,
        ])
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO passage (episodeID, feed, publishedAt, start, "end", body, marks)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        for passage in document.passages {
            try insert.execute(arguments: [
                document.episode.rawValue, feed, document.publishedAt?.stored, passage.start, passage.end,
                Self.plain(passage.text), passage.marks.map { "\($0.offset),\($0.time)" }.joined(separator: ";"),
            ])
        }
    }

    /// Without the characters that mark hits; each becomes one other byte, so that offsets hold.
    private static func plain(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 1 || $0 == 2 || $0 == 0 }) else { return text }
        return String(decoding: text.utf8.map { $0 < 3 ? 32 : $0 }, as: UTF8.self)
    }

    package func close() throws { try self.writer.close() }
}
