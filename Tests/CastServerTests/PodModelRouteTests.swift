import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import Testing

@Suite struct PodModelRouteTests {
    @Test(
        arguments: [
            (#"{"model_id":"distil-large-v3"}"#, "distil-large-v3", "whisper"),
            (#"{"id":"parakeet-next","display_name":"Next","backend":"parakeet"}"#, "Next", "parakeet"),
        ])
    func `models come and go in both forms`(body: String, name: String, backend: String) async throws {
        try await ServerFixture.run { server in
            let id = name == "Next" ? "parakeet-next" : name
            #expect(try await server.send(.post, "/api/runpod/models", body).status == 200)
            var models = try await server.send(.get, "/api/runpod/models").decode(PodModelsResponse.self).models
            let added = try #require(models.last)
            #expect(added.id == id && added.displayName == name && added.backend == backend)
            #expect(try await server.send(.delete, "/api/runpod/models", #"{"model_id":"\#(id)"}"#).status == 200)
            #expect(try await server.send(.delete, "/api/runpod/models/\(id)").status == 404)
            models = try await server.send(.get, "/api/runpod/models").decode(PodModelsResponse.self).models
            #expect(models.map(\.id) == PodModelStore.standard.map(\.id))
            let used = try await server.send(.delete, "/api/runpod/models/parakeet-tdt-0.6b-v3")
            #expect(used.status == 409 && used.detail.contains("runpod_whisper_model"))
            #expect(try await server.send(.post, "/api/runpod/models", #"{"id":"a b; rm"}"#).status == 400)
        }
    }
}
