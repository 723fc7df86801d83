import CastClient
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import Logging
import ServiceLifecycle

/// A whole server on loopback, with a folder of its own.
struct LiveServer: Sendable {
    /// The data is in `data` below it.
    let folder: URL
    let url: URL
    let parts: ServerParts
    let admin: ServerAdmin

    static func run(_ body: @escaping @Sendable (LiveServer) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let (ports, found) = AsyncStream.makeStream(of: Int.self)
            var configuration = ServerConfiguration(dataPath: folder.path + "/data")
            configuration.port = 0
            let server = try CastServer(
                configuration: configuration, podcasts: .unimplemented,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, signals: false,
                patience: .milliseconds(500), onReady: { found.yield($0) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                var iterator = ports.makeAsyncIterator()
                guard let port = await iterator.next(), let url = URL(string: "http://127.0.0.1:\(port)") else {
                    throw CastError(.unavailable, "The server does not start.")
                }
                do {
                    try await Connections.with(to: url, environment: [:]) { connections in
                        try await body(
                            LiveServer(
                                folder: folder, url: url, parts: server.parts,
                                admin: ServerAdmin(CastClient(server: url, connections: connections))))
                    }
                } catch {
                    await server.group.triggerGracefulShutdown()
                    throw error
                }
                await server.group.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }
}
