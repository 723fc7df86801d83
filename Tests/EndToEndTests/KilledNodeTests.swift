import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HumanSpeech
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import Transcription

@Suite(
    .serialized, .enabled("The engine needs a Python 3 with venv, and there is none.") { await RealEngine.isPossible() }
)
struct KilledNodeTests {
    /// The server's time, which the test moves.
    final class Time: Sendable {
        private let ahead = Mutex(0.0)
        var now: Date { Date() + self.ahead.withLock { $0 } }
        func advance(by seconds: Double) { self.ahead.withLock { $0 += seconds } }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a node that is killed in the middle of a job costs time, and nothing else`() async throws {
        try await RealEngine.install()
        try await withTemporaryFolder { folder in
            let recording = try await HumanPrompts.load(cache: RealEngine.cache).compose(
                .init(seed: 3, seconds: 240), to: folder.appendingPathComponent("talk.mp3").path)
            try await Self.withServer(in: folder) { parts, port, time in
                let bytes = try Data(contentsOf: URL(fileURLWithPath: recording.path))
                try parts.storage.stage(bytes, for: "Pilots/audio/talk.mp3").install()
                let (_, episodes) = try await parts.database.makeFeed(at: time.now)
                let id = episodes[0].id
                try await parts.database.episodes.setAudio(
                    id, path: "Pilots/audio/talk.mp3", size: Int64(bytes.count), duration: 240, at: time.now)
                let job = try await parts.database.jobs.enqueueProcessing(of: id, at: time.now)

                let first = try NodeProcess.register("first", port: port, in: folder)
                try first.start()
                let begun: Bool? = try await eventually { try await Self.hasBegun(job, parts) ? true : nil }
                #expect(begun == true, "\(first.said)")
                first.kill()
                let helpersGone: Bool? = try await eventually(within: .seconds(10)) {
                    first.helpers.isEmpty ? true : nil
                }
                #expect(helpersGone == true, "the recogniser outlives its node")

                // The lease runs out; nobody has to do anything for it.
                time.advance(by: 121)
                let second = try NodeProcess.register("second", port: port, in: folder)
                try second.start()
                let episode = try await eventually(within: .seconds(120)) {
                    let episode = try await parts.database.episodes.get(id)
                    return episode.state == .completed ? episode : nil
                }
                #expect(episode != nil, "\(second.said)")
                #expect(second.stop() == 0, "\(second.said)")

                let attempts = try await parts.database.episodes.attempts(of: id)
                #expect(attempts.map(\.outcome) == ["expired", "completed"])
                #expect(attempts.map(\.nodeName) == ["first", "second"])
                #expect(try await parts.database.jobs.get(job).attempts == 2)
                let text = try parts.storage.read(episode?.transcriptPath ?? "")
                let heard = TranscriptMarkdown.parse(String(decoding: text, as: UTF8.self))
                    .sentences.map(\.text).joined(separator: " ")
                #expect(WordErrorRate.measure(reference: recording.text, hypothesis: heard).rate < 0.06)
                let files = try FileManager.default.subpathsOfDirectory(atPath: parts.storage.root.path)
                #expect(files.filter { $0.hasSuffix(".tmp") } == [])
            }
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a node that is killed at random moments goes on where it was each time`() async throws {
        try await RealEngine.install()
        try await withTemporaryFolder { folder in
            let recording = try await HumanPrompts.load(cache: RealEngine.cache).compose(
                .init(seed: 5, seconds: 600), to: folder.appendingPathComponent("talk.mp3").path)
            try await Self.withServer(in: folder) { parts, port, time in
                let bytes = try Data(contentsOf: URL(fileURLWithPath: recording.path))
                try parts.storage.stage(bytes, for: "Pilots/audio/talk.mp3").install()
                let (_, episodes) = try await parts.database.makeFeed(at: time.now)
                let id = episodes[0].id
                try await parts.database.episodes.setAudio(
                    id, path: "Pilots/audio/talk.mp3", size: Int64(bytes.count), duration: 600, at: time.now)
                let job = try await parts.database.jobs.enqueueProcessing(of: id, at: time.now)
                let node = try NodeProcess.register("only", port: port, in: folder)
                try node.start()

                // The recogniser first: its node starts another one.
                let first: [String]? = try await eventually {
                    Self.checkpoint(of: node).isEmpty || node.helpers.isEmpty ? nil : node.helpers
                }
                for helper in try #require(first, "\(node.said)") { kill(try #require(Int32(helper)), SIGKILL) }
                let before = Self.checkpoint(of: node).count
                let goesOn: Bool? = try await eventually(within: .seconds(180)) {
                    Self.checkpoint(of: node).count > before + 4 ? true : nil
                }
                #expect(goesOn == true, "\(node.said)")

                // Then both of them, in the middle, at moments that nothing is waited for.
                var random = SeededGenerator(seed: 20_261_125)
                var kept: [Double] = []
                for turn in 0..<3 {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...1500, using: &random)))
                    if turn == 1 {
                        for helper in node.helpers { kill(try #require(Int32(helper)), SIGKILL) }
                        continue
                    }
                    node.kill()
                    let found = Self.checkpoint(of: node)
                    #expect(found.count >= kept.count, "what had been heard is not there any more")
                    kept = found
                    try node.start()
                }
                #expect(kept.reduce(0, +) < 500, "there has to be something left to do")
                let episode = try await eventually(within: .seconds(240)) {
                    let episode = try await parts.database.episodes.get(id)
                    return episode.state == .completed ? episode : nil
                }
                #expect(episode != nil, "\(node.said)")
                #expect(node.stop() == 0, "\(node.said)")
                #expect(node.said.contains("job of an earlier run taken up again"))

                // The same try of the same job; and what had been heard was not heard again.
                let attempts = try await parts.database.episodes.attempts(of: id)
                #expect(attempts.map(\.outcome) == ["completed"])
                #expect(try await parts.database.jobs.get(job).attempts == 1)
                let asked = try #require(Self.lastAsked(of: node.said), "\(node.said)")
                #expect(asked > 0)
                #expect(asked + kept.reduce(0, +) <= recording.duration + 2, "\(asked) s after \(kept)")
                #expect(Self.checkpoint(of: node).isEmpty, "it is removed when the result is safe")

                let text = try parts.storage.read(episode?.transcriptPath ?? "")
                let heard = TranscriptMarkdown.parse(String(decoding: text, as: UTF8.self))
                    .sentences.map(\.text).joined(separator: " ")
                #expect(WordErrorRate.measure(reference: recording.text, hypothesis: heard).rate < 0.06)
            }
        }
    }

