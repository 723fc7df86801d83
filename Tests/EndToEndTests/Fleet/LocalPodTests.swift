import CastAPI
import CastClient
import CastCore
import CastStore
import CastTestSupport
import Foundation
import HumanSpeech
import Testing

/// Pods without an account: a real server whose pods are real workers on this machine.
@Suite(
    .serialized, .enabled("The engine needs a Python 3 with venv, and there is none.") { await RealEngine.isPossible() }
)
struct LocalPodTests {
    @Test(.timeLimit(.minutes(5)))
    func `a local pod transcribes what waits, leaves by itself, and leaves nothing behind`() async throws {
        try await Self.run { site in
            let ordered = try await site.admin.createPod(persistent: false)
            let done: Bool? = try await eventually(within: .seconds(200)) {
                let queue = try await site.admin.queueStatus().transcribeQueue
                return queue.completed == 1 ? true : nil
            }
            #expect(done == true, "\(site.server.said.suffix(2000))")
            try await site.untilNothingIsLeft(of: ordered.instanceID)
            let events = try await site.admin.fleetEvents(limit: 100).events.map(\.message)
            #expect(events.contains { $0.contains("its worker has nothing more to do") }, "\(events)")
            let runs = try await site.admin.podRuns(days: 1)
            #expect(runs.runs.count == 1 && runs.runs.first?.jobsCompleted == 1)

            let feed = try #require(try await site.admin.feeds().first)
            let episodes = try await site.admin.episodes(feed: feed.id, status: nil, limit: 10).episodes
            let episode = try #require(episodes.first)
            let text = try await site.admin.transcript(of: episode.id, as: .txt)
            #expect(WordErrorRate.measure(reference: site.words, hypothesis: text).rate < 0.1, "\(text)")
            #expect(site.server.stop() == 0)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `what a killed server leaves running is ended by the next one`() async throws {
        try await Self.run(persistent: true) { site in
            let ordered = try await site.admin.createPod(persistent: true)
            let isReady: Bool? = try await eventually(within: .seconds(120)) {
                try await site.admin.setupStatus(ordered.instanceID).phase == "ready" ? true : nil
            }
            #expect(isReady == true, "\(site.server.said.suffix(2000))")
            #expect(!site.podFolders.isEmpty)
            site.server.kill()
            #expect(!site.processes.isEmpty)
            try await site.start()
            try await site.untilNothingIsLeft(of: ordered.instanceID)
            #expect(site.server.stop() == 0)
        }
    }

    struct Site {
        let server: ProgramProcess
        let admin: ServerAdmin
        let data: URL
        /// What the episode says.
        let words: String

        func start() async throws {
            try self.server.start()
            let answers: Bool? = try await eventually { (try? await self.admin.fleetStatus()) == nil ? nil : true }
            try #require(answers == true, "\(self.server.said.suffix(2000))")
        }

        var podFolders: [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: self.data.path + "/pods")) ?? []
        }

        /// Workers and helpers of this server's pods: what runs with a home in its folder.
        var processes: [String] {
            let folder = Data("\(self.data.path)/pods/".utf8)
            let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return all.filter { id in
                guard Int(id) != nil, let environment = FileManager.default.contents(atPath: "/proc/\(id)/environ")
                else { return false }
                return environment.range(of: Data("CAST2MD_HOME=".utf8) + folder) != nil
            }
        }

        func untilNothingIsLeft(of instance: String) async throws {
            let isOver: Bool? = try await eventually(within: .seconds(120)) {
                let pods = try await self.admin.fleetStatus().setupStates
                guard pods.first(where: { $0.instanceID == instance })?.state == "gone",
                    try await self.admin.nodes().isEmpty, self.processes.isEmpty, self.podFolders.isEmpty
                else { return nil }
                return true
            }
            let events = try await self.admin.fleetEvents(limit: 100).events.map(\.message)
            #expect(isOver == true, "\(self.processes) \(self.podFolders) \(events)")
        }
    }

    private static func run(
        persistent: Bool = false, _ body: @escaping @Sendable (Site) async throws -> Void
    ) async throws {
        try await RealEngine.install()
        try await withTemporaryFolder { folder in
            let data = folder.appendingPathComponent("data")
            let words = try await Self.fill(data, hasEpisode: !persistent)
            let port = try FreePort.find(from: 19_100)
            let url = try CastClient.address("http://127.0.0.1:\(port)")
            try await Connections.with(to: url, environment: [:]) { connections in
                let server = try ProgramProcess(
                    ["serve", "--port", "\(port)", "--data", data.path],
                    environment: [
                        "FLEET_PROVIDER": "local", "RUNPOD_ENABLED": "true", "RUNPOD_WHISPER_MODEL": "base",
                        "CAST2MD_HOME": RealEngine.home.path, "FEED_REFRESH_MINUTES": "0",
                        // The pod's worker inherits it: two looks at an empty queue, two seconds apart.
                        "NODE_EMPTY_QUEUE_WAIT": "2",
                    ],
                    log: folder.appendingPathComponent("server.log"))
                defer { server.stop() }
                let site = Site(
                    server: server, admin: ServerAdmin(CastClient(server: url, connections: connections)), data: data,
                    words: words)
                try await site.start()
                try await body(site)
            }
        }
    }

    /// An episode of real speech, queued.
    ///
    /// - Returns: Its words.
    private static func fill(_ data: URL, hasEpisode: Bool) async throws -> String {
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        guard hasEpisode else { return "" }
        let recording = try await HumanPrompts.load(cache: RealEngine.cache).compose(
            .init(seed: 5, seconds: 20), to: data.appendingPathComponent("talk.mp3").path)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: recording.path))
        let database = try Database(path: data.appendingPathComponent("cast2md.db").path)
        let storage = try StorageFolder(path: data.appendingPathComponent("storage").path)
        let (feed, episodes) = try await database.makeFeed(at: Date())
        let path = storage.audioPath(feed: feed, episode: episodes[0], fileExtension: "mp3")
        try storage.stage(bytes, for: path).install()
        try await database.episodes.setAudio(
            episodes[0].id, path: path, size: Int64(bytes.count), duration: 20, at: Date())
        _ = try await database.jobs.enqueueAll(.all, at: Date())
        try database.close()
        return recording.text
    }
}
