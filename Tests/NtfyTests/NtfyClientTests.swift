import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Ntfy
import Synchronization
import Testing

struct NtfyClientTests {
    /// A server on loopback that takes messages, or says something else.
    private static func run(
        status: Int = 200,
        _ body: @escaping @Sendable (NtfyClient, String, @escaping @Sendable () -> [String]) async throws -> Void
    ) async throws {
        let seen = Mutex<[String]>([])
        let router = Router()
        router.post("/") { request, _ in
            let text = String(buffer: try await request.body.collect(upTo: 1 << 16))
            seen.withLock { $0.append(text) }
            return Response(status: .init(code: status), body: .init(byteBuffer: ByteBuffer(string: "{}")))
        }
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "ntfy")
        logger.logLevel = .critical
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { found.yield($0.localAddress?.port ?? 0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            let client = NtfyClient()
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(client, "http://127.0.0.1:\(port)") { seen.withLock { $0 } })
            } catch {
                result = .failure(error)
            }
            await client.close()
            group.cancelAll()
            try result.get()
        }
    }

    private static func code(_ body: () async throws -> Void) async -> CastError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? CastError)?.code
        }
    }

    @Test func `a message is published as JSON, with any letters in its title`() async throws {
        try await Self.run { client, server, seen in
            try await client.send(
                Notice(
                    title: "Überfällig: Pod a3f2", text: "pod x1 cannot be ended.", isUrgent: true, link: "http://s/p"),
                to: "my-topic", at: server)
            let sent = try JSONDecoder().decode(JSONValue.self, from: Data(try #require(seen().first).utf8))
            #expect(
                sent
                    == .object([
                        "topic": .string("my-topic"), "title": .string("Überfällig: Pod a3f2"),
                        "message": .string("pod x1 cannot be ended."), "priority": .int(5),
                        "tags": .array([.string("rotating_light")]), "click": .string("http://s/p"),
                    ]))
        }
    }

    @Test(arguments: [(500, CastError.Code.unavailable), (429, .unavailable), (403, .invalid), (404, .invalid)])
    func `a refusal is told apart from a moment's trouble`(status: Int, code: CastError.Code) async throws {
        try await Self.run(status: status) { client, server, _ in
            let found = await Self.code { try await client.send(Notice(title: "t", text: "x"), to: "t", at: server) }
            #expect(found == code)
        }
    }

    @Test func `a server that is not there is a moment's trouble`() async throws {
        let client = NtfyClient()
        let found = await Self.code {
            try await client.send(Notice(title: "t", text: "x"), to: "t", at: "http://127.0.0.1:9")
        }
        await client.close()
        #expect(found == .unavailable)
    }
}
