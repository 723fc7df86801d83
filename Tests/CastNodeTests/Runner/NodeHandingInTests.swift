import CastAPI
import CastClient
import CastCore
import CastNode
import CastTestSupport
import Foundation
import Logging
import Testing

@Suite(.timeLimit(.minutes(1))) struct NodeHandingInTests {
    /// The node may leave by itself here, as a pod does.
    @Test func `a result arrives although the server is down for ten minutes`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<3)
            let gate = Gate(isOpen: false)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { audio, _ in
                try await gate.pass()
                return ScriptedTranscriber.transcript(audio)
            }
            try await NodeFixture.run(server, transcriber: transcriber, home: home, staying: false) { node in
                await node.settles { node.runner.status.currentJob != nil && node.runner.status.prefetched == 1 }
                server.change { $0.setMood(.down) }
                gate.open()
                await node.settles { node.spooled.count == 2 }
                #expect(!(await node.clock.advance(upTo: .seconds(600)) { node.runner.ending != nil }))
                #expect(server.now.completed.isEmpty)
                #expect(node.spooled == ["1-attempt-1.json", "2-attempt-2.json"])
                // Both have just been tried in vain, and would now pause for a minute.
                let calls = server.now.completeCalls
                await node.until { $0.completeCalls == calls + 2 }
                server.change { $0.setMood(.well) }
                let back = node.clock.now
                await node.until { $0.completed.count == 2 }
                // The first heartbeat or claim that is answered cuts the pause short.
                #expect(back.duration(to: node.clock.now) < .seconds(45))
                await node.settles { node.spooled.isEmpty }
            }
        }
    }

    @Test func `a result outlives the node, and the next start sends it first and names it`() async throws {
        try await withTemporaryFolder { home in
            let first = ScriptedServer(jobs: 1..<2)
            first.change { $0.completeMood = .down }
            try await NodeFixture.run(first, home: home) { node in
                await node.settles { node.spooled == ["1-attempt-1.json"] }
            }
            #expect(first.now.completed.isEmpty)
            #expect(first.now.released.isEmpty, "it is done, not undone")

            let second = ScriptedServer()
            second.change { $0.completeMood = .answers(503) }
            try await NodeFixture.run(second, home: home) { node in
                await node.until { $0.heartbeats.count == 1 }
                #expect(second.now.heartbeats.first?.claimedJobIDs == [JobID(1)])
                await node.until { $0.completeCalls > 3 }
                second.change { $0.completeMood = .well }
                await node.until { $0.completed.count == 1 }
                #expect(second.now.completed[JobID(1)]?.transcriptText.contains("audio of 1") == true)
                #expect(second.now.attempts[JobID(1)] == "attempt-1")
                await node.settles { node.spooled.isEmpty }
            }
        }
    }

    @Test(arguments: [500, 502, 503, 429, 408])
    func `a fault of the server's never drops a result`(status: Int) async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.change { $0.completeMood = .answers(status) }
            try await NodeFixture.run(server, home: home) { node in
                await node.until { $0.completeCalls == 8 }
                #expect(node.spooled.count == 1)
                #expect(node.refused.isEmpty)
                server.change { $0.completeMood = .well }
                await node.until { $0.completed.count == 1 }
            }
        }
    }

    @Test(arguments: [403, 404, 409, 410, 413, 422])
    func `a result that the server will never want is set aside and not sent again`(status: Int) async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.change { $0.completeMood = .answers(status) }
            try await NodeFixture.run(server, home: home) { node in
                await node.settles { node.refused == ["1-attempt-1.json"] }
                await node.settles { node.spooled.isEmpty && node.runner.status.spool == 0 }
                _ = await node.clock.advance(upTo: .seconds(200)) { false }
                #expect(server.now.completeCalls == 1)
                let file = node.home.spoolFolder(for: NodeFixture.address)
                    .appendingPathComponent("refused/1-attempt-1.json")
                let kept = try JSONDecoder().decode(SpooledResult.self, from: Data(contentsOf: file))
                #expect(kept.request.transcript?.sentences.first?.text == "audio of 1")
                #expect(kept.refusal?.contains("\(status)") == true)
            }
        }
    }

    @Test func `tries come later and later, a minute apart at most`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.change { $0.completeMood = .down }
            try await NodeFixture.run(server, home: home) { node in
                await node.settles { server.now.completeCalls == 1 }
                // Only the results do not get through: nothing cuts the pauses short but an answer after a silence.
                server.change { $0.setMood(.down) }
                _ = await node.clock.advance(upTo: .seconds(600)) { false }
                // 1 + 2 + 4 + 8 + 16 + 32 seconds, then nine minutes.
                #expect((11...17).contains(server.now.completeCalls), "\(server.now.completeCalls)")
            }
        }
    }

    @Test(arguments: [404, 410])
    func `audio that is gone is reported as such, and breaks nothing`(status: Int) async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<6)
            server.change { $0.audioMood = .answers(status) }
            try await NodeFixture.run(server, home: home, staying: false) { node in
                await node.until { $0.failed.count == 5 }
                #expect(
                    server.now.failed[JobID(1)]
                        == FailRequest(errorMessage: "Failed to download audio: HTTP \(status)", retry: false))
                #expect(server.now.fetches.count == 5, "one try each")
                // Five in a row, and it is still there for the next.
                server.change {
                    $0.audioMood = .well
                    $0.queue = [JobID(9)]
                }
                await node.until { $0.completed[JobID(9)] != nil }
                #expect(node.runner.ending == nil)
            }
        }
    }

    @Test func `a download that breaks is tried again before anybody hears of it`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.change { $0.audioMood = .answers(502) }
            try await NodeFixture.run(server, home: home) { node in
                await node.until { $0.fetches.count == 3 }
                #expect(server.now.failed.isEmpty)
                server.change { $0.audioMood = .well }
                await node.until { $0.completed.count == 1 }
                #expect(server.now.failed.isEmpty)
            }
        }
    }

    @Test func `a download that keeps breaking is handed to another worker`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.change { $0.audioMood = .answers(502) }
            try await NodeFixture.run(server, home: home) { node in
                await node.until { $0.failed.count == 1 }
                #expect(
                    server.now.failed[JobID(1)]
                        == FailRequest(errorMessage: "Failed to download audio: HTTP 502", retry: true))
                #expect(server.now.fetches.count == 8)
            }
        }
    }

    @Test(arguments: [
        (CastError.Code.unreadableMedia, false), (.engineFailed, true), (.unavailable, true), (.internalFault, true),
    ])
    func `a failed recognition says whether another worker may do better`(
        code: CastError.Code, retry: Bool
    ) async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { _, _ in throw CastError(code, "It did not work.") }
            // A report that does not get through is tried again.
            server.change { $0.failMood = .down }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { node.runner.status.jobsFailed == 1 }
                #expect(node.runner.status.spool == 1)
                server.change { $0.failMood = .well }
                await node.until { $0.failed.count == 1 }
                #expect(
                    server.now.failed[JobID(1)]
                        == FailRequest(errorMessage: "Transcription failed: It did not work.", retry: retry))
                #expect(server.now.completed.isEmpty)
            }
        }
    }

    @Test func `a failure names the episode, not the file that it lay in here`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { _, _ in throw CastError(.unreadableMedia, "FILE cannot be decoded.") }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.until { $0.failed.count == 1 }
                #expect(
                    server.now.failed[JobID(1)]?.errorMessage == "Transcription failed: “Episode 1” cannot be decoded.")
            }
        }
    }

    @Test func `silence is a result`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { _, _ in Transcript(sentences: [], duration: 60) }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.until { $0.completed.count == 1 }
                #expect(server.now.completed[JobID(1)]?.transcript?.isEmpty == true)
                #expect(server.now.failed.isEmpty)
            }
        }
    }

    @Test func `the recogniser goes on while results cannot be handed in`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<6)
            server.change { $0.completeMood = .hangs }
            try await NodeFixture.run(server, home: home) { node in
                await node.until { _ in node.runner.status.jobsDone == 5 }
                #expect(server.now.completed.isEmpty)
                await node.settles { node.spooled.count == 5 }
            }
        }
    }

    @Test func `a full disk does not lose a result`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.change { $0.completeMood = .down }
            let gate = Gate(isOpen: false)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { audio, _ in
                try await gate.pass()
                return ScriptedTranscriber.transcript(audio)
            }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { gate.waiting == 1 }
                // No file can be made where a file stands in the folder's place.
                let folder = node.home.spoolFolder(for: NodeFixture.address)
                try FileManager.default.removeItem(at: folder)
                try Data().write(to: folder)
                gate.open()
                await node.until { $0.completeCalls > 3 }
                #expect(node.runner.status.spool == 1)
                // There is space again: the next try saves it first.
                try FileManager.default.removeItem(at: folder)
                let calls = server.now.completeCalls
                await node.until { $0.completeCalls > calls }
                await node.settles { node.spooled == ["1-attempt-1.json"] }
                server.change { $0.completeMood = .well }
                await node.until { $0.completed.count == 1 }
            }
        }
    }
}
