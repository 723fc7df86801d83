import CastAPI
import CastClient
import CastCore
import CastStore
import CastTestSupport
import Foundation
import HumanSpeech
import Testing

/// Server and node are killed again and again while they work through two hundred episodes.
@Suite(
    .serialized, .enabled("The engine needs a Python 3 with venv, and there is none.") { await RealEngine.isPossible() }
)
struct KilledAtRandomTests {
    private static let episodes = 200
    private static let kills = 20

    @Test(.timeLimit(.minutes(20)))
    func `whoever is killed at whatever moment, every episode is transcribed once`() async throws {
        try await RealEngine.install()
        try await withTemporaryFolder { folder in
            let data = folder.appendingPathComponent("data")
            try await Self.fill(data)
            let port = try FreePort.find(from: 18_300)
            let server = try ProgramProcess(
                ["serve", "--port", "\(port)", "--data", data.path],
                environment: ["LEASE_SECONDS": "10", "FEED_REFRESH_MINUTES": "0"],
                log: folder.appendingPathComponent("server.log"))
            defer { server.stop() }
            try server.start()
            let admin = "http://127.0.0.1:\(port)"
            try await Self.untilHealthy(admin)
            let node = try NodeProcess.register(
                "worker", port: port, in: folder, environment: ["NODE_PERSISTENT": "1"])
            defer { node.stop() }
            try node.start()

            var random = SeededGenerator(seed: 20_261_125)
            for _ in 0..<Self.kills {
                // The moment is what is random: nothing is waited for.
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...2500, using: &random)))
                if Bool.random(using: &random) {
                    server.kill()
                    try server.start()
                } else {
                    node.kill()
                    try node.start()
                }
            }
            try await Self.untilHealthy(admin)
            let done: Bool? = try await eventually(within: .seconds(1000)) {
                try await Self.completed(admin) == Self.episodes ? true : nil
            }
            let last = try await Self.completed(admin)
            #expect(done == true, "\(last ?? -1) are done; the node said: \(node.said.suffix(2000))")
            #expect(node.stop() == 0)
            #expect(server.stop() == 0)
            #expect(node.helpers.isEmpty)
            try await Self.inspect(data)
        }
    }

    /// Two hundred episodes with a few seconds of real speech each, queued.
    private static func fill(_ data: URL) async throws {
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        let prompts = try await HumanPrompts.load(cache: RealEngine.cache)
        let database = try Database(path: data.appendingPathComponent("cast2md.db").path)
        let storage = try StorageFolder(path: data.appendingPathComponent("storage").path)
        let now = Date()
        let (feed, all) = try await database.makeFeed(episodes: Self.episodes, at: now)
        var sounds: [Data] = []
        for seed in 0..<10 {
            let recording = try await prompts.compose(
                .init(seed: UInt64(seed), seconds: 3), to: data.appendingPathComponent("\(seed).mp3").path)
            sounds.append(try Data(contentsOf: URL(fileURLWithPath: recording.path)))
        }
        for (number, episode) in all.enumerated() {
            let path = storage.audioPath(feed: feed, episode: episode, fileExtension: "mp3")
            let sound = sounds[number % sounds.count]
            try storage.stage(sound, for: path).install()
            try await database.episodes.setAudio(
                episode.id, path: path, size: Int64(sound.count), duration: 3, at: now)
        }
        _ = try await database.jobs.enqueueAll(.all, at: now)
        try database.close()
    }

    /// What the disk says when everything has stopped.
    private static func inspect(_ data: URL) async throws {
        let database = try Database(path: data.appendingPathComponent("cast2md.db").path)
        let storage = try StorageFolder(path: data.appendingPathComponent("storage").path)
        let counts = try await database.jobs.counts()[.transcribe]
        #expect(counts == JobStore.Counts(queued: 0, running: 0, completed: Self.episodes, failed: 0))
        for episode in try await database.episodes.list(limit: 1000).episodes {
            #expect(episode.state == .completed)
            let attempts = try await database.episodes.attempts(of: episode.id)
            #expect(attempts.count { $0.outcome == "completed" } == 1)
            #expect(attempts.allSatisfy { $0.endedAt != nil })
            let path = try #require(episode.transcriptPath)
            let text = String(decoding: try storage.read(path), as: UTF8.self)
            #expect(text.contains("# \(episode.title)"))
            let native = String(path.dropLast(3)) + ".json"
            _ = try JSONDecoder().decode(Transcript.self, from: try storage.read(native))
        }
        let files = try FileManager.default.subpathsOfDirectory(atPath: storage.root.path)
        // What a kill left under a temporary name goes with the server's next start.
        storage.removeLeftovers()
        let left = try FileManager.default.subpathsOfDirectory(atPath: storage.root.path)
        #expect(left.filter { $0.hasSuffix(".tmp") } == [])
        #expect(files.count { $0.hasSuffix(".md") } == Self.episodes)
        try database.close()
    }

    private static func completed(_ address: String) async throws -> Int? {
        let url = try CastClient.address(address)
        return try await Connections.with(to: url, environment: [:]) { connections in
            let admin = ServerAdmin(CastClient(server: url, connections: connections))
            return (try? await admin.queueStatus())?.transcribeQueue.completed
        }
    }

    private static func untilHealthy(_ address: String) async throws {
        let isHealthy: Bool? = try await eventually { try await Self.completed(address) == nil ? nil : true }
        try #require(isHealthy == true)
    }
}
