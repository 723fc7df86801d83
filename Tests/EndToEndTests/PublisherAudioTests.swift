import CastAPI
import CastClient
import CastCore
import CastNode
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Podcasts
import ServiceLifecycle
import Synchronization
import Testing
import Transcription

/// A server, a worker and a publisher, each on a port of loopback: who sends the audio.
@Suite(.timeLimit(.minutes(2))) struct PublisherAudioTests {
    /// 400 KB that no publisher's server would take for text.
    static let audio =
        Array("ID3".utf8) + (0..<100_000).flatMap { withUnsafeBytes(of: UInt32($0).bigEndian, Array.init) }

    /// What the publisher answers when the worker asks, after it has answered the server as it should.
    struct Turn: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Nil: it stops to exist.
        var answer: (@Sendable (Request) async throws -> Response)?
    }

    static let turns = [
        Turn(testDescription: "other bytes") { _ in Self.response(Self.audio.map { $0 ^ 1 }) },
        Turn(testDescription: "an advertisement more") { _ in Self.response(Self.audio + [1, 2, 3]) },
        Turn(testDescription: "a piece less") { _ in Self.response(Array(Self.audio.dropLast(5))) },
        Turn(testDescription: "no end") { _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    while !Task.isCancelled { try await writer.write(ByteBuffer(bytes: Self.audio)) }
                })
        },
        Turn(testDescription: "gone (404)") { _ in Response(status: .notFound) },
        Turn(testDescription: "forbidden for machines of data centres") { _ in Response(status: .forbidden) },
        Turn(testDescription: "redirects in a circle") { request in
            Response(
                status: .found, headers: [.location: request.uri.path == "/1.mp3" ? "/2.mp3" : "/1.mp3"])
        },
        Turn(testDescription: "says nothing") { _ in
            try await Task.sleep(for: .seconds(60))
            return Response(status: .ok)
        },
        Turn(testDescription: "slow") { _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: Self.audio.count) { writer in
                    for byte in Self.audio {
                        try await writer.write(ByteBuffer(bytes: [byte]))
                        try await Task.sleep(for: .milliseconds(50))
                    }
                })
        },
        Turn(testDescription: "connection cut") { _ in
            struct Cut: Error {}
            return Response(
                status: .ok,
                body: ResponseBody(contentLength: Self.audio.count) { writer in
                    try await writer.write(ByteBuffer(bytes: Self.audio.prefix(200_000)))
                    throw Cut()
                })
        },
        Turn(testDescription: "nobody there", answer: nil),
    ]

    @Test func `what the publisher delivers does not come from the server`() async throws {
        try await Site.run { site in
            try await site.transcribe()
            #expect(site.publisher.asked == ["/feed.xml", "/1.mp3", "/1.mp3"])
            let sent = try await site.sentByServer()
            #expect(sent == 0)
            let audio = site.runner.status.audio
            #expect(audio.publisherFiles == 1)
            #expect(audio.publisherBytes == Int64(Self.audio.count))
            #expect(audio.serverBytes == 0)
            #expect(audio.wastedBytes == 0)
        }
    }

    @Test(arguments: Self.turns)
    func `whatever the publisher does, the audio is recognised, from the server`(turn: Turn) async throws {
        try await Site.run { site in
            await site.publisher.turn(turn.answer)
            let begun = ContinuousClock.now
            try await site.transcribe()
            #expect(begun.duration(to: .now) < .seconds(30))
            let sent = try await site.sentByServer()
            #expect(sent == Self.audio.count)
            let audio = site.runner.status.audio
            #expect(audio.publisherFiles == 0)
            #expect(audio.serverFiles == 1)
            #expect(audio.serverBytes == Int64(Self.audio.count))
            #expect(audio.differing + audio.failing == 1)
            let isOther = ["other bytes", "an advertisement more", "a piece less", "no end"]
            #expect(audio.differing == (isOther.contains(turn.testDescription) ? 1 : 0))
            let attempts = try await site.attempts()
            #expect(attempts == ["completed"], "no try was counted")
            if turn.answer != nil { #expect(site.publisher.asked.count > 2, "it was asked at first") }
        }
    }

    @Test func `with the setting off nobody is asked but the server`() async throws {
        try await Site.run(setting: "off") { site in
            try await site.transcribe()
            #expect(site.publisher.asked == ["/feed.xml", "/1.mp3"])
            let sent = try await site.sentByServer()
            #expect(sent == Self.audio.count)
        }
    }

    @Test func `a worker that knows nothing of it takes the audio from the server`() async throws {
        try await Site.run(isOldNode: true) { site in
            try await site.transcribe()
            #expect(site.publisher.asked == ["/feed.xml", "/1.mp3"])
            let sent = try await site.sentByServer()
            #expect(sent == Self.audio.count)
        }
    }

    static func response(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "audio/mpeg"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}

/// The three of them, for one test.
private struct Site: Sendable {
    let parts: ServerParts
    let server: URL
    let publisher: Publisher
    let runner: NodeRunner
    let client: CastClient
    let episode: EpisodeID

    static func run(
        setting: String = "pods", isOldNode: Bool = false, _ body: @escaping @Sendable (Site) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await Publisher.run { publisher in
                let configuration = try ServerConfiguration(
                    dataPath: folder.path + "/data",
                    environment: ["ALLOW_PRIVATE_ADDRESSES": "true", "NODE_AUDIO_FROM_PUBLISHER": setting])
                let quiet = Self.logger
                try await PodcastSource.withNetwork(configuration, logger: quiet) { podcasts in
                    try await Self.serve(configuration, podcasts, quiet) { parts, url in
                        try await Self.work(parts, url, publisher, folder, isOldNode: isOldNode, quiet, body)
                    }
                }
            }
        }
    }

    private static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = ProcessInfo.processInfo.environment["TEST_LOG"] == nil ? .critical : .debug
        return logger
    }

    private static func serve(
        _ configuration: ServerConfiguration, _ podcasts: PodcastSource, _ logger: Logger,
        _ body: @escaping @Sendable (ServerParts, URL) async throws -> Void
    ) async throws {
        var configuration = configuration
        configuration.port = 0
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let server = try CastServer(
            configuration: configuration, podcasts: podcasts, logger: logger, signals: false,
            patience: .milliseconds(500), onReady: { found.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            let url = try #require(URL(string: "http://127.0.0.1:\(port)"))
            do {
                try await body(server.parts, url)
            } catch {
                await server.group.triggerGracefulShutdown()
                throw error
            }
            await server.group.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    /// Has the server fetch the publisher's episode, and makes a worker for it.
    private static func work(
        _ parts: ServerParts, _ url: URL, _ publisher: Publisher, _ folder: URL, isOldNode: Bool, _ logger: Logger,
        _ body: @escaping @Sendable (Site) async throws -> Void
    ) async throws {
        // Everything on the way to the server goes through a proxy that is not there; loopback is never beyond one.
        let environment = ["http_proxy": "http://127.0.0.1:1"]
        try await Connections.with(to: url, environment: environment) { connections in
            let anybody = CastClient(server: url, connections: connections)
            let registered: RegisterNodeResponse = try await anybody.post(
                "/api/nodes/register",
                RegisterNodeRequest(name: "RunPod Afterburner a3f2", url: "http://127.0.0.1:1", whisperModel: "base"))
            struct NewFeed: Encodable, Sendable { var url: String }
            let feed: [String: JSONValue] = try await anybody.post(
                "/api/feeds", NewFeed(url: publisher.url + "/feed.xml"), timeout: .seconds(20))
            #expect(feed["id"] != nil)
            let listed = try #require(try await parts.database.feeds.list().first)
            let found = try await parts.database.episodes.list(feed: listed.feed.id, limit: 1).episodes
            let episode = try #require(found.first)
            _ = try? await parts.database.jobs.enqueueProcessing(of: episode.id, at: parts.now())
            let fetched: Bool? = try await eventually(within: .seconds(20)) {
                try await parts.database.episodes.get(episode.id).audioPath == nil ? nil : true
            }
            #expect(fetched == true)
            var patience = FetchPatience()
            patience.grace = .seconds(1)
            try await PublisherAudio.withNetwork(.anything, patience: patience, logger: logger) { publishers in
                let client = CastClient(server: url, key: registered.apiKey, connections: connections)
                var settings = NodeSettings()
                settings.leave.isPersistent = true
                settings.pollInterval = .milliseconds(200)
                let runner = NodeRunner(
                    api: .live(client, node: registered.nodeID), publishers: isOldNode ? nil : publishers,
                    transcriber: Echo(), name: "RunPod Afterburner a3f2", server: url,
                    home: HomeFolder(path: folder.path + "/home"), settings: settings, logger: logger)
                try await body(
                    Site(
                        parts: parts, server: url, publisher: publisher, runner: runner, client: client,
                        episode: episode.id))
            }
        }
    }

    /// Runs the worker until the server has the transcript.
    func transcribe() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.runner.run() }
            let done: Episode? = try await eventually(within: .seconds(60)) {
                let episode = try await self.parts.database.episodes.get(self.episode)
                return episode.state == .completed ? episode : nil
            }
            self.runner.stop()
            try await group.waitForAll()
            let path = try #require(done?.transcriptPath, "no transcript came")
            let text = String(decoding: try self.parts.storage.read(path), as: UTF8.self)
            #expect(text.contains("heard \(PublisherAudioTests.audio.count) bytes, and the right ones"))
        }
    }

    /// Bytes of audio that the server counted on their way to nodes.
    func sentByServer() async throws -> Int {
        let text = try await self.client.text("/metrics")
        let line = try #require(text.firstMatch(of: /cast2md_audio_sent_bytes_total\{to="pod"\} (\d+)/))
        return try #require(Int(line.1))
    }

    func attempts() async throws -> [String?] {
        try await self.parts.database.episodes.attempts(of: self.episode).filter { $0.nodeName != nil }.map(\.outcome)
    }
}

