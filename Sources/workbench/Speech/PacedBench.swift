import CastClient
import CastCore
import CastNode
import CastStore
import Foundation
import HumanSpeech
import Logging
import NIOCore
import Transcription

/// How much of an engine's speed arrives: the whole worker, with the real server, beside the serial way.
struct PacedBench: Sendable {
    var corpus: SpeechCorpus
    var episodes: Int

    func run(_ multiples: [Double]) async throws {
        let recordings = try await self.corpus.episodes()
        let ceiling = try await DecodeCeiling.measure(recordings)
        Console.line(
            """

            An engine at a set multiple of real time, episodes of 40 minutes (MP3, 128 kbit/s), server and worker on \(
            ProcessInfo.processInfo.activeProcessorCount) cores.
            Two ffmpeg processes alone decode at \(Self.whole(ceiling))× real time here: no worker can be faster.

              engine   episodes   way      delivered   of what is possible   engine idle   worker's peak   calls
            """)
        for multiple in multiples {
            let count = multiple <= 100 ? max(1, self.episodes / 5) : self.episodes
            let possible = min(multiple, ceiling)
            for way in [Way.ours, .serial] {
                let result = try await self.measure(way, multiple: multiple, count: count, recordings)
                let cells = [
                    (Self.whole(multiple) + "×", 8), ("\(count)", 11), (way.rawValue, 9),
                    (Self.whole(result.delivered) + "×", 9),
                    (QueueBench.text(result.delivered / possible), 22),
                    (QueueBench.text(result.work.idleShare * 100) + " %", 14), ("\(Int(result.peak)) MB", 16),
                    ("\(result.work.calls)", 8),
                ]
                Console.line(cells.map { QueueBench.pad($0.0, $0.1) }.joined())
            }
        }
    }

    private enum Way: String { case ours, serial }

    private struct Result: Sendable {
        /// Seconds of episodes for each second from the first claim to the last transcript at the server.
        var delivered: Double
        var work: PacedEngine.Work
        /// Megabytes.
        var peak: Double
    }

    private func measure(
        _ way: Way, multiple: Double, count: Int, _ recordings: [Recording]
    ) async throws -> Result {
        let folder = "\(self.corpus.cache)/bench-speech/run-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await Self.fill(folder + "/data", count: count, recordings)
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let log = logger
        let paced = try PacedEngine(
            multiple: multiple, cache: self.corpus.cache, folder: folder + "/engine", logger: log)
        let audio = (0..<count).reduce(0) { $0 + recordings[$1 % recordings.count].duration }
        return try await BenchServer.run(data: folder + "/data", environment: ["FEED_REFRESH_MINUTES": "0"]) {
            server, _ in
            guard let address = URL(string: server.address) else { throw CancellationError() }
            return try await Connections.with(to: address, environment: [:]) { connections in
                let home = HomeFolder(path: folder + "/home")
                let (credentials, _) = try await NodeRegistration.register(
                    CastClient(server: address, key: nil, connections: connections), name: "bench", model: "base",
                    url: "http://127.0.0.1:1", home: home)
                let api = NodeAPI.live(
                    CastClient(server: address, key: credentials.key, connections: connections),
                    node: credentials.nodeID)
                let took = try await paced.whileRunning { engine in
                    // The process's start is nobody's doing.
                    _ = try await engine.recognise([Self.second], language: "en")
                    PeakMemory.reset()
                    let begun = ContinuousClock.now
                    switch way {
                    case .ours:
                        try await NodeRunner(
                            api: api, transcriber: SpeechPipeline(model: "base", engine: engine), name: "bench",
                            server: address, home: home, settings: Self.settings, logger: log
                        ).run()
                    case .serial:
                        try await SerialWorker(api: api, engine: engine, folder: folder).run()
                    }
                    return begun.duration(to: .now)
                }
                let done = try await Self.transcripts(server)
                guard done == count else {
                    throw CastError(.internalFault, "\(done) of \(count) episodes have a transcript.")
                }
                return Result(
                    delivered: audio / (took / .seconds(1)), work: try paced.work(), peak: PeakMemory.of())
            }
        }
    }

    private static func transcripts(_ server: BenchServer) async throws -> Int {
        struct Status: Decodable {
            struct Counts: Decodable { var completed: Int }
            var transcribe_queue: Counts
        }
        let answer = try await server.send("GET", "/api/queue/status")
        return try JSONDecoder().decode(Status.self, from: Data(answer.readableBytesView)).transcribe_queue.completed
    }

    /// Leaves at the first empty answer.
    private static var settings: NodeSettings {
        var settings = NodeSettings()
        settings.leave.requiredEmptyChecks = 1
        settings.leave.emptyQueueWait = .zero
        settings.pollInterval = .milliseconds(50)
        return settings
    }

    private static var second: SpeechSegment {
        var cutter = FixedClockCutter(seconds: 1)
        return cutter.append(Array(repeating: 0, count: 16_000))[0]
    }

    /// A library whose episodes have their audio and wait; the files are links to the same few.
    private static func fill(_ data: String, count: Int, _ recordings: [Recording]) async throws {
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let database = try Database(path: data + "/cast2md.db")
        let storage = try StorageFolder(path: data + "/storage")
        let now = Date()
        let feed = try await database.feeds.add(
            url: "https://a.example/f", draft: FeedDraft(title: "Speech"),
            episodes: (0..<count).map {
                EpisodeDraft(
                    guid: "\($0)", title: "Episode \($0)", audioURL: "https://a.example/\($0).mp3",
                    publishedAt: now - Double($0) * 86_400)
            }, at: now)
        let page = try await database.episodes.list(feed: feed.id, limit: count)
        for (index, episode) in page.episodes.enumerated() {
            let recording = recordings[index % recordings.count]
            let path = storage.audioPath(feed: feed, episode: episode, fileExtension: "mp3")
            try storage.makeFolder(of: path)
            try FileManager.default.linkItem(atPath: recording.path, toPath: storage.url(of: path).path)
            let size = try FileManager.default.attributesOfItem(atPath: recording.path)[.size] as? Int64 ?? 0
            try await database.episodes.setAudio(
                episode.id, path: path, size: size, duration: recording.duration, at: now)
        }
        _ = try await database.jobs.enqueueAll(.all, at: now)
        try database.close()
    }

    static func whole(_ value: Double) -> String { "\(Int(value.rounded()))" }
}

extension PacedEngine {
    /// Runs a body with the engine's process beside it.
    func whileRunning<Result: Sendable>(
        _ body: @escaping @Sendable (HelperEngine) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await self.engine.run()
                return nil
            }
            group.addTask { try await body(self.engine) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CastError(.engineFailed, "The engine ended.")
        }
    }
}