    /// Seconds of audio of each segment that a node has on disk.
    private static func checkpoint(of node: NodeProcess) -> [Double] {
        let folder = node.home.appendingPathComponent("checkpoints")
        let files = ((try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? [])
            .filter { $0.hasSuffix(".jsonl") }
        let text = files.compactMap { try? String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
        return text.joined().split(separator: "\n").compactMap { line in
            line.firstMatch(of: #/"count":(\d+)/#).flatMap { Double($0.1) }.map { $0 / 16_000 }
        }
    }

    /// Seconds of audio that a node's last life gave its engine, as its log says at the end.
    private static func lastAsked(of log: String) -> Double? {
        let lines = log.split(separator: "\n").filter { $0.contains("stages") && $0.contains("engine") }
        return lines.last?.firstMatch(of: #/engine=[^=]*?(\d+) s of audio/#).flatMap { Double($0.1) }
    }

    private static func hasBegun(_ job: JobID, _ parts: ServerParts) async throws -> Bool {
        guard case .running(let lease) = try await parts.database.jobs.get(job).state else { return false }
        return lease.hasBegun
    }

    /// Runs the whole server on a port of the system's choice.
    private static func withServer(
        in folder: URL, _ body: @Sendable (ServerParts, Int, Time) async throws -> Void
    ) async throws {
        let time = Time()
        var configuration = ServerConfiguration(dataPath: folder.appendingPathComponent("data").path)
        configuration.port = 0
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let server = try CastServer(
            configuration: configuration, podcasts: .unimplemented,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { time.now }, signals: false,
            onReady: { found.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var ready = ports.makeAsyncIterator()
            let port = try #require(await ready.next())
            do {
                try await body(server.parts, port, time)
            } catch {
                await server.group.triggerGracefulShutdown()
                throw error
            }
            await server.group.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}
