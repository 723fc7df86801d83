import CastCore
import Foundation
import GRDB

/// The database file: opens it, brings its schema up to date, and hands out the stores.
package struct Database: Sendable {
    let writer: any DatabaseWriter
    private let access: StoreAccess
    package let news: EventNews

    /// Opens the file, or makes it; WAL, so that readers and the writer do not wait for each other.
    ///
    /// - Throws: `CastError(.unavailable)` that names the file when it cannot be opened.
    package init(path: String) throws {
        var configuration = Self.configuration
        // Another process (a backup, a person with a shell) may hold the lock for a moment.
        configuration.busyMode = .timeout(5)
        do {
            self.writer = try DatabasePool(path: path, configuration: configuration)
        } catch {
            throw CastError(.unavailable, "The database \(path) cannot be opened.", cause: error)
        }
        try Schema.migrator.migrate(self.writer)
        self.access = StoreAccess(self.writer)
        self.news = EventNews(self.writer)
    }

    /// A database of one test.
    package init(inMemory: Void) throws {
        self.writer = try DatabaseQueue(configuration: Self.configuration)
        try Schema.migrator.migrate(self.writer)
        self.access = StoreAccess(self.writer)
        self.news = EventNews(self.writer)
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            // A node deletes its copy of a result when we say that we have it: then it has to survive a power cut. What
            // need not is relaxed by its group's commit.
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        return configuration
    }

    package var feeds: FeedStore { FeedStore(access: self.access) }
    package var episodes: EpisodeStore { EpisodeStore(access: self.access) }
    package var jobs: JobStore { JobStore(access: self.access) }
    package var nodes: NodeStore { NodeStore(access: self.access) }
    package var fleet: FleetDatabase { FleetDatabase(access: self.access) }
    package var notices: NoticeStore { NoticeStore(access: self.access) }

    package var settings: SettingStore { SettingStore(access: self.access) }
    package var podModels: PodModelStore { PodModelStore(access: self.access) }
    package var events: EventStore { EventStore(access: self.access) }
    package var imports: ImportStore { ImportStore(access: self.access) }

    /// Whether the file answers; for the health check.
    package func isAlive() async -> Bool {
        do {
            return try await self.writer.read { db in try Int.fetchOne(db, sql: "SELECT 1") } == 1
        } catch {
            return false
        }
    }

    package func close() throws { try self.writer.close() }
}

extension Date {
    /// Times are stored as seconds since 1970 in UTC.
    var stored: Double { self.timeIntervalSince1970 }

    init(stored: Double) { self.init(timeIntervalSince1970: stored) }

    init?(stored: Double?) {
        guard let stored else { return nil }
        self.init(timeIntervalSince1970: stored)
    }
}
