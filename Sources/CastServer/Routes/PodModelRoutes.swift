import CastAPI
import CastCore
import CastStore
import Foundation
import Hummingbird
import PodFleet

/// The models that pods may run: in the guide's form and in the existing server's.
struct PodModelRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let models = router.group("/api/runpod/models")
        models.get(use: self.list)
        models.post(use: self.addModel)
        models.delete(use: self.removeNamed)
        models.delete(":model_id", use: self.remove)
        models.post("reset", use: self.reset)
    }

    @Sendable func list(request: Request, context: AppContext) async throws -> PodModelsResponse {
        let all = ["1", "true", "yes", "on"].contains(request.queryString("include_disabled")?.lowercased() ?? "")
        return PodModelsResponse(
            try await self.parts.database.podModels.list(includingDisabled: all).map { model in
                PodModelsResponse.Model(
                    id: model.id, displayName: model.displayName, backend: model.backend.rawValue,
                    isEnabled: model.isEnabled, sortOrder: model.sortOrder)
            })
    }

    /// The backend follows the model's name unless the request says it.
    @Sendable func addModel(request: Request, context: AppContext) async throws -> MessageResponse {
        let body = try await request.read(PodModelRequest.self, context: context)
        try await PodModelKeeper(parts: self.parts).add(body.id, displayName: body.displayName, backend: body.backend)
        return MessageResponse("Model '\(body.id)' added.")
    }

    @Sendable func removeNamed(request: Request, context: AppContext) async throws -> MessageResponse {
        try await self.remove(try await request.read(PodModelRequest.self, context: context).id)
    }

    @Sendable func remove(request: Request, context: AppContext) async throws -> MessageResponse {
        let name = context.parameters.get("model_id") ?? ""
        return try await self.remove(name.removingPercentEncoding ?? name)
    }

    private func remove(_ id: String) async throws -> MessageResponse {
        try await PodModelKeeper(parts: self.parts).remove(id)
        return MessageResponse("Model '\(id)' deleted.")
    }

    @Sendable func reset(request: Request, context: AppContext) async throws -> MessageResponse {
        try await self.parts.database.podModels.reset()
        return MessageResponse("Models reset to \(PodModelStore.standard.count) defaults.")
    }
}

extension PodModelsResponse: ResponseEncodable {}
