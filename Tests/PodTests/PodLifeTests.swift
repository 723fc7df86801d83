import CastAPI
import CastClient
import CastCore
import CastTestSupport
import Foundation
import PodFleet
import RunPodEmulator
import Testing

/// The start script, as a pod runs it, while nothing goes wrong.
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled("The engine needs a Python 3 with venv, and there is none.") { await RealEngine.isPossible() }
)
struct PodLifeTests {
    @Test func `a pod comes, works, and leaves, and all that it says passes the tailnet's proxy`() async throws {
        try await PodStage.run(.init(episodes: 2)) { stage in
            // Nobody here but the proxy knows the way to the server's address.
            #expect(!stage.reachesServerDirectly)
            let begun = ContinuousClock.now
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let claimed: Duration? = try await eventually {
                let queue = try await stage.admin.queueStatus().transcribeQueue
                return queue.running + queue.completed > 0 ? begun.duration(to: .now) : nil
            }
            let ready = try #require(try await stage.status(of: instance) { $0.state == "ready" }, "\(stage.podSaid)")
            #expect(ready.hostIP == PodStage.podAddress)
            let share = stage.podSaid.firstMatch(of: /the setup took .*/).map { String($0.0) } ?? ""
            print("From create to the first claim: \(claimed.map { $0 / .seconds(1) } ?? -1) s; \(share)")
            // Under five seconds on a machine that does nothing else.
            #expect(try #require(claimed) < .seconds(15))
            #expect(stage.nodesInTailnet == ["runpod-afterburner-\(instance)"])
            // Its watchdog is not of its process group.
            #expect(stage.text(of: "watchdog.log")?.contains("watchdog watches") == true)

            let gone = try await stage.end(of: instance, within: .seconds(90))
            #expect(gone.error == nil && gone.message.contains("nothing more to do"), "\(gone)")
            #expect(try await stage.admin.queueStatus().transcribeQueue.completed == 2)
            #expect(try await stage.admin.nodes().isEmpty)
            let said = stage.podSaid
            for line in [
                "connecting: the container runs; start script \(StartScript.digest.prefix(12))",
                "in the tailnet as 100.101.1.9", "reached the server at http://100.101.1.7:\(stage.port)",
                "the worker program is the image's, which is the server's", "faster-whisper and base are here",
                "registered as", "through a proxy proxy=localhost:",
            ] { #expect(said.contains(line), "\(line)") }
            let kept = try await stage.admin.podLog(instance, lines: 1000).lines
            #expect(kept.contains { $0.source == "setup" && $0.text.contains("registered as") })
            #expect(kept.contains { $0.source == "node" && $0.text.contains("job claimed") })
            #expect(!said.contains("tskey-") && !said.contains("a report was not taken"))

            let requests = Set(
                stage.requests.map {
                    $0.replacing(/[0-9a-f]{8}-[0-9a-f-]{27}/, with: "ID").replacing(/jobs\/\d+/, with: "jobs/N")
                })
            // How far a job is need not be among them: these are so short that the result comes first.
            for request in [
                "GET /api/health", "POST /api/runpod/pods/\(instance)/setup-progress",
                "POST /api/runpod/pods/\(instance)/logs?source=setup",
                "POST /api/runpod/pods/\(instance)/logs?source=node", "GET /api/nodes/worker/linux-x86_64",
                "POST /api/nodes/register", "POST /api/nodes/ID/heartbeat", "POST /api/nodes/ID/claim",
                "GET /api/nodes/jobs/N/audio", "POST /api/nodes/jobs/N/complete",
                "POST /api/nodes/ID/request-termination",
            ] { #expect(requests.contains(request), "\(request) is not among \(requests.sorted())") }
        }
    }

    @Test func `a pod whose image has another program, and a key for one log-in, fetches the server's`() async throws {
        var setup = PodStage.Setup(inFront: "# Another version.", episodes: 1)
        setup.secret = "tskey-auth-once"
        setup.isSmall = true
        try await PodStage.run(setup) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let gone = try await stage.end(of: instance, within: .seconds(90))
            #expect(gone.error == nil, "\(stage.podSaid)")
            #expect(stage.podSaid.contains(/fetched the worker program, \d+ MB, version \d/))
            #expect(try await stage.admin.queueStatus().transcribeQueue.completed == 1)
        }
    }

    @Test func `a page of something in between is no word of the server's, and costs no pod`() async throws {
        let page = PodStage.Setup(
            tailnet: [
                "refuses": .object(["POST /api/runpod/pods/*/setup-progress": .string("<html>no backend</html>")])
            ],
            episodes: 1)
        try await PodStage.run(page) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let gone = try await stage.end(of: instance, within: .seconds(90))
            #expect(gone.error == nil && gone.message.contains("nothing more to do"), "\(gone)\n\(stage.podSaid)")
            #expect(stage.podSaid.contains("a report was not taken: status 404: <html>no backend</html>"))
            #expect(try await stage.admin.queueStatus().transcribeQueue.completed == 1)
        }
    }

