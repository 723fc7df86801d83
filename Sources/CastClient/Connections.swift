import AsyncHTTPClient
package import Foundation
import NIOCore

/// The process's connections to a server: one HTTP client, behind the proxy that the environment asks for.
package final class Connections: Sendable {
    let http: HTTPClient
    /// For the log, without name and password.
    package let proxy: String?

    /// - Parameter silence: How long the other side may say nothing within an answer.
    package init(to server: URL, environment: [String: String], silence: Duration = .seconds(60)) throws {
        let proxy = try ProxyRules(environment: environment).proxy(for: server)
        self.proxy = proxy.map { "\($0.host):\($0.port)" }
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(
            connect: .seconds(10),
            read: .nanoseconds(
                silence.components.seconds * 1_000_000_000 + silence.components.attoseconds / 1_000_000_000))
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        // Otherwise a refused connection is tried again and again until the connect timeout has passed.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Servers close idle connections after 5 s or more; one that is used in that very moment fails.
        configuration.connectionPool.idleTimeout = .seconds(3)
        if let proxy {
            let authorization = proxy.user.map {
                HTTPClient.Authorization.basic(username: $0, password: proxy.password ?? "")
            }
            configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: authorization)
        }
        self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Lets go of all connections; nothing can be asked afterwards.
    package func close() async { try? await self.http.shutdown() }

    /// Runs a body with connections, and closes them whatever happens.
    package static func with<Result: Sendable>(
        to server: URL, environment: [String: String], _ body: @Sendable (Connections) async throws -> Result
    ) async throws -> Result {
        let connections = try Connections(to: server, environment: environment)
        do {
            let result = try await body(connections)
            await connections.close()
            return result
        } catch {
            await connections.close()
            throw error
        }
    }
}
