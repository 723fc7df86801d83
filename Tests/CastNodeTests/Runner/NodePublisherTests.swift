import CastAPI
import CastClient
import CastCore
import CastNode
import CastTestSupport
import Foundation
import Podcasts
import Synchronization
import Testing

/// Audio from publishers, under a clock that stands still.
@Suite(.timeLimit(.minutes(1))) struct NodePublisherTests {
    /// A publisher that a test has answer, and that notes which files it was asked for.
    private final class Publisher: Sendable {
        let asked = Mutex<[String]>([])
        let answer: @Sendable (URL) async throws -> Void

        init(_ answer: @escaping @Sendable (URL) async throws -> Void) { self.answer = answer }

        var audio: PublisherAudio {
            PublisherAudio { source, file, onBytes in
                self.asked.withLock { $0.append(source.url) }
                onBytes(7)
                try await self.answer(file)
            }
        }

        var count: Int { self.asked.withLock { $0.count } }
    }

    @Test func `what the publisher delivers is recognised, and the server is not asked`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<4, source: "https://pilots.example/")
            let publisher = Publisher { try Data("the publisher's".utf8).write(to: $0) }
            try await NodeFixture.run(server, publishers: publisher.audio, home: home) { node in
                await node.until { $0.completed.count == 3 }
                #expect(server.now.fetches.isEmpty)
                #expect(server.now.completed[JobID(2)]?.transcriptText.contains("the publisher's") == true)
                #expect(Set(publisher.asked.withLock { $0 }) == Set((1...3).map { "https://pilots.example/\($0).mp3" }))
                let audio = node.runner.status.audio
                #expect((audio.publisherFiles, audio.serverFiles) == (3, 0))
                #expect((audio.publisherBytes, audio.serverBytes, audio.wastedBytes) == (3000, 0, 0))
            }
        }
    }

    @Test func `without an address, or without anybody who fetches, the server is asked`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<3)
            let publisher = Publisher { _ in }
            try await NodeFixture.run(server, publishers: publisher.audio, home: home) { node in
                await node.until { $0.completed.count == 2 }
                #expect(publisher.count == 0)
            }
        }
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<3, source: "https://pilots.example/")
            try await NodeFixture.run(server, home: home) { node in await node.until { $0.completed.count == 2 } }
        }
    }

    @Test func `a host that never delivers the server's file is left alone for an hour`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<21, source: "https://pilots.example/")
            let publisher = Publisher { _ in throw ExactDownload.Differs(description: "pilots.example has other bytes")
            }
            try await NodeFixture.run(server, publishers: publisher.audio, home: home) { node in
                await node.until { $0.completed.count == 20 }
                // Four are on their way side by side at most.
                let first = publisher.count
                #expect((3...6).contains(first))
                #expect(server.now.fetches.count == 20)
                let audio = node.runner.status.audio
                #expect(audio.differing == first)
                #expect((audio.publisherBytes, audio.wastedBytes) == (0, Int64(7 * first)))
                #expect(audio.serverBytes == 80)

                let hour = await node.clock.advance(upTo: .seconds(3700)) { node.runner.status.uptimeSeconds > 3650 }
                #expect(hour)
                server.change { $0.queue = [JobID(30)] }
                await node.until { $0.completed.count == 21 }
                #expect(publisher.count == first + 1)
            }
        }
    }

    @Test func `a job that is lost while the publisher sends is dropped, and is no fault of the publisher's`()
        async throws
    {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2, source: "https://pilots.example/")
            let gate = Gate(isOpen: false)
            let publisher = Publisher { _ in try await gate.pass() }
            try await NodeFixture.run(server, publishers: publisher.audio, home: home) { node in
                await node.settles { publisher.count == 1 && gate.waiting == 1 }
                server.change { $0.lostJobs = [JobID(1)] }
                let beats = server.now.heartbeats.count
                await node.until { $0.heartbeats.count > beats }
                await node.settles { node.runner.status.fetching == 0 && gate.waiting == 0 }
                #expect(server.now.fetches.isEmpty)
                let audio = node.runner.status.audio
                #expect((audio.failing, audio.differing) == (0, 0))
            }
        }
    }

    @Test func `a job that a killed node held is fetched from its publisher again`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = AudioSource(url: "https://pilots.example/1.mp3", size: 5, sha256: "ab", etag: "\"a\"")
        let job = NodeState.HeldJob(
            handle: .init(job: JobID(1), attempt: "x"), title: "One", language: nil, audioPath: "/a", seconds: 3,
            source: source, stage: .fetching)
        CheckpointFolder(folder: folder).save([job])
        #expect(CheckpointFolder(folder: folder).load() == [job])
    }
}