/// A recogniser that says whether it was given the right file.
private struct Echo: Transcriber {
    let model = "base"
    let backend = Backend.whisper

    func transcribe(
        _ path: String, language: String?, duration: Double?, checkpoint: URL?,
        onProgress: @escaping @Sendable (Double) -> Void
    ) async throws -> Transcript {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let isRight = bytes == Data(PublisherAudioTests.audio)
        let text = "heard \(bytes.count) bytes, and the \(isRight ? "right" : "wrong") ones"
        return Transcript(sentences: [.init(text: text, start: 0, end: 1)], duration: 1, language: "en", model: "base")
    }
}

/// A publisher with one feed of one episode.
private final class Publisher: Sendable {
    private struct State {
        var asked: [String] = []
        var answer: (@Sendable (Request) async throws -> Response)?
    }

    private let state = Mutex(State())
    private let port = Mutex(0)
    private let stop = Mutex<(@Sendable () async -> Void)?>(nil)

    var url: String { "http://127.0.0.1:\(self.port.withLock { $0 })" }
    var asked: [String] { self.state.withLock { $0.asked } }

    /// From now on audio is answered like that; nil: the publisher ends.
    func turn(_ answer: (@Sendable (Request) async throws -> Response)?) async {
        self.state.withLock { $0.answer = answer }
        if answer == nil { await self.stop.withLock { $0 }?() }
    }

