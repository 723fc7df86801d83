import CastAPI
import CastClient
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HumanSpeech
import Testing

/// The server is killed again and again while doubtful transcripts and their second tries come in.
@Suite(.serialized) struct KilledSecondTryTests {
    private static let episodes = 60
    private static let kills = 12

    @Test(.timeLimit(.minutes(5)))
    func `no second try is lost or made twice, and no transcript is mixed with the other`() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.appendingPathComponent("data")
            try await Self.fill(data)
            let port = try FreePort.find(from: 18_400)
            let server = try ProgramProcess(
                ["serve", "--port", "\(port)", "--data", data.path],
                environment: ["LEASE_SECONDS": "10", "FEED_REFRESH_MINUTES": "0", "SECOND_TRY_MODEL": "large"],
                log: folder.appendingPathComponent("server.log"))
            defer { server.stop() }
            try server.start()
            let address = try CastClient.address("http://127.0.0.1:\(port)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for model in ["base", "large"] {
                    group.addTask { try await Self.work(model, at: address) }
                }
                var random = SeededGenerator(seed: 20_261_126)
                for _ in 0..<Self.kills {
                    // The moment is what is random: nothing is waited for.
                    try await Task.sleep(for: .milliseconds(Int.random(in: 50...900, using: &random)))
                    server.kill()
                    try server.start()
                }
                let done: Bool? = try await eventually(within: .seconds(200)) {
                    try await Self.completed(address) == 2 * Self.episodes ? true : nil
                }
                #expect(done == true, "\(server.said.suffix(2000))")
                group.cancelAll()
                try? await group.waitForAll()
            }
            #expect(server.stop() == 0)
            try await Self.inspect(data)
        }
    }

    private static func fill(_ data: URL) async throws {
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        let database = try Database(path: data.appendingPathComponent("cast2md.db").path)
        let now = Date()
        let (feed, _) = try await database.makeFeed(episodes: Self.episodes, withAudio: true, at: now)
        // So that the other node gets second tries only.
        var change = FeedStore.Change()
        change.model = .some("base")
        _ = try await database.feeds.change(feed.id, change, at: now)
        _ = try await database.jobs.enqueueAll(.all, at: now)
        for model in ["base", "large"] {
            _ = try await database.nodes.register(
                NodeStore.Draft(name: model, url: "http://localhost:1", model: model, backend: "whisper"),
                newID: NodeID(model), key: "key-\(model)", heartbeatTimeout: 60, at: now)
        }
        try database.close()
    }

    /// Hands in doubtful transcripts as `base`, and as `large` better ones of every other episode.
    private static func work(_ model: String, at address: URL) async throws {
        try await Connections.with(to: address, environment: [:]) { connections in
            let client = CastClient(server: address, key: "key-\(model)", connections: connections)
            let api = NodeAPI.live(client, node: NodeID(model))
            while !Task.isCancelled {
                guard let claim = try? await api.claim(), let job = claim.jobID, let episode = claim.episodeID else {
                    try await Task.sleep(for: .milliseconds(50))
                    continue
                }
                let transcript = Self.transcript(
                    model, episode, isDoubtful: model == "base" || episode.rawValue % 2 == 0)
                let request = CompleteRequest(transcriptText: "x", whisperModel: model, transcript: transcript)
                while !Task.isCancelled {
                    // An answer that was lost: the result goes there again.
                    if (try? await api.complete(JobHandle(job: job, attempt: claim.attempt), request)) != nil { break }
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
        }
    }

    private static func transcript(_ model: String, _ episode: EpisodeID, isDoubtful: Bool) -> Transcript {
        let words = isDoubtful ? (0..<100).flatMap { _ in ["Thank", "you."] } : (0..<200).map { "w\($0)" }
        let spoken = words.enumerated().map {
            Transcript.Word(text: $1, start: Double($0) * 0.45, end: Double($0) * 0.45 + 0.4, probability: 0.9)
        }
        let text = words.joined(separator: " ") + " by \(model) of \(episode)"
        return Transcript(
            sentences: [.init(text: text, start: 0, end: 90, words: spoken)], duration: 90, model: model)
    }

    private static func inspect(_ data: URL) async throws {
        let database = try Database(path: data.appendingPathComponent("cast2md.db").path)
        let storage = try StorageFolder(path: data.appendingPathComponent("storage").path)
        let counts = try await database.episodes.secondTryCounts()
        #expect(counts == [.keptFirst: Self.episodes / 2, .keptSecond: Self.episodes / 2])
        let ended = try await database.events.newest(limit: 10_000).filter { $0.kind == .secondTryEnded }
        #expect(Set(ended.map(\.episodeID)).count == Self.episodes && ended.count == Self.episodes)
        for episode in try await database.episodes.list(limit: 1000).episodes {
            #expect(episode.state == .completed)
            let path = try #require(episode.transcriptPath)
            let (kept, other) = episode.id.rawValue % 2 == 0 ? ("base", "large") : ("large", "base")
            #expect(episode.transcriptModel == kept)
            let text = String(decoding: try storage.read(path), as: UTF8.self)
            #expect(text.contains("by \(kept) of \(episode.id)"))
            for (file, model) in [
                (TranscriptIntake.nativePath(of: path), kept), (TranscriptIntake.otherPath(of: path), other),
            ] {
                let native = try JSONDecoder().decode(Transcript.self, from: try storage.read(file))
                #expect(native.model == model && native.sentences.first?.text.hasSuffix("of \(episode.id)") == true)
            }
        }
        try database.close()
    }

    private static func completed(_ address: URL) async throws -> Int? {
        try await Connections.with(to: address, environment: [:]) { connections in
            let admin = ServerAdmin(CastClient(server: address, connections: connections))
            return (try? await admin.queueStatus())?.transcribeQueue.completed
        }
    }
}
