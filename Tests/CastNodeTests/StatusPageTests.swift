import CastClient
import CastCore
import CastNode
import CastTestSupport
import Foundation
import Logging
import Testing

@Suite(.timeLimit(.minutes(1))) struct StatusPageTests {
    private static var quiet: Logger {
        var logger = Logger(label: "test.page")
        logger.logLevel = .critical
        return logger
    }

    private static func idle(name: String) -> NodeStatus {
        NodeStatus(NodeState(NodeSettings(), at: .zero), name: name, model: "base", server: "http://s", uptime: .zero)
    }

    /// Runs a page and hands its port to the body.
    private static func run(
        name: String = "one", port: Int = 0, body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let page = StatusPage(
            host: "127.0.0.1", port: port, logger: Self.quiet, onReady: { found.yield($0) },
            status: { Self.idle(name: name) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await page.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            #expect(page.port == port)
            defer { group.cancelAll() }
            try await body(port)
        }
    }

    private static func get(_ port: Int, _ path: String) async throws -> String {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)"))
        return try await withTemporaryFolder { folder in
            try await Connections.with(to: url, environment: [:]) { connections in
                let part = PartialFile(folder.appendingPathComponent("page"))
                try await CastClient(server: url, connections: connections).download(path, to: part)
                return String(decoding: try Data(contentsOf: part.destination), as: UTF8.self)
            }
        }
    }

    @Test func `tells programs what the existing node tells them`() async throws {
        try await Self.run { port in
            let status = try JSONDecoder().decode(
                [String: JSONValue].self, from: Data(try await Self.get(port, "/status").utf8))
            #expect(status["status"] == .string("ok"))
            #expect(status["name"] == .string("one"))
            #expect(status["running"] == .bool(true))
            #expect(status["current_job"] == .null, "there, and null")
            #expect(try await Self.get(port, "/health").contains("ok"))
        }
    }

    @Test func `a taken port leads to the next one`() async throws {
        try await Self.run(name: "one") { first in
            try await Self.run(name: "two", port: first) { second in
                #expect(second > first)
                #expect(second < first + 20)
                let (atSecond, atFirst) = (try await Self.get(second, "/status"), try await Self.get(first, "/status"))
                #expect(atSecond.contains("\"two\""))
                #expect(atFirst.contains("\"one\""))
            }
        }
    }

    @Test func `titles are text, not markup`() async throws {
        let server = ScriptedServer(jobs: 1..<2)
        server.change { $0.title = "<script>alert('x')</script> & \"more\"" }
        var transcriber = ScriptedTranscriber()
        transcriber.behaviour = { audio, onProgress in
            onProgress(0.42)
            try await Gate(isOpen: false).pass()
            return ScriptedTranscriber.transcript(audio)
        }
        try await withTemporaryFolder { home in
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { node.runner.status.currentJob?.progressPercent == 42 }
                let page = StatusHTML.page(node.runner.status)
                #expect(!page.contains("<script"))
                #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;: 42 %"))
                #expect(!page.contains("src="), "it asks no host for anything")
            }
        }
    }
}
