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

/// A storage on a file system of four megabytes, which is full again and again.
@Suite(
    .serialized,
    .enabled("Mounting a small file system needs the right to do so (root).") { SmallDisk.isPossible }
)
struct FullDiskTests {
    private struct World: Sendable {
        var parts: ServerParts
        var client: any TestClientProtocol
        var disk: SmallDisk

        func send(
            _ method: HTTPRequest.Method, _ path: String, key: String? = nil, _ body: Data? = nil,
            type: String = "application/json"
        ) async throws -> (status: Int, text: String) {
            var headers: HTTPFields = [.contentType: type]
            if let key { headers[try #require(HTTPField.Name("X-Transcriber-Key"))] = key }
            return try await self.client.execute(
                uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) }
            ) { ($0.status.code, String(buffer: $0.body)) }
        }
    }

    /// Runs a test with a server whose storage is on a small disk; the database is elsewhere.
    private func run(_ body: @Sendable (World, Time) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let disk = try SmallDisk(at: folder.appendingPathComponent("disk"), megabytes: 4)
            defer { disk.remove() }
            var configuration = ServerConfiguration(dataPath: folder.path)
            configuration.storagePath = disk.folder.appendingPathComponent("storage").path
            configuration.allowPrivateAddresses = true
            let time = Time()
            let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let final = configuration
            try await PodcastSource.withNetwork(final, logger: quiet) { podcasts in
                let parts = try ServerParts(
                    configuration: final, database: try Database(path: folder.appendingPathComponent("c.db").path),
                    search: try SearchIndex(inMemory: ()), storage: try StorageFolder(path: final.storagePath),
                    podcasts: podcasts, logger: quiet, now: { time.now })
                let application = Application(router: try buildRouter(parts), logger: quiet)
                try await application.test(.router) { client in
                    try await body(World(parts: parts, client: client, disk: disk), time)
                }
                try parts.database.close()
            }
        }
    }

    private final class Time: Sendable {
        private let ahead = Mutex(0.0)
        var now: Date { Date() + self.ahead.withLock { $0 } }
        func advance(by seconds: Double) { self.ahead.withLock { $0 += seconds } }
    }

    private static func files(_ world: World) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: world.parts.storage.root.path).filter {
            !(try FileManager.default.attributesOfItem(atPath: world.parts.storage.root.path + "/" + $0)[.type]
                as? FileAttributeType == .typeDirectory)
        }
    }

    @Test func `an upload that does not fit is refused in clear words, and leaves nothing`() async throws {
        try await self.run { world, _ in
            let tooMuch = Data(repeating: 7, count: 6_000_000)
            let refused = try await world.send(
                .post, "/api/episodes/upload?filename=a.mp3", tooMuch, type: "audio/mpeg")
            #expect(refused.status == 507)
            #expect(
                refused.text.contains("No space left") || refused.text.contains("Free some space"), "\(refused.text)")
            #expect(try Self.files(world) == [])
            #expect(try await world.parts.database.episodes.list(limit: 9).total == 0)
            // The refused file's last handle may be closed a moment after the answer, and its space is free then.
            let fits: Bool? = try await eventually(within: .seconds(20)) {
                let answer = try await world.send(
                    .post, "/api/episodes/upload?filename=a.mp3", Data(repeating: 7, count: 1_000_000),
                    type: "audio/mpeg")
                return answer.status == 201 ? true : nil
            }
            #expect(fits == true)
        }
    }

    @Test(.timeLimit(.minutes(2))) func `a transcript waits at its node until there is space again`() async throws {
        try await self.run { world, _ in
            _ = try await world.send(
                .post, "/api/episodes/upload?filename=a.mp3", Data("audio".utf8), type: "audio/mpeg")
            _ = try await world.send(.post, "/api/queue/episodes/1/process")
            let node = try JSONDecoder().decode(
                RegisterNodeResponse.self,
                from: Data(
                    try await world.send(
                        .post, "/api/nodes/register", Data(#"{"name":"n","url":"http://localhost:1"}"#.utf8)
                    ).text.utf8))
            _ = try await world.send(.post, "/api/nodes/\(node.nodeID)/claim", key: node.apiKey)
            try world.disk.fill()
            let text = String(repeating: "**[00:01]** A sentence that takes some room on the disk.\\n", count: 5000)
            let body = Data(#"{"transcript_text":"\#(text)"}"#.utf8)
            let before = try Self.files(world)
            let refused = try await world.send(.post, "/api/nodes/jobs/1/complete", key: node.apiKey, body)
            #expect(refused.status == 507)
            #expect(refused.text.contains("Free some space"))
            #expect(try Self.files(world) == before)
            let job = try await world.parts.database.jobs.get(JobID(1))
            if case .running = job.state {} else { Issue.record("The job is not its node's any more.") }
            try world.disk.empty()
            let taken = try await world.send(.post, "/api/nodes/jobs/1/complete", key: node.apiKey, body)
            #expect(taken.status == 200)
            #expect(try await world.parts.database.episodes.get(EpisodeID(1)).state == .completed)
        }
    }

    @Test(.timeLimit(.minutes(2))) func `a download goes on by itself when there is space again`() async throws {
        try await self.run { world, time in
            let sound = Data("ID3".utf8) + Data(repeating: 0x55, count: 2_000_000)
            try await Self.serving(sound) { address in
                let feed = try await world.parts.database.feeds.add(
                    url: "\(address)/feed", draft: FeedDraft(title: "Pilots"),
                    episodes: [EpisodeDraft(guid: "1", title: "One", audioURL: "\(address)/1.mp3")], at: time.now)
                let all = try await world.parts.database.episodes.list(feed: feed.id, limit: 1)
                let episode = try #require(all.episodes.first)
                let job = try await world.parts.database.jobs.enqueueProcessing(of: episode.id, at: time.now)
                try world.disk.fill(leaving: 500_000)
                let clock = ManualClock()
                let service = DownloadService(parts: world.parts, clock: clock)
                async let first = service.downloadNext()
                await clock.waitForSleepers()
                let waiting = try await world.parts.database.jobs.get(job)
                #expect(waiting.attempts == 0)
                if case .queued = waiting.state {} else { Issue.record("The job does not wait.") }
                clock.advance(by: .seconds(31))
                #expect(try await first == false)
                try world.disk.empty()
                time.advance(by: 301)
                #expect(try await service.downloadNext())
                let done = try await world.parts.database.episodes.get(episode.id)
                #expect(done.state == .audioReady)
                let path = try #require(done.audioPath)
                #expect(try world.parts.storage.read(path) == sound)
            }
        }
    }

    private static func serving(_ bytes: Data, _ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let router = Router()
        router.get("1.mp3") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "audio/mpeg"], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await application.test(.live) { client in
            try await body("http://127.0.0.1:\(try #require(client.port))")
        }
    }
}

/// A file system in memory with a fixed size.
private struct SmallDisk: Sendable {
    let folder: URL

    static var isPossible: Bool {
        guard geteuid() == 0 else { return false }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cast2md-mount-\(UUID().uuidString)")
        guard let disk = try? SmallDisk(at: folder, megabytes: 1) else { return false }
        disk.remove()
        return true
    }

    init(at folder: URL, megabytes: Int) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path)
    }

    func remove() {
        try? Self.run("umount", self.folder.path)
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// Takes all the space that is left but so many bytes.
    func fill(leaving bytes: Int = 0) throws {
        let file = self.folder.appendingPathComponent("filler")
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: self.folder.path)
        let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue ?? 0
        // Writing into a full disk is what is wanted here.
        try? handle.write(contentsOf: Data(count: max(0, free - bytes)))
        try? handle.close()
    }

    func empty() throws { try FileManager.default.removeItem(at: self.folder.appendingPathComponent("filler")) }

    private static func run(_ program: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CastError(.unavailable, "\(program) failed.") }
    }
}
