import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

/// A server's routes over a database in memory and a folder of their own, with a clock that the test moves.
struct ServerFixture: Sendable {
    let parts: ServerParts
    let client: any TestClientProtocol
    let time: TestTime

    final class TestTime: Sendable {
        private let value = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
        var now: Date { self.value.withLock { $0 } }
        func advance(by seconds: TimeInterval) { self.value.withLock { $0 += seconds } }
    }

    static func run(
        podcasts: PodcastSource = .unimplemented, provider: FleetProvider? = nil, post: NoticePost? = nil,
        environment: [String: String] = [:],
        _ body: @Sendable (ServerFixture) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let time = TestTime()
            let parts = try ServerParts(
                configuration: try ServerConfiguration(dataPath: folder.path, environment: environment),
                database: try Database(inMemory: ()),
                search: try SearchIndex(inMemory: ()),
                storage: try StorageFolder(path: folder.appendingPathComponent("storage").path), podcasts: podcasts,
                provider: provider, post: post, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                now: { time.now })
            let application = Application(router: try buildRouter(parts), logger: parts.logger)
            try await application.test(.router) { client in
                try await body(ServerFixture(parts: parts, client: client, time: time))
            }
        }
    }

    /// Sends a request and answers what came back.
    func send(
        _ method: HTTPRequest.Method, _ path: String, key: String? = nil, _ body: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if let key { headers[try #require(HTTPField.Name("X-Transcriber-Key"))] = key }
        if body != nil { headers[.contentType] = headers[.contentType] ?? "application/json" }
        return try await self.client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
        ) { Answer(status: $0.status.code, headers: $0.headers, text: String(buffer: $0.body)) }
    }

    struct Answer {
        var status: Int
        var headers: HTTPFields
        var text: String

        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(type, from: Data(self.text.utf8))
        }

        /// The sentence of an error.
        var detail: String {
            (try? self.decode(ErrorResponse.self).detail.sentence) ?? ""
        }
    }

    /// An episode whose audio is on disk, queued for transcription.
    func makeQueuedEpisode(_ title: String = "Episode", audio: String = "0123456789") async throws -> Episode {
        let answer = try await self.send(
            .post, "/api/episodes/upload?filename=a.mp3&title=\(title)", audio, headers: [.contentType: "audio/mpeg"])
        let id = try answer.decode(EpisodeMessage.self).id
        _ = try await self.send(.post, "/api/queue/episodes/\(id)/process")
        return try await self.parts.database.episodes.get(id)
    }

    func register(_ name: String = "home") async throws -> RegisterNodeResponse {
        try await self.send(.post, "/api/nodes/register", #"{"name":"\#(name)","url":"http://localhost:8001"}"#)
            .decode(RegisterNodeResponse.self)
    }

    func claim(_ node: RegisterNodeResponse) async throws -> ClaimResponse {
        try await self.send(.post, "/api/nodes/\(node.nodeID)/claim", key: node.apiKey).decode(ClaimResponse.self)
    }
}
