import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// Whether the server is well, and how much it holds.
struct SystemRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        router.get("/api/health", use: self.health)
        router.get("/api/status", use: self.status)
    }

    @Sendable func health(request: Request, context: AppContext) async throws -> EditedResponse<HealthResponse> {
        let database = await self.parts.database.isAlive()
        let storage = self.parts.storage.isWritable
        var message: String?
        if !database { message = "The database does not answer." }
        if !storage { message = "The storage folder \(self.parts.storage.root.path) cannot be written to." }
        return EditedResponse(
            status: database && storage ? .ok : .serviceUnavailable,
            response: HealthResponse(
                database: database, storage: storage, message: message, version: castVersion))
    }

    @Sendable func status(request: Request, context: AppContext) async throws -> StatusResponse {
        let counts = try await self.parts.database.episodes.counts()
        var named = Dictionary(uniqueKeysWithValues: EpisodeState.allCases.map { ($0.rawValue, counts[$0] ?? 0) })
        named["total"] = counts.values.reduce(0, +)
        return StatusResponse(
            feedCount: try await self.parts.database.feeds.list().count, episodeCounts: named,
            storagePath: self.parts.storage.root.path)
    }
}
