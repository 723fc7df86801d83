import CastAPI
import CastClient
import CastCore
import CastStore
import Foundation
import HumanSpeech
import Logging
import RunPodEmulator

/// Server and emulator on loopback: a queue grows, pods come, drain it, and leave.
struct FleetDemo: Sendable {
    var cache: String
    var port: Int
    var episodes: Int

    private static let key = "emulator-key"
    /// How long all of it may take on a slow machine.
    private static let limit = Duration.seconds(900)

    func run() async throws {
        let folders = try DemoFolders.prepare(cache: self.cache)
        Console.line("Preparing the engine and the model (fetched once, kept in \(Paths.short(folders.home)))")
        for arguments in [["engine", "install", "faster-whisper"], ["models", "fetch", "base"]] {
            try await ChildProgram(arguments: arguments, environment: ["CAST2MD_HOME": folders.home]).run()
        }
        Console.line("Preparing \(self.episodes) episodes of recorded human speech")
        try await self.fill(folders)
        let port = try FreePort.find(from: self.port)
        var options = EmulatorOptions(home: URL(filePath: folders.run + "/emulator"))
        options.accounts = [Self.key: "demo"]
        options.pullTime = .seconds(2)
        let quiet = Logger(label: "emulator") { _ in SwiftLogNoOpLogHandler() }
        try await EmulatorServer.with(options, logger: quiet) { emulator, provider in
            let script = try PodScript.write(to: folders, program: ChildProgram.location)
            let server = ChildProgram(
                arguments: ["serve", "--host", "127.0.0.1", "--port", "\(port)", "--data", folders.data],
                environment: self.environment(folders, provider: provider, port: port, script: script))
            Console.line("Starting the server at http://127.0.0.1:\(port), with RunPod's stand-in at \(provider)\n")
            try await server.whileRunning(log: folders.run + "/server.log") {
                let url = try CastClient.address("http://127.0.0.1:\(port)")
                try await Connections.with(to: url, environment: [:]) { connections in
                    let admin = ServerAdmin(CastClient(server: url, connections: connections))
                    let report = try await self.drain(admin, emulator)
                    Console.line(report.text)
                    try report.check()
                }
            }
        }
        try folders.finish()
    }

    private func environment(
        _ folders: DemoFolders, provider: URL, port: Int, script: String
    ) -> [String: String?] {
        [
            "CAST2MD_HOME": folders.home, "STORAGE_PATH": nil, "DATABASE_URL": nil, "FEED_REFRESH_MINUTES": "0",
            "RUNPOD_ENABLED": "true", "RUNPOD_API_KEY": Self.key, "RUNPOD_API_BASE_URL": provider.absoluteString,
            "RUNPOD_AUTO_SCALE": "true", "RUNPOD_SCALE_THRESHOLD": "10", "RUNPOD_MAX_PODS": "2",
            "RUNPOD_WHISPER_MODEL": "base", "RUNPOD_SERVER_URL": "http://127.0.0.1:\(port)",
            "RUNPOD_SERVER_IP": "127.0.0.1", "RUNPOD_START_COMMAND": "/bin/bash \(script)",
            "RUNPOD_BUDGET_PER_DAY": "50.00",
        ]
    }

    /// Episodes that have their audio, before the server starts.
    private func fill(_ folders: DemoFolders) async throws {
        let prompts = try await HumanPrompts.load(cache: self.cache)
        let database = try Database(path: folders.data + "/cast2md.db")
        let storage = try StorageFolder(path: folders.data + "/storage")
        let now = Date()
        let drafts = (1...self.episodes).map { number in
            EpisodeDraft(
                guid: "\(number)", title: "Announcement \(number)", audioURL: "https://demo.example/\(number).mp3",
                publishedAt: now - Double(number) * 86_400)
        }
        let feed = try await database.feeds.add(
            url: "https://demo.example/feed.xml", draft: FeedDraft(title: "Announcements"), episodes: drafts, at: now)
        for episode in try await database.episodes.list(feed: feed.id, limit: 1000).episodes {
            let path = storage.audioPath(feed: feed, episode: episode, fileExtension: "mp3")
            try storage.makeFolder(of: path)
            let recording = try await prompts.compose(
                .init(seed: UInt64(episode.id.rawValue), seconds: 5), to: try storage.url(of: path).path)
            let size = try FileManager.default.attributesOfItem(atPath: recording.path)[.size] as? Int64 ?? 0
            try await database.episodes.setAudio(
                episode.id, path: path, size: size, duration: recording.duration, at: now)
        }
        try database.close()
    }

    /// Queues everything and watches until nothing is left: no job, no pod, no bill.
    private func drain(_ admin: ServerAdmin, _ emulator: EmulatorServer) async throws -> FleetReport {
        let begun = ContinuousClock.now
        while (try? await admin.queueStatus()) == nil {
            guard begun.duration(to: .now) < .seconds(60) else {
                throw CastError(.timedOut, "The server did not answer within a minute.")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        let feeds = try await admin.feeds()
        for feed in feeds { _ = try await admin.queueFeed(feed.id, newest: nil) }
        Console.line("Queued \(self.episodes) episodes; the fleet may start pods above 10\n")
        var mostPods = 0
        var last = ""
        while true {
            let queue = try await admin.queueStatus().transcribeQueue
            let fleet = try await admin.fleetStatus()
            let open = fleet.setupStates.filter { $0.state != "gone" }
            mostPods = max(mostPods, open.count)
            let pods = open.map { "\($0.instanceID) \($0.state)" }.sorted().joined(separator: ", ")
            let line = "\(queue.completed) of \(self.episodes) done; pods: \(pods.isEmpty ? "none" : pods)"
            if line != last { Console.line("  \(Self.time(begun)) s  \(line)") }
            last = line
            let ledger = await emulator.ledger()
            if queue.completed + queue.failed == self.episodes, open.isEmpty, ledger.stillBilling == 0 {
                return FleetReport(
                    took: begun.duration(to: .now), completed: queue.completed, episodes: self.episodes,
                    mostPods: mostPods, ledger: ledger, runs: try await admin.podRuns(days: 1),
                    nodes: try await admin.nodes().count)
            }
            guard begun.duration(to: .now) < Self.limit else {
                throw CastError(.timedOut, "After \(Self.limit) it is not done: \(line).")
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private static func time(_ begun: ContinuousClock.Instant) -> String {
        String(format: "%4.0f", begun.duration(to: .now) / .seconds(1))
    }
}
