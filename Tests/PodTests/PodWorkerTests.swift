import CastAPI
import CastClient
import CastCore
import CastTestSupport
import Foundation
import RunPodEmulator
import Testing

/// What a person sees when something happens to a pod that works, and that nothing of the pod is left.
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled("The engine needs a Python 3 with venv, and there is none.") { await RealEngine.isPossible() }
)
struct PodWorkerTests {
    /// A pod whose worker has a job of two minutes of speech.
    private func run(
        image: [String: String] = [:], secret: String = "tskey-auth-pods", seconds: Double = 120,
        _ body: @escaping @Sendable (PodStage, _ instance: String) async throws -> Void
    ) async throws {
        let setup = PodStage.Setup(
            secret: secret, image: ["CAST2MD_POD_END_SECONDS": "2"].merging(image) { $1 }, episodes: 1,
            seconds: seconds)
        try await PodStage.run(setup) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let main = try await stage.mainProcess(whenWorking: true)
            try #require(main != nil, "\(stage.podSaid)")
            _ = try await stage.status(of: instance) { $0.state == "ready" }
            try await body(stage, instance)
        }
    }

    private static func worker(_ stage: PodStage) throws -> pid_t {
        let text = try #require(stage.text(of: "state/worker.pid"), "\(stage.podSaid)")
        return try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test func `a worker that crashes in the middle of a job costs the pod, not the job`() async throws {
        try await self.run { stage, instance in
            kill(try Self.worker(stage), SIGKILL)
            let gone = try await stage.end(of: instance)
            let error = try #require(gone.error)
            #expect(error.contains("the worker ended after") && error.contains("signal 9, KILL"), "\(error)")
            #expect(gone.lastLines?.contains("job claimed") == true)
            let queue = try await stage.admin.queueStatus().transcribeQueue
            #expect(queue.queued == 1 && queue.running == 0 && queue.failed == 0)
            print("crash in the middle of a job: \(error)")
        }
    }

    @Test func `a worker that crashes after its last job leaves the job done, and its pod is ended`() async throws {
        try await self.run(image: ["NODE_EMPTY_QUEUE_WAIT": "60"], seconds: 5) { stage, instance in
            let done: Bool? = try await eventually {
                try await stage.admin.queueStatus().transcribeQueue.completed == 1 ? true : nil
            }
            #expect(done == true)
            kill(try Self.worker(stage), SIGKILL)
            let gone = try await stage.end(of: instance)
            #expect(gone.error?.contains("signal 9, KILL") == true, "\(gone)")
            #expect(try await stage.admin.queueStatus().transcribeQueue.completed == 1)
            print("crash after the last job: \(gone.error ?? "")")
        }
    }

    @Test func `a worker that hangs is ended by the watchdog`() async throws {
        try await self.run(image: ["CAST2MD_WATCHDOG_OPTIONS": "--interval 0.2 --pulse-limit 8"]) { stage, instance in
            kill(try Self.worker(stage), SIGSTOP)
            let gone = try await stage.end(of: instance)
            #expect(gone.error?.contains("the worker has shown no sign of life for") == true, "\(gone)")
            print("hang: \(gone.error ?? "")")
        }
    }

    @Test func `a server that vanishes for good loses its pod, not its money`() async throws {
        let image = ["NODE_SERVER_UNREACHABLE_MINUTES": "1", "NODE_EMPTY_QUEUE_WAIT": "120"]
        try await self.run(image: image, seconds: 5) { stage, instance in
            // While a result waits to be handed in, the worker has three times the patience.
            let done: Bool? = try await eventually {
                try await stage.admin.queueStatus().transcribeQueue.completed == 1 ? true : nil
            }
            #expect(done == true)
            stage.server.stop()
            let gone: Bool? = try await eventually(within: .seconds(150)) {
                await stage.emulator.ledger().stillBilling == 0 ? true : nil
            }
            #expect(gone == true, "\(stage.podSaid)")
            #expect(stage.podSaid.contains("this pod waits to be ended"))
            // Should it come back one day, it sees what became of it.
            try stage.server.start()
            let state = try await stage.end(of: instance)
            #expect(state.error?.contains("the provider does not know the pod any more") == true, "\(state)")
            print("the server is away: \(state.error ?? "")")
        }
    }

    @Test(arguments: ["tskey-auth-pods", "tskey-auth-once"])
    func `a container that is started again in the middle of a job gets no second life`(secret: String) async throws {
        // Time for the server to find it in RunPod's log.
        try await self.run(image: ["CAST2MD_POD_END_SECONDS": "40"], secret: secret) { stage, instance in
            let main = try #require(try await stage.mainProcess(whenWorking: true))
            kill(main, SIGKILL)
            let gone = try await stage.end(of: instance, within: .seconds(90))
            #expect(stage.podSaid.contains("the container was started again"))
            let error = try #require(gone.error, "\(gone)\n\(stage.podSaid)")
            #expect(error.contains("the container was started again") && error.contains("does not get a second life"))
            // A key that is good for one log-in does not let it tell; then its log has to.
            #expect(
                error.contains("it cannot report that itself: Tailscale") == (secret == "tskey-auth-once"), "\(error)")
            let queue = try await stage.admin.queueStatus().transcribeQueue
            #expect(queue.queued == 1 && queue.running == 0)
            #expect(stage.requests.count { $0 == "POST /api/nodes/register" } == 1)
            print("started again with \(secret): \(gone.error ?? "")")
        }
    }
}
