import CastClient
import CastCore
import CastStore
import Foundation
import Subprocess
import SystemPackage

/// One audio file of 100 MB over one connection and over eight, beside nginx with sendfile on the same file.
struct AudioBench: Sendable {
    var folder: String
    private static let size = 100_000_000

    func run() async throws {
        let folder = URL(filePath: self.folder + "/audio-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: folder) }
        let data = folder.path + "/data"
        let path = try await self.makeEpisode(data)
        let ours = try await BenchServer.run(data: data) { server, _ in
            try await Self.measure("\(server.address)/api/episodes/1/audio")
        }
        guard FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx") else {
            Console.line(
                "\n100 MB of audio: \(Self.text(ours)); nginx is not installed (apt-get install nginx-light), so there is nothing beside it"
            )
            return
        }
        let theirs = try await self.nginx(folder.path, serving: path) { try await Self.measure($0) }
        Console.line("\n100 MB of audio, MB/s")
        Console.line("  ours:  \(Self.text(ours))")
        Console.line("  nginx: \(Self.text(theirs))")
        for (connections, rate) in ours {
            let beside = theirs.first { $0.0 == connections }?.1 ?? 1
            Console.line("  \(connections) connections: \(QueueBench.text(rate / beside)) of nginx (wanted: 0.70)")
        }
    }

    private static func text(_ rates: [(Int, Double)]) -> String {
        rates.map { "\(Int($0.1)) over \($0.0)" }.joined(separator: ", ")
    }

    /// MB/s over one connection and over eight, curl being the listener; the best of three.
    private static func measure(_ url: String) async throws -> [(Int, Double)] {
        var rates: [(Int, Double)] = []
        for connections in [1, 8] {
            var best = 0.0
            for _ in 0..<3 {
                let begun = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<connections {
                        group.addTask {
                            let result = try await Subprocess.run(
                                .name("curl"), arguments: ["--silent", "--fail", "--output", "/dev/null", url],
                                output: .discarded, error: .discarded)
                            guard result.terminationStatus.isSuccess else {
                                throw CastError(.unavailable, "curl could not fetch \(url).")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let seconds = begun.duration(to: .now) / .seconds(1)
                best = max(best, Double(Self.size * connections) / 1_000_000 / seconds)
            }
            rates.append((connections, best))
        }
        return rates
    }

    private func makeEpisode(_ data: String) async throws -> String {
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let database = try Database(path: data + "/cast2md.db")
        let storage = try StorageFolder(path: data + "/storage")
        let feed = try await database.feeds.add(
            url: "https://a.example/f", draft: FeedDraft(title: "Audio"),
            episodes: [EpisodeDraft(guid: "1", title: "One", audioURL: "https://a.example/1.mp3")], at: Date())
        guard let episode = try await database.episodes.list(feed: feed.id, limit: 1).episodes.first else {
            throw CastError(.internalFault, "The episode is not there.")
        }
        let path = storage.audioPath(feed: feed, episode: episode, fileExtension: "mp3")
        try storage.stage(Data(count: Self.size), for: path).install()
        try await database.episodes.setAudio(
            episode.id, path: path, size: Int64(Self.size), duration: nil, at: Date())
        try database.close()
        return try storage.url(of: path).path
    }

    /// Runs nginx, with one worker a core as it comes, on the file's folder.
    private func nginx<Result: Sendable>(
        _ folder: String, serving file: String, _ body: @escaping @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let port = try FreePort.find(from: 19_000)
        let root = URL(filePath: file).deletingLastPathComponent().path
        let text = """
            worker_processes auto; daemon off; pid \(folder)/nginx.pid; error_log \(folder)/nginx.log;
            events { worker_connections 256; }
            http { access_log off; sendfile on; tcp_nopush on;
              client_body_temp_path \(folder)/a; proxy_temp_path \(folder)/b; fastcgi_temp_path \(folder)/c;
              uwsgi_temp_path \(folder)/d; scgi_temp_path \(folder)/e;
              server { listen 127.0.0.1:\(port); root \(root); } }
            """
        let path = folder + "/nginx.conf"
        try Data(text.utf8).write(to: URL(filePath: path))
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
        let own = options
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                _ = try await Subprocess.run(
                    .path("/usr/sbin/nginx"), arguments: ["-c", path], platformOptions: own, output: .discarded,
                    error: .discarded)
                try Task.checkCancellation()
                throw CastError(.unavailable, "nginx ended; its log is in \(folder)/nginx.log.")
            }
            group.addTask {
                let url = "http://127.0.0.1:\(port)/" + URL(filePath: file).lastPathComponent
                try await Self.untilServed(url)
                return try await body(url)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() ?? nil else { throw CancellationError() }
            return result
        }
    }

    private static func untilServed(_ url: String) async throws {
        for _ in 0..<200 {
            let result = try await Subprocess.run(
                .name("curl"), arguments: ["--silent", "--head", "--fail", "--output", "/dev/null", url],
                output: .discarded, error: .discarded)
            if result.terminationStatus.isSuccess { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw CastError(.timedOut, "nginx does not serve \(url).")
    }
}
