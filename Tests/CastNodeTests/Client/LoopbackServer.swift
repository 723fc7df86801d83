import CastClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A real server on loopback whose every request a test's closure answers.
struct LoopbackServer: Sendable {
    struct Asked: Sendable {
        var method: HTTPRequest.Method
        var path: String
        var headers: HTTPFields
        var body: Data
    }

    final class Log: Sendable {
        private let requests = Mutex<[Asked]>([])

        var all: [Asked] { self.requests.withLock { $0 } }

        func add(_ request: Asked) -> Int {
            self.requests.withLock {
                $0.append(request)
                return $0.count
            }
        }
    }

    let url: URL
    let log: Log
    let connections: Connections

    func client(key: String? = nil, clock: any Clock<Duration> = ContinuousClock()) -> CastClient {
        CastClient(server: self.url, key: key, connections: self.connections, clock: clock)
    }

    /// - Parameter respond: Gets the request and its number, from 1.
    static func run(
        silence: Duration = .seconds(20),
        _ respond: @escaping @Sendable (Asked, Int) async throws -> Response,
        body: @escaping @Sendable (LoopbackServer) async throws -> Void
    ) async throws {
        let log = Log()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let router = Router()
        router.middlewares.add(AnswerAll(log: log, respond: respond))
        var logger = Logger(label: "test.server")
        logger.logLevel = .critical
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in found.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            defer { group.cancelAll() }
            guard let url = URL(string: "http://127.0.0.1:\(port)") else { throw URLError(.badURL) }
            let connections = try Connections(to: url, environment: [:], silence: silence)
            do {
                try await body(LoopbackServer(url: url, log: log, connections: connections))
            } catch {
                await connections.close()
                throw error
            }
            await connections.close()
        }
    }

    private struct AnswerAll: RouterMiddleware {
        typealias Context = BasicRequestContext
        let log: Log
        let respond: @Sendable (Asked, Int) async throws -> Response

        func handle(
            _ request: Request, context: Context, next: (Request, Context) async throws -> Response
        ) async throws -> Response {
            let body = Data((try await request.body.collect(upTo: 64 << 20)).readableBytesView)
            let asked = Asked(
                method: request.method, path: request.uri.description, headers: request.headers, body: body)
            return try await self.respond(asked, self.log.add(asked))
        }
    }
}

/// The connection is cut at this point.
struct CutOff: Error {}

extension Response {
    static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        .bytes(Array(text.utf8), [.contentType: "application/json"], status: status)
    }

    static func bytes(_ bytes: [UInt8], _ headers: HTTPFields = [:], status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Announces all of `bytes`, sends the first `count` of them and cuts the connection.
    static func cut(
        _ bytes: [UInt8], after count: Int, _ headers: HTTPFields, status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: headers,
            body: ResponseBody(contentLength: bytes.count) { writer in
                try await writer.write(ByteBuffer(bytes: bytes.prefix(count)))
                throw CutOff()
            })
    }
}
