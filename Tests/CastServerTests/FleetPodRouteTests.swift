import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import PodFleet
import Testing

@Suite struct FleetPodRouteTests {
    // MARK: The setup in a pod

    @Test func `a report needs the pod's token, a phase that there is, and a pod that there is`() async throws {
        try await ServerFixture.run(ScriptedPods()) { server in
            let instance = try await server.buyPod()
            let token = try #require(try await server.pod(instance)).setupToken
            let header = try #require(HTTPField.Name("X-Setup-Token"))
            let report = #"{"phase":"installing","message":"fetches the model","host_ip":"100.64.0.9"}"#
            func send(_ token: String?, _ body: String, to name: String) async throws -> ServerFixture.Answer {
                try await server.send(
                    .post, "/api/runpod/pods/\(name)/setup-progress", body, headers: token.map { [header: $0] } ?? [:])
            }
            #expect(try await send(nil, report, to: instance.text).status == 401)
            #expect(try await send("", report, to: instance.text).status == 401)
            #expect(try await send(token, report, to: "ffff").status == 404)
            #expect(try await send("guess", report, to: instance.text).status == 403)
            let wrong = try await send(token, #"{"phase":"flying"}"#, to: instance.text)
            #expect(wrong.status == 400 && wrong.detail.contains("installing"))
            #expect(try await server.pod(instance)?.stateName == "starting")
            #expect(try await send(token, report, to: instance.text).status == 200)
            let pod = try #require(try await server.pod(instance))
            #expect(pod.stateName == "installing" && pod.message == "fetches the model" && pod.hostIP == "100.64.0.9")
            // The token is of no use once the pod is to end.
            _ = try await server.send(.delete, "/api/runpod/pods/\(instance)")
            #expect([403, 404].contains(try await send(token, report, to: instance.text).status))
        }
    }

    @Test func `without a provider no pod is known, whatever the token`() async throws {
        try await ServerFixture.run { server in
            let header = try #require(HTTPField.Name("X-Setup-Token"))
            let path = "/api/runpod/pods/a3f2/setup-progress"
            #expect(try await server.send(.post, path, #"{"phase":"ready"}"#).status == 401)
            let answer = try await server.send(.post, path, #"{"phase":"ready"}"#, headers: [header: "guess"])
            #expect(answer.status == 404)
        }
    }

    // MARK: Ending

    @Test(arguments: [true, false])
    func `a pod is ended by its own name or the provider's`(isByInstance: Bool) async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods) { server in
            let (first, second) = (try await server.buyPod(), try await server.buyPod())
            let answer = try await server.send(.delete, "/api/runpod/pods/\(isByInstance ? first.text : "pod1")")
            #expect(try answer.decode(TerminatedResponse.self).terminatedCount == 1)
            await server.parts.fleet?.turn()
            #expect(pods.ids == ["pod2"])
            #expect(try await server.pod(first)?.isOpen == false)
            #expect(try await server.pod(second)?.isOpen == true)
            #expect(try await server.send(.delete, "/api/runpod/pods/pod1").status == 404)
        }
    }

    @Test func `all pods are ended, and the ledger and the log keep them`() async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods) { server in
            _ = (try await server.buyPod(), try await server.buyPod())
            server.time.advance(by: 3600)
            let answer = try await server.send(.delete, "/api/runpod/pods").decode(TerminatedResponse.self)
            #expect(answer.terminatedCount == 2)
            await server.parts.fleet?.turn()
            #expect(pods.ids == [])
            let runs = try await server.send(.get, "/api/runpod/runs").decode(PodRunsResponse.self)
            #expect(runs.runs.count == 2 && runs.runs.allSatisfy { $0.endedAt != nil && $0.cost == 0.27 })
            let events = try await server.send(.get, "/api/runpod/events?limit=1000").decode(FleetEventsResponse.self)
            #expect(events.events.contains { $0.message.contains("ended with all pods by a person") })
            let again = try await server.send(.delete, "/api/runpod/pods").decode(TerminatedResponse.self)
            #expect(again.terminatedCount == 0)
        }
    }

    @Test func `a pod can be kept when it is idle, and let go again`() async throws {
        try await ServerFixture.run(ScriptedPods()) { server in
            let instance = try await server.buyPod()
            let path = "/api/runpod/pods/\(instance)/persistent"
            #expect(try await server.send(.patch, path, #"{"persistent":true}"#).status == 200)
            #expect(try await server.pod(instance)?.isPersistent == true)
            #expect(try await server.send(.patch, path, #"{"persistent":false}"#).status == 200)
            #expect(try await server.pod(instance)?.isPersistent == false)
            #expect(
                try await server.send(.patch, "/api/runpod/pods/ffff/persistent", #"{"persistent":true}"#).status == 404
            )
            #expect([400, 422].contains(try await server.send(.patch, path, "{}").status))
        }
    }

    @Test func `a pod's worker that leaves gives back its job, its pod and its registration`() async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods) { server in
            _ = try await server.makeQueuedEpisode()
            let instance = try await server.buyPod()
            let worker = try await server.registerWorker(of: instance)
            #expect(try await server.pod(instance)?.isReady == true)
            _ = try await server.claim(worker)
            #expect(try await server.parts.database.jobs.counts()[.transcribe]?.running == 1)
            let path = "/api/nodes/\(worker.nodeID)/request-termination"
            let answer = try await server.send(.post, path, key: worker.apiKey, "{}")
            #expect(answer.status == 200)
            #expect(try answer.decode(TerminationResponse.self).terminated)
            await server.parts.fleet?.turn()
            #expect(pods.ids == [])
            #expect(try await server.parts.database.jobs.counts()[.transcribe]?.queued == 1)
            #expect(try await server.parts.database.nodes.list().isEmpty)
            #expect(try await server.pod(instance)?.ending?.reason == .left)
            let home = try await server.register("home")
            let ignored = try await server.send(
                .post, "/api/nodes/\(home.nodeID)/request-termination", key: home.apiKey, "{}")
            #expect(try ignored.decode(TerminationResponse.self).status == "ignored")
        }
    }
}
