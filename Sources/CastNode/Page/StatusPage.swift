import CastCore
import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The node's own little site: `/status`, `/metrics` and `/health` for programs, `/` for people.
///
/// A taken port is no reason not to work: the next free one is used, and where none is to be had, none.
package final class StatusPage: Service {
    private let host: String
    private let firstPort: Int
    private let status: @Sendable () -> NodeStatus
    private let logger: Logger
    private let bound = Mutex<Int?>(nil)
    private let onReady: @Sendable (Int) -> Void
    private static let portsToTry = 20

    /// - Parameters:
    ///   - port: The first port to try; 0 lets the system choose.
    ///   - onReady: Called with the port once the page can be asked.
    package init(
        host: String, port: Int, logger: Logger, onReady: @escaping @Sendable (Int) -> Void = { _ in },
        status: @escaping @Sendable () -> NodeStatus
    ) {
        self.host = host
        self.firstPort = port
        self.logger = logger
        self.onReady = onReady
        self.status = status
    }

    /// The port; nil before it is ready, or when none is free.
    package var port: Int? { self.bound.withLock { $0 } }

    package func run() async throws {
        let last = self.firstPort == 0 ? 0 : min(65_535, self.firstPort + Self.portsToTry - 1)
        for port in self.firstPort...last {
            do {
                try await self.serve(on: port)
                return
            } catch let error as IOError where error.errnoCode == EADDRINUSE && port < last {
                continue
            } catch let error as IOError {
                self.logger.warning(
                    "no status page", metadata: ["host": "\(self.host)", "port": "\(port)", "error": "\(error)"])
                break
            }
        }
        // A service that ends would end the node with it.
        try? await gracefulShutdown()
    }

    private func serve(on port: Int) async throws {
        var quiet = self.logger
        quiet.logLevel = max(.warning, self.logger.logLevel)
        let application = Application(
            router: self.router(),
            configuration: .init(address: .hostname(self.host, port: port), serverName: nil),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? port
                self.bound.withLock { $0 = port }
                self.logger.info("status page", metadata: ["host": "\(self.host)", "port": "\(port)"])
                self.onReady(port)
            }, logger: quiet)
        try await application.run()
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("status") { _, _ in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Self.response(try encoder.encode(self.status()), "application/json")
        }
        router.get("health") { _, _ in Self.response(Data(#"{"status":"ok"}"#.utf8), "application/json") }
        router.get("metrics") { _, _ in
            Self.response(Data(StatusMetrics.text(self.status()).utf8), "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get("/") { _, _ in
            Self.response(Data(StatusHTML.page(self.status()).utf8), "text/html; charset=utf-8")
        }
        return router
    }

    private static func response(_ body: Data, _ type: String) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
