import CastCore
import CastStore
package import Foundation
package import Hummingbird
package import Logging
package import ServiceLifecycle
import Synchronization
import UnixSignals

/// The server: opens its files, wires routes and services, and runs them until it is told to stop.
package struct CastServer: Sendable {
    package let parts: ServerParts
    package let group: ServiceGroup
    private let lock: DataLock
    private let stop = StopNote()

    /// - Parameters:
    ///   - patience: How long a stop waits for requests that are being answered; then they are cut off.
    ///   - onReady: Called with the port once the server takes requests; with port 0 the system chose it.
    /// - Throws: `CastError` that names what is wrong: the data folder, the storage, the database.
    package init(
        configuration: ServerConfiguration, podcasts: PodcastSource, provider: FleetProvider? = nil,
        post: NoticePost? = nil, logger: Logger,
        clock: some Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() },
        signals: Bool = true, patience: Duration = .seconds(10),
        onReady: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.dataPath, withIntermediateDirectories: true)
        } catch {
            throw CastError(.unavailable, "The data folder \(configuration.dataPath) cannot be made.", cause: error)
        }
        self.lock = try DataLock(folder: configuration.dataPath)
        let storage = try StorageFolder(path: configuration.storagePath)
        storage.removeLeftovers()
        let database = try Database(path: configuration.dataPath + "/cast2md.db")
        let search = try SearchIndex(path: configuration.dataPath + "/search.db")
        self.parts = try ServerParts(
            configuration: configuration, database: database, search: search, storage: storage, podcasts: podcasts,
            provider: provider, post: post, logger: logger, clock: clock, now: now)
        if !self.parts.settings.dropped.isEmpty {
            logger.warning(
                "stored settings left out: not known, or not valid any more",
                metadata: ["settings": "\(self.parts.settings.dropped.joined(separator: ", "))"])
        }
        let application = try buildApplication(self.parts, onReady: onReady)
        // What takes requests comes last: it stops first.
        let fleet: [any Service] = [provider?.service, self.parts.fleet].compactMap { $0 }
        var group = ServiceGroupConfiguration(
            services: fleet.map { .init(service: $0) } + [
                .init(service: LeaseSweeper(parts: self.parts, clock: clock)),
                .init(service: DownloadService(parts: self.parts, clock: clock)),
                .init(service: PublishedTranscripts(parts: self.parts, clock: clock)),
                .init(service: FeedRefresher(parts: self.parts, clock: clock)),
                .init(service: SearchIndexer(parts: self.parts, clock: clock)),
                .init(service: Housekeeper(parts: self.parts, clock: clock)),
                .init(service: NoticeSender(parts: self.parts, clock: clock)),
                .init(service: application),
                .init(service: self.stop),
            ],
            gracefulShutdownSignals: signals ? [.sigterm, .sigint] : [], logger: logger)
        // A reader that stalled in the middle of an answer would be waited for without end.
        group.maximumGracefulShutdownDuration = patience
        self.group = ServiceGroup(configuration: group)
    }

    /// Runs until it is stopped, and closes the database.
    package func run() async throws {
        do {
            try await self.group.run()
        } catch {
            guard self.stop.isAskedFor else {
                try? self.parts.search.close()
                try? self.parts.database.close()
                throw error
            }
            // Asked to stop, it stopped; that something had to be cut off for it is no fault.
            self.parts.logger.debug("stopped late", metadata: ["error": "\(error)"])
        }
        do {
            try self.parts.search.close()
            try self.parts.database.close()
        } catch {
            // Everything that was committed is in the file, and the next start reads it.
            self.parts.logger.warning("database not closed", metadata: ["error": "\(error)"])
        }
    }
}

/// Remembers that a stop was asked for; being the last service, it is the first that hears so.
private final class StopNote: Service {
    private let isAsked = Mutex(false)

    var isAskedFor: Bool { self.isAsked.withLock { $0 } }

    func run() async throws {
        try await gracefulShutdown()
        self.isAsked.withLock { $0 = true }
    }
}

/// The application: the routes on a socket.
package func buildApplication(
    _ parts: ServerParts, onReady: @escaping @Sendable (Int) -> Void
) throws -> some ApplicationProtocol {
    var logger = parts.logger
    // The framework's own lines about requests are for debugging only.
    logger.logLevel = max(logger.logLevel, .info)
    return Application(
        router: try buildRouter(parts),
        server: .http1(configuration: .init(idleTimeout: .seconds(60))),
        configuration: .init(
            address: .hostname(parts.configuration.host, port: parts.configuration.port), serverName: "cast2md"),
        onServerRunning: { channel in
            if let port = channel.localAddress?.port { onReady(port) }
        },
        logger: logger)
}
