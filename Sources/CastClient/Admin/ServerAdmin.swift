package import CastAPI
package import CastCore
package import Foundation

/// What a person does with a server, from a shell: one method a call of the API.
package struct ServerAdmin: Sendable {
    let client: CastClient

    package init(_ client: CastClient) { self.client = client }

    package func feeds() async throws -> [FeedMessage] {
        try await self.client.get("/api/feeds", as: FeedListResponse.self).feeds
    }

    package func addFeed(_ url: String) async throws -> FeedMessage {
        try await self.client.post("/api/feeds", AddFeedRequest(url: url), as: FeedMessage.self)
    }

    package func refreshFeed(_ id: FeedID, autoQueue: Bool) async throws -> RefreshResponse {
        try await self.client.post("/api/feeds/\(id)/refresh?auto_queue=\(autoQueue)", as: RefreshResponse.self)
    }

    package func removeFeed(_ id: FeedID) async throws -> MessageResponse {
        try await self.client.delete("/api/feeds/\(id)", as: MessageResponse.self)
    }

    package func episodes(feed: FeedID?, status: EpisodeState?, limit: Int) async throws -> EpisodeListResponse {
        if let feed {
            return try await self.client.get("/api/feeds/\(feed)/episodes?limit=\(limit)", as: EpisodeListResponse.self)
        }
        let filter = status.map { "&status=\($0.rawValue)" } ?? ""
        return try await self.client.get("/api/episodes?limit=\(limit)\(filter)", as: EpisodeListResponse.self)
    }

    package func episode(_ id: EpisodeID) async throws -> EpisodeMessage {
        try await self.client.get("/api/episodes/\(id)", as: EpisodeMessage.self)
    }

    package func attempts(_ id: EpisodeID) async throws -> [AttemptMessage] {
        try await self.client.get("/api/episodes/\(id)/attempts", as: AttemptListResponse.self).attempts
    }

    package func addEpisode(_ request: AddEpisodeRequest) async throws -> EpisodeMessage {
        try await self.client.post("/api/episodes", request, as: EpisodeMessage.self)
    }

    /// Hands a file in; its name becomes the title unless there is another.
    package func upload(_ file: URL, title: String? = nil) async throws -> EpisodeMessage {
        var path = "/api/episodes/upload?filename=\(CastClient.segment(file.lastPathComponent))"
        if let title { path += "&title=\(CastClient.segment(title))" }
        return try await self.client.upload(
            path, file: file, contentType: "application/octet-stream", as: EpisodeMessage.self)
    }

    package func queueEpisode(_ id: EpisodeID, priority: Int) async throws -> QueuedResponse {
        try await self.client.post(
            "/api/queue/episodes/\(id)/process", PriorityRequest(priority: priority), as: QueuedResponse.self)
    }

    /// - Parameter newest: Only so many, counted from the newest; nil takes all.
    package func queueFeed(_ id: FeedID, newest: Int?) async throws -> BatchResponse {
        try await self.client.post("/api/queue/batch/feed/\(id)/process?newest=\(newest ?? 0)", as: BatchResponse.self)
    }

    package func queueStatus() async throws -> QueueStatusResponse {
        try await self.client.get("/api/queue/status", as: QueueStatusResponse.self)
    }
}
