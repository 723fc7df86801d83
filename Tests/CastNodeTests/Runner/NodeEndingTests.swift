import CastClient
import CastCore
import CastNode
import CastTestSupport
import Foundation
import Logging
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(1))) struct NodeEndingTests {
    /// A recogniser that never gets done.
    private static func stuck() -> ScriptedTranscriber {
        var transcriber = ScriptedTranscriber()
        transcriber.behaviour = { audio, _ in
            try await Gate(isOpen: false).pass()
            return ScriptedTranscriber.transcript(audio)
        }
        return transcriber
    }

    @Test func `a signal hands back every job that is undone`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<10)
            let runner = NodeRunner(
                api: server.api, transcriber: Self.stuck(), name: "tester", server: NodeFixture.address,
                home: HomeFolder(path: home.path), settings: NodeSettings(), logger: Self.quiet, clock: ManualClock())
            let group = ServiceGroup(
                configuration: .init(
                    services: [
                        .init(
                            service: runner, successTerminationBehavior: .gracefullyShutdownGroup,
                            failureTerminationBehavior: .gracefullyShutdownGroup)
                    ], logger: Self.quiet))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                while runner.status.prefetched < 3 { await Task.yield() }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(runner.ending == .stopRequested)
            #expect(server.now.handedOut.count == 4)
            #expect(Set(server.now.released) == Set(server.now.handedOut))
            #expect(server.now.released.count == 4)
            #expect(server.now.terminations == 0)
            #expect(server.now.failed.isEmpty)
        }
    }

    @Test func `a job that is still being fetched is handed back too`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<3, audioIsSlow: true)
            try await NodeFixture.run(server, home: home) { node in
                await node.settles { server.now.fetches.count == 2 }
            }
            #expect(Set(server.now.released) == [JobID(1), JobID(2)])
        }
    }

    @Test func `a claim on its way at the stop is waited for, and handed back`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.claimGate.close()
            try await NodeFixture.run(server, home: home) { node in
                await node.settles { server.claimGate.waiting == 1 }
                node.runner.stop()
                for _ in 0..<100 { await Task.yield() }
                #expect(node.runner.ending == nil)
                server.claimGate.open()
                await node.settles { node.runner.ending == .stopRequested }
            }
            #expect(server.now.released == [JobID(1)])
            #expect(server.now.fetches.isEmpty)
        }
    }

    @Test func `a claim that is never answered does not keep it from ending`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer()
            server.change { $0.claimMood = .hangs }
            try await NodeFixture.run(server, home: home) { node in
                await node.settles { server.now.claims == 1 }
                let asked = node.clock.now
                node.runner.stop()
                #expect(await node.clock.advance(upTo: .seconds(60)) { node.runner.ending != nil })
                #expect(asked.duration(to: node.clock.now) < .seconds(30))
            }
        }
    }

    @Test func `a server that is away does not keep it from ending either`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<5)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { audio, _ in
                if audio != "audio of 1" { try await Gate(isOpen: false).pass() }
                return ScriptedTranscriber.transcript(audio)
            }
            server.change {
                $0.completeMood = .hangs
                $0.releaseMood = .hangs
            }
            try await NodeFixture.run(server, transcriber: transcriber, home: home) { node in
                await node.settles { node.spooled.count == 1 && node.runner.status.prefetched > 0 }
                let asked = node.clock.now
                node.runner.stop()
                #expect(await node.clock.advance(upTo: .seconds(60)) { node.runner.ending != nil })
                #expect(asked.duration(to: node.clock.now) < .seconds(30))
                #expect(node.spooled.count == 1, "what is done stays on disk")
            }
        }
    }

    @Test func `an unsent result gets one more try at the stop`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            server.change { $0.completeMood = .down }
            try await NodeFixture.run(server, home: home) { node in
                await node.settles { node.spooled.count == 1 && server.now.completeCalls == 1 }
                server.change { $0.completeMood = .well }
                node.runner.stop()
                await node.settles { node.runner.ending == .stopRequested }
                #expect(node.spooled.isEmpty)
            }
            #expect(server.now.completed.count == 1)
            #expect(server.now.released.isEmpty)
        }
    }

    // MARK: The four ends

    @Test func `leaves when the queue is empty, after everything is handed in`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<4)
            try await NodeFixture.run(server, home: home, staying: false) { node in
                await node.until { $0.completed.count == 3 }
                let done = node.clock.now
                #expect(await node.clock.advance(upTo: .seconds(300)) { node.runner.ending != nil })
                #expect(node.runner.ending == .left(.queueEmpty(checks: 2)))
                #expect(done.duration(to: node.clock.now) >= .seconds(60))
                #expect(server.now.calls.last == "terminate")
                #expect(server.now.terminations == 1)
                #expect(server.now.released.isEmpty)
            }
        }
    }

    @Test func `a node that is to stay does not leave an empty queue`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer()
            try await NodeFixture.run(server, home: home, staying: true) { node in
                #expect(!(await node.clock.advance(upTo: .seconds(900)) { node.runner.ending != nil }))
            }
            #expect(server.now.terminations == 0)
        }
    }

    @Test(arguments: [ScriptedServer.Mood.answers(500), .answers(503), .down])
    func `a server with a fault is not an empty queue`(mood: ScriptedServer.Mood) async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer()
            server.change { $0.setMood(mood) }
            try await NodeFixture.run(server, home: home, staying: false) { node in
                // Twice as long as an empty queue takes, and well below what a silent server is granted.
                #expect(!(await node.clock.advance(upTo: .seconds(150)) { node.runner.ending != nil }))
                #expect(server.now.claims > 10)
                server.change {
                    $0.setMood(.well)
                    $0.queue = [JobID(1)]
                }
                await node.until { $0.completed.count == 1 }
            }
        }
    }

    @Test func `leaves a server that gives no answer for five minutes`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer()
            server.change { $0.setMood(.down) }
            try await NodeFixture.run(server, home: home, staying: false) { node in
                #expect(!(await node.clock.advance(upTo: .seconds(290)) { node.runner.ending != nil }))
                // The clock runs on while a busy machine has yet to hear of it; the limit itself is in the policy's tests.
                #expect(await node.clock.advance(upTo: .seconds(600)) { node.runner.ending != nil })
                guard case .left(.serverUnreachable) = node.runner.ending else {
                    Issue.record("ended with \(String(describing: node.runner.ending))")
                    return
                }
            }
        }
    }

    @Test func `leaves when a recognition hangs, and hands its job back`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<2)
            try await NodeFixture.run(server, transcriber: Self.stuck(), home: home, staying: false) { node in
                await node.settles { node.runner.status.currentJob != nil }
                #expect(!(await node.clock.advance(upTo: .seconds(1190)) { node.runner.ending != nil }))
                #expect(await node.clock.advance(upTo: .seconds(60)) { node.runner.ending != nil })
                guard case .left(.idle) = node.runner.ending else {
                    Issue.record("ended with \(String(describing: node.runner.ending))")
                    return
                }
                #expect(server.now.calls == ["release 1", "terminate"])
            }
        }
    }

    @Test func `leaves after three failures of the recogniser, and hands the rest back`() async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer(jobs: 1..<9)
            var transcriber = ScriptedTranscriber()
            transcriber.behaviour = { _, _ in throw CastError(.engineFailed, "No CUDA device.") }
            try await NodeFixture.run(server, transcriber: transcriber, home: home, staying: false) { node in
                #expect(await node.clock.advance(upTo: .seconds(60)) { node.runner.ending != nil })
                guard case .left(.recogniserBroken) = node.runner.ending else {
                    Issue.record("ended with \(String(describing: node.runner.ending))")
                    return
                }
                let now = server.now
                #expect(now.failed.count >= 3)
                #expect(now.failed.count + now.released.count == now.handedOut.count)
                #expect(now.calls.last == "terminate")
            }
        }
    }

    @Test(arguments: [401, 404])
    func `a server that does not know the node ends it with an error`(status: Int) async throws {
        try await withTemporaryFolder { home in
            let server = ScriptedServer()
            server.change { $0.heartbeatMood = .answers(status) }
            let runner = NodeRunner(
                api: server.api, transcriber: ScriptedTranscriber(), name: "tester", server: NodeFixture.address,
                home: HomeFolder(path: home.path), settings: NodeSettings(), logger: Self.quiet, clock: ManualClock())
            let error = await #expect(throws: CastError.self) { try await runner.run() }
            #expect(error?.code == .unauthorized)
            #expect(error?.message.contains("cast2md node register --server \(NodeFixture.address)") == true)
            #expect(runner.ending == .registrationRefused)
            #expect(server.now.heartbeats.count == 1)
            #expect(server.now.terminations == 0)
        }
    }

    private static var quiet: Logger {
        var logger = Logger(label: "test.node")
        logger.logLevel = .critical
        return logger
    }
}