    @Test func `a server that does not know the pod costs it`() async throws {
        let refusal = "No setup state found"
        let setup = PodStage.Setup(
            tailnet: ["refuses": .object(["POST /api/runpod/pods/*/setup-progress": .string(refusal)])])
        try await PodStage.run(setup) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let gone = try await stage.end(of: instance)
            #expect(
                gone.message == "the server does not want this pod: status 403: \(refusal)", "\(gone)\n\(stage.podSaid)"
            )
        }
    }

    @Test func `a pod that is asked to end hands its job back, and leaves the tailnet last`() async throws {
        try await PodStage.run(.init(image: ["CAST2MD_POD_END_SECONDS": "2"], episodes: 1, seconds: 120)) { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            let main = try #require(try await stage.mainProcess(whenWorking: true), "\(stage.podSaid)")
            let attempt: Bool? = try await eventually {
                try await stage.admin.queueStatus().transcribeQueue.running == 1 ? true : nil
            }
            #expect(attempt == true)
            kill(main, SIGTERM)
            let left: Bool? = try await eventually(within: .seconds(20)) { stage.nodesInTailnet.isEmpty ? true : nil }
            #expect(left == true, "\(stage.podSaid)")
            // Through the tailnet, so before it was left.
            let queue = try await stage.admin.queueStatus().transcribeQueue
            #expect(queue.running == 0 && queue.queued == 1)
            #expect(stage.requests.contains { $0.hasPrefix("POST /api/nodes/jobs/") && $0.hasSuffix("/release") })
            let ended: Bool? = try await eventually {
                stage.podSaid.contains("container exited with 143") ? true : nil
            }
            #expect(ended == true, "\(stage.podSaid)")
            // RunPod starts it again, and it knows that its worker was at work already.
            let gone = try await stage.end(of: instance)
            #expect(gone.error?.contains("a pod does not get a second life") == true, "\(gone)")
        }
    }

    @Test func `a container that is started again after its worker has left starts no second one`() async throws {
        try await PodStage.run { stage in
            let instance = try await stage.admin.createPod(persistent: false).instanceID
            _ = try await stage.status(of: instance) { $0.state == "ready" }
            let registrations = { stage.requests.count { $0 == "POST /api/nodes/register" } }
            stage.server.stop()
            let state = try #require(stage.pod).appendingPathComponent("state")
            try Data("done\n".utf8).write(to: state.appendingPathComponent("left"))
            let main = try #require(try await stage.mainProcess(whenWorking: false))
            kill(main, SIGKILL)
            let gone: Bool? = try await eventually {
                await stage.emulator.ledger().stillBilling == 0 ? true : nil
            }
            #expect(gone == true, "\(stage.podSaid)")
            #expect(stage.podSaid.contains("its worker had left already, and its container was started again"))
            #expect(registrations() == 1)
            try stage.server.start()
            let shown = try await stage.end(of: instance)
            #expect(shown.state == "gone")
        }
    }
}
