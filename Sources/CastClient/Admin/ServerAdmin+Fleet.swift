package import CastAPI
import Foundation

/// What a person does with GPU pods, from a shell.
extension ServerAdmin {
    package func fleetStatus() async throws -> FleetStatusResponse {
        try await self.client.get("/api/runpod/status", as: FleetStatusResponse.self)
    }

    package func createPod(persistent: Bool) async throws -> CreatePodResponse {
        try await self.client.post(
            "/api/runpod/pods", CreatePodRequest(persistent: persistent), as: CreatePodResponse.self)
    }

    /// What a pod said last, oldest first; also of one that is gone.
    package func podLog(_ instance: String, lines: Int) async throws -> PodLogResponse {
        try await self.client.get(
            "/api/runpod/pods/\(CastClient.segment(instance))/logs?lines=\(lines)", as: PodLogResponse.self)
    }

    package func setupStatus(_ instance: String) async throws -> SetupStateMessage {
        try await self.client.get(
            "/api/runpod/pods/\(CastClient.segment(instance))/setup-status", as: SetupStateMessage.self)
    }

    /// - Parameter pod: An instance or the provider's id; nil ends all.
    package func terminate(_ pod: String?) async throws -> TerminatedResponse {
        let path = pod.map { "/api/runpod/pods/\(CastClient.segment($0))" } ?? "/api/runpod/pods"
        return try await self.client.delete(path, as: TerminatedResponse.self)
    }

    package func fleetEvents(limit: Int) async throws -> FleetEventsResponse {
        try await self.client.get("/api/runpod/events?limit=\(limit)", as: FleetEventsResponse.self)
    }

    package func podRuns(days: Int) async throws -> PodRunsResponse {
        try await self.client.get("/api/runpod/runs?days=\(days)", as: PodRunsResponse.self)
    }

    package func nodes() async throws -> [NodeSummary] {
        try await self.client.get("/api/nodes", as: NodeListResponse.self).nodes
    }

    package func podModels() async throws -> PodModelsResponse {
        try await self.client.get("/api/runpod/models", as: PodModelsResponse.self)
    }

    package func addPodModel(_ id: String) async throws -> MessageResponse {
        try await self.client.post("/api/runpod/models", ["model_id": id], as: MessageResponse.self)
    }

    package func removePodModel(_ id: String) async throws -> MessageResponse {
        try await self.client.delete("/api/runpod/models/\(CastClient.segment(id))", as: MessageResponse.self)
    }
}
