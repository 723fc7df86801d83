import CastAPI
import CastClient
import CastCore
import CastTestSupport
import Foundation
import RunPodEmulator
import Testing

/// What the watchdog ends: the real process, started by the real start script, in pods of the emulator.
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled("The engine needs a Python 3 with venv, and there is none.") { await RealEngine.isPossible() }
)
struct PodWatchdogTests {
    private static let quick = "--interval 0.2 --server-grace 1 --first-pause 0.5"

    /// A pod that works, whose watchdog waits for the file `leave-at` before it begins to watch.
    private func run(
        persistent: Bool = false, options: String = "", image: [String: String] = [:], episodes: Int = 1,
        waitsForLeaveAt: Bool = true, _ body: @escaping @Sendable (PodStage, _ instance: String) async throws -> Void
    ) async throws {
        let setup = PodStage.Setup(
            image: [
                "CAST2MD_WORKER_URL": "image", "CAST2MD_WATCHDOG_OPTIONS": "\(Self.quick) \(options)",
            ].merging(image) { $1 },
            inFront: waitsForLeaveAt
                ? #"""
                if [[ $1 == watchdog ]]; then
                  until [[ -s $HOME/leave-at ]]; do sleep 0.1; done
                  CAST2MD_POD_LEAVE_AT=$(<"$HOME/leave-at")
                fi
                """# : "# As it is.", episodes: episodes, seconds: 120)
        try await PodStage.run(setup) { stage in
            let instance = try await stage.admin.createPod(persistent: persistent).instanceID
            let main = try await stage.mainProcess(whenWorking: episodes > 0)
            try #require(main != nil, "\(stage.podSaid)")
            _ = try #require(try await stage.status(of: instance) { $0.state == "ready" }, "\(stage.podSaid)")
            try await body(stage, instance)
        }
    }

    private static func leave(_ stage: PodStage, at date: Date) throws {
        let file = try #require(stage.pod).appendingPathComponent("leave-at")
        try Data("\(Int(date.timeIntervalSince1970))\n".utf8).write(to: file, options: .atomic)
    }

    /// What the watchdog has written, once it says all of these.
    private static func watchdog(_ stage: PodStage, says words: String...) async throws -> String {
        let said: String? = try await eventually {
            let text = stage.text(of: "watchdog.log") ?? ""
            return words.allSatisfy { text.contains($0) } ? text : nil
        }
        return try #require(said, "\(stage.text(of: "watchdog.log") ?? "")\n\(stage.podSaid)")
    }

    private static func count(_ text: String, _ words: String) -> Int { text.components(separatedBy: words).count - 1 }

    private static func bills(_ stage: PodStage) async -> Int { await stage.emulator.ledger().stillBilling }

    @Test(arguments: [false, true])
    func `a pod whose stay is over is ended, whatever its worker does, persistent or not`(persistent: Bool) async throws
    {
        try await self.run(persistent: persistent) { stage, instance in
            try Self.leave(stage, at: Date() - 1)
            let gone = try await stage.end(of: instance)
            // No failure: it was planned.
            #expect(gone.message == "its maximum stay is over" && gone.error == nil, "\(gone)")
            let queue = try await stage.admin.queueStatus().transcribeQueue
            #expect(queue.queued == 1 && queue.running == 0 && queue.failed == 0)
            #expect(stage.requests.contains("POST /api/runpod/pods/\(instance)/request-termination"))
            print("the end of the stay: \(gone.message)")
        }
    }

    @Test func `while RunPod refuses, server and watchdog go on asking until the pod is gone`() async throws {
        try await self.run { stage, instance in
            await stage.emulator.arm(Fault(.terminateFails))
            try Self.leave(stage, at: Date() - 1)
            // Both interfaces, twice each: 500, and GraphQL's error.
            let said: String? = try await eventually {
                let text = stage.text(of: "watchdog.log") ?? ""
                let isEnough = ["asked=runpod\n", "asked=\"runpod's old interface\""].allSatisfy {
                    Self.count(text, $0) >= 2
                }
                return isEnough ? text : nil
            }
            let text = try #require(said, "\(stage.text(of: "watchdog.log") ?? "")")
            for words in ["its maximum stay is over", "asked=server", "(status 500)", "pod is still here, waiting"] {
                #expect(text.contains(words), "\(words)\n\(text)")
            }
            #expect(await Self.bills(stage) == 1)
            let waiting = try await stage.admin.setupStatus(instance)
            #expect(
                ["draining", "terminating"].contains(waiting.state) && waiting.message == "its maximum stay is over")
            await stage.emulator.clearFaults()
            let gone = try await stage.end(of: instance)
            #expect(gone.message == "its maximum stay is over" && gone.error == nil, "\(gone)")
        }
    }

    @Test func `with the server away, REST, then GraphQL, then both again, until the pod is gone`() async throws {
        try await self.run { stage, instance in
            stage.server.stop()
            // In this order: REST 429, GraphQL 403; REST 404 for a pod that is there, GraphQL 500; then 500 from both, until
            // the log, which goes with the pod, has been read.
            await stage.emulator.arm(
                Fault(.rateLimited, count: 1), Fault(.terminateMisses, count: 1), Fault(.terminateFails))
            var refusal = Fault(.forbidden, count: 1)
            refusal.on = .terminate
            await stage.emulator.arm(refusal)
            try Self.leave(stage, at: Date() - 1)
            _ = try await Self.watchdog(
                stage, says: "its maximum stay is over", "asked=server", "(status 429)", "access denied",
                "there is no such pod any more", "Something went wrong", "(status 500)")
            #expect(await Self.bills(stage) == 1)
            await stage.emulator.clearFaults()
            let gone: Bool? = try await eventually { await Self.bills(stage) == 0 ? true : nil }
            #expect(gone == true, "\(stage.podSaid)")
            try stage.server.start()
            let state = try await stage.end(of: instance)
            #expect(state.error?.contains("the provider does not know the pod any more") == true, "\(state)")
        }
    }

    private static let endless = PodStage.Setup(
        image: [
            "CAST2MD_WORKER_URL": "image", "CAST2MD_POD_SMOKE_TEST": "always", "CAST2MD_POD_SMOKE_SECONDS": "1000",
            "CAST2MD_WATCHDOG_OPTIONS": "\(Self.quick) --setup-limit 4",
        ], inFront: "if [[ $1 == smoke-test ]]; then exec sleep 1000; fi")

    @Test func `a set-up that never ends is ended`() async throws {
        try await PodStage.run(Self.endless) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let gone = try await stage.end(of: instance)
            #expect(gone.error == "the set-up did not end within 4 seconds" && gone.phase == "failed", "\(gone)")
            print("a set-up that never ends: \(gone.error ?? "")")
        }
    }

    @Test func `a set-up that never ends is ended with the server away`() async throws {
        try await PodStage.run(Self.endless) { stage in
            _ = try await stage.admin.createPod(persistent: false).instanceID
            let isThere: Bool? = try await eventually { stage.text(of: "watchdog.log") == nil ? nil : true }
            try #require(isThere == true, "\(stage.podSaid)")
            stage.server.stop()
            // So that it can be read before it is gone.
            await stage.emulator.arm(Fault(.terminateFails))
            _ = try await Self.watchdog(stage, says: "the set-up did not end within 4 seconds", "(status 500)")
            await stage.emulator.clearFaults()
            let gone: Bool? = try await eventually { await Self.bills(stage) == 0 ? true : nil }
            #expect(gone == true, "\(stage.podSaid)")
        }
    }

    @Test func `a persistent pod whose set-up never ends stays, and says why that is odd`() async throws {
        try await PodStage.run(Self.endless) { stage in
            let instance = try await stage.admin.createPod(persistent: true).instanceID
            _ = try await Self.watchdog(
                stage, says: "pod is persistent and stays, for a person to look",
                "the set-up did not end within 4 seconds")
            #expect(await Self.bills(stage) == 1)
            let shown = try await stage.admin.setupStatus(instance)
            #expect(["connecting", "installing"].contains(shown.state) && shown.error == nil, "\(shown)")
            _ = try await stage.admin.terminate(instance)
            let gone = try await stage.end(of: instance)
            #expect(gone.error == nil && gone.message.contains("ended by"), "\(gone)")
        }
    }

    @Test func `a worker that is gone while the server is away costs the pod`() async throws {
        let image = ["CAST2MD_POD_END_SECONDS": "1000"]
        try await self.run(options: "--gone-grace 2", image: image, waitsForLeaveAt: false) { stage, instance in
            let text = try #require(stage.text(of: "state/worker.pid"))
            let worker = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            stage.server.stop()
            await stage.emulator.arm(Fault(.terminateFails))
            kill(worker, SIGKILL)
            // The start script alone would wait for a server until it is long too late.
            _ = try await Self.watchdog(stage, says: "no worker has been running for 2 seconds", "(status 500)")
            await stage.emulator.clearFaults()
            let gone: Bool? = try await eventually { await Self.bills(stage) == 0 ? true : nil }
            #expect(gone == true, "\(stage.podSaid)")
            #expect(stage.podSaid.contains("cast2md pod failed: the worker ended after"))
            try stage.server.start()
            _ = try await stage.end(of: instance)
        }
    }

    @Test func `a worker whose recogniser hangs while the server is away costs the pod`() async throws {
        try await self.run(options: "--hang-limit 4", waitsForLeaveAt: false) { stage, instance in
            let text = try #require(stage.text(of: "state/worker.pid"))
            let worker = text.trimmingCharacters(in: .whitespacesAndNewlines)
            stage.server.stop()
            await stage.emulator.arm(Fault(.terminateFails))
            // The recogniser's process, whichever thread of the worker started it.
            let tasks = "/proc/\(worker)/task"
            let recognisers = try FileManager.default.contentsOfDirectory(atPath: tasks).flatMap { thread in
                let children = try? String(contentsOfFile: "\(tasks)/\(thread)/children", encoding: .utf8)
                return children?.split(separator: " ").compactMap { pid_t($0) } ?? []
            }
            try #require(!recognisers.isEmpty)
            for recogniser in recognisers { kill(recogniser, SIGSTOP) }
            let words = "the worker got on with nothing and heard nothing of its server for"
            _ = try await Self.watchdog(stage, says: words, "(status 500)")
            await stage.emulator.clearFaults()
            let gone: Bool? = try await eventually { await Self.bills(stage) == 0 ? true : nil }
            #expect(gone == true, "\(stage.podSaid)")
            print("a recogniser that hangs: \(words)")
            try stage.server.start()
            _ = try await stage.end(of: instance)
        }
    }

    /// A pod that runs a start command of the operator's, with the server in reach.
    private static func setup(_ script: String) throws -> PodStage.Setup {
        let words = ["bash", "-c", "export CAST2MD_SERVER=http://127.0.0.1:$PORT\n\(script)"]
        let command = String(decoding: try JSONEncoder().encode(words), as: UTF8.self)
        return PodStage.Setup(server: ["RUNPOD_START_COMMAND": command], knowsPort: true)
    }

    @Test func `a watchdog that cannot write anything down watches all the same`() async throws {
        let setup = try Self.setup(
            """
            export CAST2MD_POD_STATE=/dev/null/state
            cast2md watchdog --log /dev/null/log --interval 0.1 --setup-limit 1 &
            sleep 1000
            """)
        try await PodStage.run(setup) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let gone = try await stage.end(of: instance)
            #expect(gone.error == "the set-up did not end within 1 seconds", "\(gone)\n\(stage.podSaid)")
            #expect(stage.podSaid.contains("watchdog watches without a lock"))
        }
    }

    /// Start scripts of somebody else's, with which a worker may come and go in other ways than with ours.
    static let others: [(name: String, loop: String, words: String)] = [
        (
            "workers that keep ending", "while :; do worker 0.5; done",
            "7 workers were started one after the other, and none got on"
        ),
        ("a worker that is gone", "worker 1; sleep 1000", "no worker has been running for 2 seconds"),
        ("a worker that never came", "sleep 1000", "no worker has been running for 2 seconds"),
    ]

    @Test(arguments: Self.others)
    func `whatever starts its workers, a pod in which none gets on is ended`(
        name: String, loop: String, words: String
    ) async throws {
        let setup = try Self.setup(
            """
            mkdir -p state
            echo ready >state/phase
            cast2md watchdog --log watchdog.log \(Self.quick) --interval 0.05 --gone-grace 2 &
            worker() { sleep "$1" & echo $! >state/next; mv state/next state/worker.pid; wait $!; }
            \(loop)
            """)
        try await PodStage.run(setup) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let gone = try await stage.end(of: instance)
            #expect(gone.error == words && gone.phase == "failed", "\(gone)\n\(stage.podSaid)")
            print("\(name): \(gone.error ?? "")")
        }
    }

    @Test func `a watchdog that is killed comes back, and ends a pod whose worker hangs`() async throws {
        let options = "--pulse-limit 8"
        try await self.run(options: options, waitsForLeaveAt: false) { stage, instance in
            func watchdog() -> pid_t? {
                stage.text(of: "state/watchdog.pid").flatMap {
                    pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines))
                }
            }
            let first = try #require(watchdog())
            kill(first, SIGKILL)
            let second: pid_t? = try await eventually { watchdog().flatMap { $0 == first ? nil : $0 } }
            #expect(second != nil)
            #expect(stage.podSaid.contains("the watchdog ended with status 137, and is started again in 1 s"))
            let worker = try #require(
                stage.text(of: "state/worker.pid").flatMap {
                    pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines))
                })
            kill(worker, SIGSTOP)
            let gone = try await stage.end(of: instance)
            #expect(gone.error?.contains("the worker has shown no sign of life for") == true, "\(gone)")
        }
    }

    @Test func `a persistent pod whose worker crashes stays for a person to look`() async throws {
        let options = "--gone-grace 2"
        let image = ["CAST2MD_POD_END_SECONDS": "1"]
        try await self.run(persistent: true, options: options, image: image, waitsForLeaveAt: false) {
            stage, instance in
            let text = try #require(stage.text(of: "state/worker.pid"))
            kill(try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))), SIGKILL)
            let failed = try #require(try await stage.status(of: instance) { $0.phase == "failed" }, "\(stage.podSaid)")
            #expect(failed.state == "ready" && failed.error?.contains("signal 9, KILL") == true, "\(failed)")
            _ = try await Self.watchdog(
                stage, says: "pod is persistent and stays, for a person to look",
                "no worker has been running for 2 seconds")
            #expect(await Self.bills(stage) == 1 && !stage.podSaid.contains("this pod ends"))
            _ = try await stage.admin.terminate(instance)
            let gone = try await stage.end(of: instance)
            #expect(gone.message.contains("ended by"), "\(gone)")
            print("a persistent pod whose worker crashes: \(failed.error ?? "")")
        }
    }

    @Test(arguments: [false, true])
    func `a server that is away from the beginning costs minutes, not a night`(hasProgram: Bool) async throws {
        var setup = PodStage.Setup(
            image: ["CAST2MD_POD_SERVER_SECONDS": "2", "CAST2MD_POD_END_SECONDS": "1"], pull: .seconds(3))
        setup.hasProgram = hasProgram
        try await PodStage.run(setup) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let isBought: Bool? = try await eventually { await Self.bills(stage) == 1 ? true : nil }
            #expect(isBought == true)
            stage.server.stop()
            let gone: Bool? = try await eventually { await Self.bills(stage) == 0 ? true : nil }
            #expect(gone == true, "\(stage.podSaid)")
            #expect(stage.podSaid.contains("cast2md pod failed: server failed after"), "\(stage.podSaid)")
            #expect(stage.podSaid.contains("gave no good answer through the tailnet within 2 s"))
            try stage.server.start()
            let state = try await stage.end(of: instance)
            #expect(state.error?.contains("the provider does not know the pod any more") == true, "\(state)")
        }
    }
}
