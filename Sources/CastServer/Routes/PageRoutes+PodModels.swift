import CastCore
import Foundation
import HTTPTypes
import Hummingbird

/// The forms for the models that pods run.
extension PageRoutes {
    func addPodModels(to runpod: RouterGroup<AppContext>) {
        runpod.post("models", use: self.addPodModel)
        runpod.post("models/use", use: self.usePodModel)
        runpod.post("models/remove", use: self.removePodModel)
    }

    @Sendable func addPodModel(request: Request, context: AppContext) async throws -> Response {
        let typed = try await request.postedFields()
        let id = (typed["model_id"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        do {
            try await PodModelKeeper(parts: self.parts).add(
                id, backend: typed["backend"].flatMap { $0.isEmpty ? nil : $0 })
        } catch let error as CastError {
            var view = try await self.podsView(self.settingRows(SettingCatalog.fleet))
            (view.problem, view.rejectedModel) = (error.message, id)
            return HTML(self.pages.pods(view, now: self.parts.now()))
                .response(status: HTTPResponse.Status(error.code))
        }
        return Self.redirect(to: Self.podsPath, notice: "Model \(id) is on the list.")
    }

    @Sendable func usePodModel(request: Request, context: AppContext) async throws -> Response {
        let id = try await request.postedFields()["model_id"] ?? ""
        return try await self.attempt {
            try await PodModelKeeper(parts: self.parts).use(id)
            return "New pods run \(id)."
        }
    }

    @Sendable func removePodModel(request: Request, context: AppContext) async throws -> Response {
        let id = try await request.postedFields()["model_id"] ?? ""
        return try await self.attempt {
            try await PodModelKeeper(parts: self.parts).remove(id)
            return "Model \(id) is off the list."
        }
    }
}
