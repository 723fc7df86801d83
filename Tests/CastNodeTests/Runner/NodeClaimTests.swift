import CastAPI
import CastCore
import CastNode
import CastTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct NodeClaimTests {
    @Test func `every job is claimed once, recognised once and handed in once`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<21)
            try await NodeFixture.run(server, home: home) { node in
                await node.until { $0.completed.count == 20 }
                #expect(server.now.handedOut == (1..<21).map { JobID($0) })
                #expect(server.now.completeCalls == 20)
                #expect(node.transcriber.log.begun.count == 20)
                #expect(Set(node.transcriber.log.begun).count == 20)
                #expect(server.now.mostConcurrentClaims == 1)
                #expect(server.now.attempts[JobID(7)] == "attempt-7")
                let request = try #require(server.now.completed[JobID(7)])
                #expect(request.transcriptText.contains("audio of 7"))
                #expect(request.whisperModel == "base")
                #expect(request.transcript?.sentences.first?.text == "audio of 7")
                await node.settles { node.spooled.isEmpty }
                await node.settles { node.runner.status.jobsDone == 20 }
            }
        }
    }

    @Test func `a job that the server hands out again while it is held is not done twice`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2, audioIsSlow: true)
            try await NodeFixture.run(server, home: home) { node in
                await node.until { $0.fetches.count == 1 }
                server.change { $0.queue = [JobID(1)] }
                await node.until { $0.handedOut.count == 2 }
                server.audioGate.open()
                await node.until { $0.completed.count == 1 }
                #expect(server.now.fetches == [JobID(1)])
                #expect(node.transcriber.log.begun == ["audio of 1"])
            }
        }
    }

    @Test func `holds one job in recognition and three beside it, and no more`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<10)
            let gate = Gate(isOpen: false)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { audio, _ in
                try await gate.pass()
                return ScriptedTranscriber.transcript(audio)
            }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { node.runner.status.prefetched == 3 && node.runner.status.currentJob != nil }
                // A minute later there is still no reason to claim more.
                #expect(await node.clock.advance(upTo: .seconds(120)) { server.now.heartbeats.count > 2 })
                #expect(server.now.handedOut.count == 4)
                // Nothing that is handed in makes room.
                server.change { $0.completeMood = .hangs }
                gate.letOneThrough()
                // A place became free: filled at once, without any time passing.
                await node.settles { server.now.handedOut.count == 5 }
            }
        }
    }

    @Test func `heartbeats name a job from its claim on, in every stage`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2, audioIsSlow: true)
            let gate = Gate(isOpen: false)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { audio, _ in
                try await gate.pass()
                return ScriptedTranscriber.transcript(audio)
            }
            server.change { $0.completeMood = .down }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { server.now.heartbeats.count == 1 }
                #expect(server.now.heartbeats.first?.claimedJobIDs == [])
                #expect(server.now.heartbeats.first?.whisperModel == "base")
                #expect(server.now.heartbeats.first?.whisperBackend == "whisper")
                // The first says that nothing was done yet: what the server counts from.
                #expect(server.now.heartbeats.first?.stages?.map(\.stage) == ["fetch", "upload"])
                #expect(server.now.heartbeats.first?.stages?.map(\.items) == [0, 0])

                await node.until { $0.fetches == [JobID(1)] }
                await node.until { $0.heartbeats.count == 2 }
                #expect(server.now.heartbeats.last?.claimedJobIDs == [JobID(1)], "being fetched")
                #expect(server.now.heartbeats.last?.currentJobID == nil)

                server.audioGate.open()
                await node.settles { node.runner.status.currentJob != nil }
                await node.until { $0.heartbeats.count == 3 }
                #expect(server.now.heartbeats.last?.claimedJobIDs == [JobID(1)], "in recognition")
                #expect(server.now.heartbeats.last?.currentJobID == JobID(1))

                gate.open()
                await node.settles { node.spooled.count == 1 }
                await node.until { $0.heartbeats.count == 4 }
                #expect(server.now.heartbeats.last?.claimedJobIDs == [JobID(1)], "in the spool")
                #expect(server.now.heartbeats.last?.currentJobID == nil)

                server.change { $0.completeMood = .well }
                await node.until { $0.completed.count == 1 }
                let before = server.now.heartbeats.count
                await node.until { $0.heartbeats.count > before }
                #expect(server.now.heartbeats.last?.claimedJobIDs == [], "handed in")
                #expect(server.now.heartbeats.last?.stages?.map(\.items) == [1, 1])
            }
        }
    }

    @Test func `no heartbeat is sent while a claim is being answered`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.claimGate.close()
            try await NodeFixture.run(server, home: home) { node in
                await node.settles { server.claimGate.waiting == 1 }
                // The server has given the job away; the node does not know yet, and three heartbeats are due.
                _ = await node.clock.advance(upTo: .seconds(100)) { false }
                #expect(server.now.heartbeats.count == 1)
                server.claimGate.open()
                await node.until { $0.heartbeats.count == 2 }
                #expect(server.now.heartbeats.last?.claimedJobIDs == [JobID(1)])
            }
        }
    }

    @Test func `an empty queue is asked every five seconds, a job that arrives is worked on at once`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer()
            try await NodeFixture.run(server, home: home) { node in
                for number in 1...4 {
                    await node.settles { server.now.claims == number }
                    // The watch over leaving sleeps, and the loop that claims.
                    await node.clock.waitForSleepers(2)
                    node.clock.advance(by: .seconds(4))
                    #expect(server.now.claims == number, "not before its time")
                    node.clock.advance(by: .seconds(1))
                }
                await node.settles { server.now.claims == 5 }
                await node.clock.waitForSleepers(2)
                server.change { $0.queue = [JobID(1)] }
                node.clock.advance(by: .seconds(5))
                // From here on nothing waits for any time to pass.
                await node.settles { server.now.completed.count == 1 }
            }
        }
    }

    @Test func `a job that the server took away is dropped, and its recognition is cancelled`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<4)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { audio, _ in
                if audio != "audio of 3" { try await Gate(isOpen: false).pass() }
                return ScriptedTranscriber.transcript(audio)
            }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { node.runner.status.currentJob?.jobID == JobID(1) }
                await node.settles { node.transcriber.log.begun.count == 3 }
                // Both that are in recognition still.
                server.change { $0.lostJobs = [JobID(1), JobID(2)] }
                await node.settles { server.now.completed.count == 1 }
                await node.until { _ in node.transcriber.log.cancelled.count == 2 }
                #expect(server.now.completed.keys.map(\.rawValue) == [3])
                #expect(node.transcriber.log.cancelled.sorted() == ["audio of 1", "audio of 2"])
                #expect(server.now.failed.isEmpty)
                #expect(server.now.released.isEmpty)
                await node.settles { node.runner.status.spool == 0 && node.runner.status.prefetched == 0 }
            }
        }
    }

    @Test func `a job that is lost while its audio comes is not recognised`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2, audioIsSlow: true)
            try await NodeFixture.run(server, home: home) { node in
                await node.until { $0.fetches.count == 1 }
                server.change { $0.lostJobs = [JobID(1)] }
                await node.until { $0.heartbeats.count == 2 }
                await node.settles { node.runner.status.fetching == 0 }
                server.audioGate.open()
                server.change { $0.queue = [JobID(2)] }
                await node.until { $0.completed[JobID(2)] != nil }
                #expect(node.transcriber.log.begun == ["audio of 2"])
            }
        }
    }

    @Test func `progress is told when it rose by a percent, and not more often than every three seconds`() async throws
    {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            let gate = Gate(isOpen: false)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { audio, onProgress in
                onProgress(0.004)
                try await gate.pass()
                onProgress(0.1)
                try await gate.pass()
                for percent in 11...60 { onProgress(Double(percent) / 100) }
                try await gate.pass()
                return ScriptedTranscriber.transcript(audio)
            }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { gate.waiting == 1 }
                gate.letOneThrough()
                await node.settles { server.now.progress[JobID(1)] == [10] }
                gate.letOneThrough()
                await node.settles { node.runner.status.currentJob?.progressPercent == 60 }
                // The watch over leaving, the loop that claims, and the one that tells progress.
                await node.clock.waitForSleepers(3)
                #expect(server.now.progress[JobID(1)] == [10], "three seconds have not passed")
                await node.until { $0.progress[JobID(1)] == [10, 60] }
                gate.open()
                await node.until { $0.completed.count == 1 }
            }
        }
    }
}
