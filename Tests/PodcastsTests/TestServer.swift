import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Podcasts
import Synchronization

/// A publisher's server on a free port of loopback: each request is answered by a closure of the test's.
struct TestServer: Sendable {
    /// What the test's server was asked, in order.
    final class Log: Sendable {
        private let requests = Mutex<[HTTPRequest]>([])

        func add(_ request: HTTPRequest) -> Int {
            self.requests.withLock {
                $0.append(request)
                return $0.count
            }
        }

        var all: [HTTPRequest] { self.requests.withLock { $0 } }
    }

    let port: Int
    let log: Log

    func url(_ path: String, host: String = "127.0.0.1") throws -> URL {
        guard let url = URL(string: "http://\(host):\(self.port)/\(path)") else { throw URLError(.badURL) }
        return url
    }

    /// Runs a server for as long as `body` takes; `respond` gets the request and its number, from 1.
    static func run(
        _ respond: @escaping @Sendable (Request, Int) async throws -> Response,
        body: @escaping @Sendable (TestServer) async throws -> Void
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
            try await body(TestServer(port: port, log: log))
        }
    }
}

private struct AnswerAll: RouterMiddleware {
    typealias Context = BasicRequestContext
    let log: TestServer.Log
    let respond: @Sendable (Request, Int) async throws -> Response

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        try await self.respond(request, self.log.add(request.head))
    }
}

/// The connection is cut at this point.
struct CutOff: Error {}

extension Response {
    static func text(_ text: String, _ headers: HTTPFields = [:], status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func bytes(_ bytes: [UInt8], _ headers: HTTPFields = [:], status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func redirect(_ location: String, _ status: HTTPResponse.Status) -> Response {
        Response(status: status, headers: [.location: location])
    }

    /// Announces all of `bytes`, sends the first `count` of them and cuts the connection.
    static func cut(_ bytes: [UInt8], after count: Int, _ headers: HTTPFields, status: HTTPResponse.Status = .ok)
        -> Response
    {
        Response(
            status: status, headers: headers,
            body: ResponseBody(contentLength: bytes.count) { writer in
                try await writer.write(ByteBuffer(bytes: bytes.prefix(count)))
                throw CutOff()
            })
    }
}

/// A folder for one test, and the client that the test uses.
struct Scratch: Sendable {
    let directory: URL
    let client: WebClient

    static func run(
        _ change: (inout WebClient.Configuration) -> Void = { $0.addresses = .anything },
        body: (Scratch) async throws -> Void
    ) async throws {
        var configuration = WebClient.Configuration()
        change(&configuration)
        var logger = Logger(label: "test.client")
        logger.logLevel = .critical
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("podcasts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let client = WebClient(configuration, logger: logger)
        do {
            try await body(Scratch(directory: directory, client: client))
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    /// The names of what is in the folder.
    var files: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: self.directory.path).sorted()) ?? ["unreadable"]
    }
}
