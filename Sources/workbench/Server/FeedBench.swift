import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A feed of 5,000 episodes and 20 MB: added, looked at again, and queued as a whole.
struct FeedBench: Sendable {
    var folder: String

    func run() async throws {
        let data = self.folder + "/feed-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: data) }
        let feed = LargeFeed()
        try await feed.whileServing { address in
            try await BenchServer.run(data: data) { server, _ in
                try await Task.sleep(for: .seconds(2))
                let idle = server.memory()
                var begun = ContinuousClock.now
                try await server.send("POST", "/api/feeds", json: #"{"url":"\#(address)"}"#)
                let added = begun.duration(to: .now)
                feed.change()
                server.resetPeak()
                begun = .now
                try await server.send("POST", "/api/feeds/1/refresh?auto_queue=false")
                let refreshed = begun.duration(to: .now)
                let peak = server.memory(peak: true)
                begun = .now
                try await server.send("POST", "/api/queue/batch/all/process")
                let queued = begun.duration(to: .now)
                Console.line("\nA feed of \(LargeFeed.count) episodes, \(feed.size / 1_000_000) MB")
                Console.line("  added:     \(Self.text(added)) s")
                Console.line(
                    "  refreshed: \(Self.text(refreshed)) s (wanted: below 2), at most \(Self.megabytes(peak - idle)) MB above the idle server's \(Self.megabytes(idle)) (wanted: below 60)"
                )
                Console.line("  queued:    \(Self.text(queued)) s (wanted: below 0.1)")
            }
        }
    }

    private static func text(_ duration: Duration) -> String { String(format: "%.3f", duration / .seconds(1)) }

    private static func megabytes(_ bytes: Int) -> String { String(format: "%.0f", Double(bytes) / 1_048_576) }
}

/// A publisher with a long archive and much to say about each episode.
private final class LargeFeed: Sendable {
    static let count = 5000
    private let version = Mutex(1)
    private let notes = String(repeating: "What was spoken about, with links and thanks. ", count: 85)

    var size: Int { self.text.utf8.count }

    /// A new episode, and another title for the first.
    func change() { self.version.withLock { $0 += 1 } }

    private var text: String {
        let version = self.version.withLock { $0 }
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>Large</title>\n"
        text.reserveCapacity(22_000_000)
        for number in (1...(Self.count + version - 1)).reversed() {
            text +=
                "<item><title>Episode \(number)\(number == 1 ? " version \(version)" : "")</title><guid>id-\(number)</guid>"
            text += "<pubDate>Mon, 0\(number % 9 + 1) Jan 2024 0\(number % 10):00:00 +0000</pubDate>"
            text += "<description>\(self.notes)</description>"
            text += "<enclosure url=\"https://audio.example/\(number).mp3\" length=\"1\" type=\"audio/mpeg\"/></item>\n"
        }
        return text + "</channel></rss>\n"
    }

    func whileServing<Result: Sendable>(_ body: @escaping @Sendable (String) async throws -> Result) async throws
        -> Result
    {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let router = Router()
        router.get("feed.xml") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/rss+xml"],
                body: .init(byteBuffer: ByteBuffer(string: self.text)))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
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
            guard let result = try await group.next() ?? nil else { throw CancellationError() }
            return result
        }
    }
}
