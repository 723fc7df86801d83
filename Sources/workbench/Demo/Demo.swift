import CastAPI
import CastClient
import CastCore
import Foundation
import HumanSpeech

/// The whole way once: a feed, the server, a node, and the transcripts.
struct Demo: Sendable {
    /// Somebody's feed; nil for our own podcast.
    var feed: String?
    var cache: String
    var port: Int

    func run() async throws {
        let folders = try DemoFolders.prepare(cache: self.cache)
        Console.line("Preparing the engine and the model (fetched once, kept in \(Paths.short(folders.home)))")
        for arguments in [["engine", "install", "faster-whisper"], ["models", "fetch", "base"]] {
            try await ChildProgram(arguments: arguments, environment: ["CAST2MD_HOME": folders.home]).run()
        }
        try folders.linkEngine()

        if let feed = self.feed {
            try await self.transcribe(feed: feed, podcast: nil, in: folders)
            return
        }
        Console.line("Preparing a podcast of recorded human speech")
        let podcast = try await DemoPodcast.make(cache: self.cache)
        try await FeedServer(podcast: podcast).whileServing { feed in
            try await self.transcribe(feed: feed, podcast: podcast, in: folders)
        }
    }

    private func transcribe(feed address: String, podcast: DemoPodcast?, in folders: DemoFolders) async throws {
        let port = try FreePort.find(from: self.port)
        try await ServerAPI.with("http://127.0.0.1:\(port)") { api in
            try await self.transcribe(feed: address, podcast: podcast, in: folders, port: port, api)
        }
    }

    private func transcribe(
        feed address: String, podcast: DemoPodcast?, in folders: DemoFolders, port: Int, _ api: ServerAPI
    ) async throws {
        // The run's folder, not a person's own storage and database.
        var environment = ["CAST2MD_HOME": folders.home, "STORAGE_PATH": nil, "DATABASE_URL": nil]
        // Addresses of this machine are refused for feeds, except when one asks for it.
        if podcast != nil { environment["ALLOW_PRIVATE_ADDRESSES"] = "true" }
        let server = ChildProgram(
            arguments: ["serve", "--host", "127.0.0.1", "--port", "\(port)", "--data", folders.data],
            environment: environment)
        Console.line("Starting the server at \(api.address)")
        let report = try await server.whileRunning(log: folders.run + "/server.log") {
            try await api.waitUntilHealthy()
            Console.line("Adding the feed \(address)")
            let feed = try await api.add(feed: address)
            let episodes = try await self.episodes(of: feed, from: api, limit: podcast?.episodes.count ?? 3)
            for episode in episodes { try await api.process(episode) }

            let environment = ["CAST2MD_HOME": folders.nodeHome]
            Console.line("Starting a node\n")
            try await ChildProgram(
                arguments: ["node", "register", "--server", api.address, "--name", "demo"], environment: environment
            ).run(log: folders.run + "/node.log")
            let node = ChildProgram(arguments: ["node", "start"], environment: environment)
            let begun = ContinuousClock.now
            return try await node.whileRunning(log: folders.run + "/node.log") {
                let finished = try await Progress(api: api).follow(episodes, since: begun)
                return try await DemoReport.make(of: finished, podcast: podcast, begun: begun, api: api)
            }
        }
        try folders.finish()
        Console.line(report.text(address: api.address, folders: folders))
        guard report.failures.isEmpty else {
            throw CastError(.engineFailed, "\(report.failures.count) episodes failed; the logs are in \(folders.run).")
        }
    }

    /// The newest episodes of the feed, as soon as the server has read it.
    private func episodes(of feed: FeedMessage, from api: ServerAPI, limit: Int) async throws -> [EpisodeMessage] {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            let episodes = try await api.episodes(of: feed, limit: limit)
            if !episodes.isEmpty { return episodes }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw CastError(.notFound, "The feed has no episodes.")
    }
}
