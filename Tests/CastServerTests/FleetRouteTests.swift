import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import PodFleet
import Testing

@Suite struct FleetRouteTests {
    // MARK: Without a provider

    @Test(
        arguments: [
            (.post, "pods", nil), (.delete, "pods", nil), (.delete, "pods/pod1", nil),
            (.get, "pods/a3f2/setup-status", nil), (.patch, "pods/a3f2/persistent", #"{"persistent":true}"#),
            (.post, "pods/cleanup-states", nil), (.delete, "setup-states/a3f2", nil),
            (.post, "nodes/cleanup-orphaned", nil), (.post, "gpu-types/refresh", nil),
        ] as [(HTTPRequest.Method, String, String?)])
    func `without a key it is said which variable is missing`(
        method: HTTPRequest.Method, path: String, body: String?
    ) async throws {
        try await ServerFixture.run { server in
            let answer = try await server.send(method, "/api/runpod/\(path)", body)
            #expect(answer.status == 503)
            #expect(answer.detail.contains("RUNPOD_API_KEY"))
        }
    }

    @Test func `without a key the status is there, with nothing in it`() async throws {
        try await ServerFixture.run { server in
            let answer = try await server.send(.get, "/api/runpod/status")
            #expect(answer.status == 200)
            let status = try answer.decode(FleetStatusResponse.self)
            #expect(!status.available && !status.enabled && !status.canCreate && !status.autoScaleEnabled)
            #expect(status.activePods.isEmpty && status.setupStates.isEmpty && status.spending.isEmpty)
            #expect(status.maxPods == 3 && status.scaleThreshold == 10)
            let types = try await server.send(.get, "/api/runpod/gpu-types").decode(GPUTypesResponse.self)
            #expect(types.source == "fallback" && !types.gpuTypes.isEmpty)
        }
    }

    // MARK: Buying

    @Test(
        arguments: [
            (["RUNPOD_ENABLED": "false"], "RUNPOD_ENABLED"),
            (["RUNPOD_MAX_PODS": "0"], "RUNPOD_MAX_PODS"),
            (["RUNPOD_SERVER_URL": "", "RUNPOD_SERVER_IP": ""], "RUNPOD_SERVER_URL"),
            (["RUNPOD_SERVER_IP": ""], "RUNPOD_SERVER_IP"),
            (["RUNPOD_SERVER_IP": "attic"], "Invalid server IP"),
            (["RUNPOD_BUDGET_PER_DAY": "0.01"], "RUNPOD_BUDGET_PER_DAY"),
            (["RUNPOD_MAX_PRICE_PER_HOUR": "0.10"], "RUNPOD_MAX_PRICE_PER_HOUR"),
        ])
    func `a pod that may not be is refused with what to change`(
        settings: [String: String], words: String
    ) async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods, settings: settings) { server in
            let answer = try await server.send(.post, "/api/runpod/pods", #"{"persistent":false}"#)
            #expect((400..<500).contains(answer.status))
            #expect(answer.detail.contains(words))
            await server.parts.fleet?.turn()
            #expect(pods.ids == [])
            let status = try await server.send(.get, "/api/runpod/status").decode(FleetStatusResponse.self)
            #expect(status.available && status.setupStates.isEmpty)
        }
    }

    @Test func `a pod is created, shown with its price, and not one more than there may be`() async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods, settings: ["RUNPOD_MAX_PODS": "1"]) { server in
            let created = try await server.send(.post, "/api/runpod/pods").decode(CreatePodResponse.self)
            await server.parts.fleet?.turn()
            await server.parts.fleet?.turn()
            #expect(pods.ids == ["pod1"])
            let state = try await server.send(.get, "/api/runpod/pods/\(created.instanceID)/setup-status")
                .decode(SetupStateMessage.self)
            #expect(state.podID == "pod1" && state.phase == "starting" && !state.persistent)
            #expect(state.pricePerHour == 0.27 && state.gpuType == "RTX A5000")
            let status = try await server.send(.get, "/api/runpod/status").decode(FleetStatusResponse.self)
            #expect(status.activePods.map(\.id) == ["pod1"] && !status.canCreate)
            #expect(status.canCreateReason == "Max pods (1) reached")
            let refused = try await server.send(.post, "/api/runpod/pods")
            #expect((400..<500).contains(refused.status) && refused.detail.contains("RUNPOD_MAX_PODS"))
            #expect(try await server.send(.get, "/api/runpod/pods/ffff/setup-status").status == 404)
        }
    }
}
