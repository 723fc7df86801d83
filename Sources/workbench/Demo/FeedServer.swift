import CastCore
import Foundation
import HTTPTypes
import HumanSpeech
import Hummingbird
import Logging
import NIOCore

/// Serves the demo podcast on loopback, as a publisher would.
struct FeedServer: Sendable {
    var podcast: DemoPodcast

    /// Serves while the body runs.
    ///
    /// - Parameter body: Gets the address of the feed.
    func whileServing<Result: Sendable>(
        _ body: @escaping @Sendable (_ feed: String) async throws -> Result
    ) async throws -> Result {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: self.router(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { found.yield(port) }
            },
            logger: Logger(label: "feed") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                for await port in ports { return try await body("http://127.0.0.1:\(port)/feed.xml") }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() ?? nil else {
                throw CastError(.unavailable, "The feed of the demo is no longer served.")
            }
            return result
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("feed.xml") { request, _ in
            let text = self.podcast.rss(base: "http://\(request.head.authority ?? "127.0.0.1")")
            return Response(
                status: .ok, headers: [.contentType: "application/rss+xml; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        }
        router.get("audio/:file") { request, context in
            let file = try context.parameters.require("file")
            guard let episode = self.podcast.episodes.first(where: { "\($0.id).mp3" == file }) else {
                throw HTTPError(.notFound)
            }
            return try Self.audio(of: episode, range: request.headers[.range])
        }
        return router
    }

    /// The episodes are small: they are sent from memory.
    private static func audio(of episode: DemoPodcast.Episode, range: String?) throws -> Response {
        let audio = try Data(contentsOf: URL(filePath: episode.recording.path))
        var headers: HTTPFields = [.contentType: "audio/mpeg", .acceptRanges: "bytes"]
        guard let start = range.flatMap(Self.start) else {
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: audio)))
        }
        guard start < audio.count else {
            headers[.contentRange] = "bytes */\(audio.count)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
        headers[.contentRange] = "bytes \(start)-\(audio.count - 1)/\(audio.count)"
        return Response(
            status: .partialContent, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: audio[start...])))
    }

    /// The first byte of `bytes=N-`, which is how a broken download goes on; other ranges may be answered in full.
    private static func start(of header: String) -> Int? {
        guard header.hasPrefix("bytes="), header.hasSuffix("-") else { return nil }
        return Int(header.dropFirst(6).dropLast())
    }
}