    static func run(_ body: @escaping @Sendable (Publisher) async throws -> Void) async throws {
        let publisher = Publisher()
        let router = Router()
        router.middlewares.add(Desk(publisher: publisher))
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "test.publisher")
        logger.logLevel = .critical
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in found.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let serving = Task { try await app.run() }
            publisher.stop.withLock {
                $0 = {
                    serving.cancel()
                    _ = await serving.result
                }
            }
            group.addTask { for await _ in ended {} }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            publisher.port.withLock { $0 = port }
            do {
                try await body(publisher)
            } catch {
                end.finish()
                serving.cancel()
                throw error
            }
            end.finish()
            serving.cancel()
            _ = await serving.result
        }
    }

    fileprivate func answer(_ request: Request) async throws -> Response {
        let path = request.uri.path
        let answer = self.state.withLock { state in
            state.asked.append(path)
            return state.answer
        }
        if path == "/feed.xml" {
            let text = """
                <?xml version="1.0"?><rss version="2.0"><channel><title>Pilots</title><item><title>One</title>
                <guid>1</guid><enclosure url="\(self.url)/1.mp3" type="audio/mpeg" length="1"/></item></channel></rss>
                """
            return Response(
                status: .ok, headers: [.contentType: "application/rss+xml"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        return try await answer?(request) ?? PublisherAudioTests.response(PublisherAudioTests.audio)
    }

    private struct Desk: RouterMiddleware {
        typealias Context = BasicRequestContext
        let publisher: Publisher

        func handle(
            _ request: Request, context: Context, next: (Request, Context) async throws -> Response
        ) async throws -> Response {
            try await self.publisher.answer(request)
        }
    }
}
