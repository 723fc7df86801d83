import CastCore
import CastStore
package import Foundation
package import Hummingbird
package import Logging
package import ServiceLifecycle
import UnixSignals

/// The server: opens its files, wires routes and services, and runs them until it is told to stop.
package struct CastServer: Sendable {
    package let parts: ServerParts
    package let group: ServiceGroup
    private let lock: DataLock

    /// - Parameters:
    ///   - onReady: Called with the port once the server takes requests; with port 0 the system chose it.
    /// - Throws: `CastError` that names what is wrong: the data folder, the storage, the database.
    package init(
        configuration: ServerConfiguration, podcasts: PodcastSource, logger: Logger,
        clock: some Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() },
        signals: Bool = true, onReady: @escaping @Sendable (Int) -> Void = { _ in }
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
        self.parts = ServerParts(
            configuration: configuration, database: database, storage: storage, podcasts: podcasts, logger: logger,
            now: now)
        let application = try buildApplication(self.parts, onReady: onReady)
        // What takes requests comes last: it stops first.
        self.group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: LeaseSweeper(parts: self.parts, clock: clock)),
                    .init(service: DownloadService(parts: self.parts, clock: clock)),
                    .init(service: application),
                ],
                gracefulShutdownSignals: signals ? [.sigterm, .sigint] : [], logger: logger))
    }

    /// Runs until it is stopped, and closes the database.
    package func run() async throws {
        do {
            try await self.group.run()
        } catch {
            try? self.parts.database.close()
            throw error
        }
        try self.parts.database.close()
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
