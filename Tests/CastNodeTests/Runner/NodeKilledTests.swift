import CastAPI
import CastClient
import CastCore
import CastNode
import CastTestSupport
import Foundation
import Logging
import Testing

/// A node that is killed, and started again with the same home.
@Suite(.timeLimit(.minutes(1))) struct NodeKilledTests {
    private var stuck: ScriptedTranscriber {
        var transcriber = ScriptedTranscriber()
        transcriber.behaviour = { audio, _ in
            try await Gate(isOpen: false).pass()
            return ScriptedTranscriber.transcript(audio)
        }
        return transcriber
    }

    /// Leaves a home as it is when a node is killed while it holds jobs.
    ///
    /// - Returns: What is on disk: a copy that was made while the node ran.
    private func kill(in folder: URL, _ server: ScriptedServer, holding count: Int) async throws -> URL {
        let (home, copy) = (folder.appending(path: "home"), folder.appending(path: "killed"))
        try await NodeFixture.run(server, transcriber: self.stuck, home: home) { node in
            await node.settles { node.transcriber.log.begun.count == count }
            let checkpoints = HomeFolder(path: home.path).checkpointFolder(for: NodeFixture.address)
            try Data("half".utf8).write(to: checkpoints.appending(path: "1.jsonl"))
            try FileManager.default.copyItem(at: home, to: copy)
        }
        return copy
    }

    @Test func `it names its jobs in its first heartbeat, and goes on with them`() async throws {
        try await withTemporaryFolder { folder in
            let copy = try await self.kill(in: folder, ScriptedServer(jobs: 1..<3), holding: 2)
            let server = ScriptedServer()
            let seen = ScriptedTranscriber()
            try await NodeFixture.run(server, transcriber: seen, home: copy) { node in
                await node.until { $0.completed.count == 2 }
                #expect(server.now.heartbeats.first?.claimedJobIDs == [JobID(1), JobID(2)])
                #expect(Set(server.now.fetches) == [JobID(1), JobID(2)])
                #expect(server.now.attempts == [JobID(1): "attempt-1", JobID(2): "attempt-2"])
                #expect(server.now.handedOut.isEmpty, "nothing had to be claimed again")
                await node.settles { node.spooled.isEmpty }
            }
            // What was half done is done; the next start finds nothing.
            let files = try FileManager.default.contentsOfDirectory(
                atPath: HomeFolder(path: copy.path).checkpointFolder(for: NodeFixture.address).path)
            #expect(files == ["held.json"])
            let third = ScriptedServer()
            try await NodeFixture.run(third, home: copy) { node in
                await node.until { $0.heartbeats.count == 2 }
                #expect(third.now.heartbeats.first?.claimedJobIDs == [])
            }
        }
    }

    @Test func `a job that is somebody else's by then is left alone`() async throws {
        try await withTemporaryFolder { folder in
            let copy = try await self.kill(in: folder, ScriptedServer(jobs: 1..<3), holding: 2)
            let server = ScriptedServer()
            server.change { $0.lostJobs = [JobID(1)] }
            try await NodeFixture.run(server, home: copy) { node in
                await node.until { $0.completed.count == 1 }
                #expect(server.now.fetches == [JobID(2)])
                await node.until { $0.heartbeats.count == 3 }
                #expect(server.now.completed.keys.map(\.rawValue) == [2])
            }
        }
    }

    @Test func `a server that is away at the start is waited for`() async throws {
        try await withTemporaryFolder { folder in
            let copy = try await self.kill(in: folder, ScriptedServer(jobs: 1..<2), holding: 1)
            let server = ScriptedServer()
            server.change { $0.setMood(.down) }
            try await NodeFixture.run(server, home: copy) { node in
                #expect(!(await node.clock.advance(upTo: .seconds(400)) { !server.now.fetches.isEmpty }))
                server.change { $0.setMood(.well) }
                await node.until { $0.completed.count == 1 }
                #expect(server.now.failed.isEmpty)
            }
        }
    }

    @Test func `a job that ended is not held any more, nor one that was handed back`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<4)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { audio, _ in
                if audio == "audio of 2" { throw CastError(.engineFailed, "No.") }
                if audio == "audio of 3" { try await Gate(isOpen: false).pass() }
                return ScriptedTranscriber.transcript(audio)
            }
            let folder = CheckpointFolder(
                folder: HomeFolder(path: home.path).checkpointFolder(for: NodeFixture.address))
            server.change { $0.completeMood = .down }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { node.spooled.count == 1 && node.runner.status.jobsFailed == 1 }
                await node.settles { folder.load().map(\.handle.job) == [JobID(3)] }
            }
            #expect(folder.load().isEmpty)
        }
    }

    @Test(arguments: ["", "{", "[{\"handle\": 5}]", "null"])
    func `a note that is damaged is none`(content: String) async throws {
        try await withTemporaryFolder { home in
            let folder = HomeFolder(path: home.path).checkpointFolder(for: NodeFixture.address)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(content.utf8).write(to: folder.appending(path: "held.json"))
            let server = ScriptedServer(jobs: 1..<2)
            try await NodeFixture.run(server, home: home) { node in
                await node.until { $0.completed.count == 1 }
                #expect(server.now.heartbeats.first?.claimedJobIDs == [])
            }
        }
    }

    @Test func `what is older than a week goes`() async throws {
        try await withTemporaryFolder { home in
            let folder = CheckpointFolder(folder: home)
            for (job, age) in [(1, 8.0), (2, 6.0)] as [(Int64, Double)] {
                let file = folder.file(of: JobID(job))
                try Data("x".utf8).write(to: file)
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -age * 86_400)], ofItemAtPath: file.path)
            }
            _ = folder.load()
            #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["2.jsonl"])
        }
    }
}
