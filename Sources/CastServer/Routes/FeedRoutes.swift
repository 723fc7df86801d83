import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// Feeds: list, add, rename, refresh, remove.
struct FeedRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let feeds = router.group("/api/feeds")
        feeds.get(use: self.list)
        feeds.post(use: self.addFeed)
        feeds.get(":feed_id", use: self.get)
        feeds.patch(":feed_id", use: self.rename)
        feeds.delete(":feed_id", use: self.remove)
        feeds.post(":feed_id/refresh", use: self.refresh)
        feeds.get(":feed_id/episodes", use: self.episodes)
    }

    @Sendable func list(request: Request, context: AppContext) async throws -> FeedListResponse {
        FeedListResponse(try await self.parts.database.feeds.list().map { FeedMessage($0.feed, counts: $0.counts) })
    }

    @Sendable func addFeed(request: Request, context: AppContext) async throws -> EditedResponse<FeedMessage> {
        let body = try await request.read(AddFeedRequest.self, context: context)
        let feed = try await Self.fetching { try await FeedKeeper(parts: self.parts).add(body.url) }
        return EditedResponse(status: .created, response: try await self.message(feed))
    }

    @Sendable func get(request: Request, context: AppContext) async throws -> FeedMessage {
        try await self.message(try await self.parts.database.feeds.get(try context.id("feed_id")))
    }

    @Sendable func rename(request: Request, context: AppContext) async throws -> FeedMessage {
        let (id, body) = try together(
            Result { try context.id("feed_id", of: FeedID.self) },
            await .of { try await request.read(RenameFeedRequest.self, context: context) })
        let title = body.customTitle?.trimmingCharacters(in: .whitespacesAndNewlines)
        return try await self.message(
            try await self.parts.database.feeds.setCustomTitle(
                id, to: title?.isEmpty == true ? nil : title, at: self.parts.now()))
    }

    /// Forgets the feed; its files stay in the storage folder, for whoever wants to keep the transcripts.
    @Sendable func remove(request: Request, context: AppContext) async throws -> MessageResponse {
        let feed = try await self.parts.database.feeds.remove(try context.id("feed_id"))
        return MessageResponse(
            "Feed '\(feed.displayTitle)' removed. Its files stay in \(self.parts.storage.root.path)/\(feed.folder).")
    }

    @Sendable func refresh(request: Request, context: AppContext) async throws -> RefreshResponse {
        let text = request.queryString("auto_queue")?.lowercased() ?? "true"
        let id: FeedID = try context.id("feed_id")
        // Only what has failed after this is about the publisher.
        _ = try await self.parts.database.feeds.get(id)
        let (new, queued) = try await Self.fetching {
            try await FeedKeeper(parts: self.parts).refresh(
                id, autoQueue: ["true", "1", "yes", "on"].contains(text))
        }
        return RefreshResponse(
            newEpisodes: new, queuedEpisodes: queued, message: "Found \(new) new episodes, queued \(queued)")
    }

    @Sendable func episodes(request: Request, context: AppContext) async throws -> EpisodeListResponse {
        let (id, limit, offset) = try together(
            Result { try context.id("feed_id", of: FeedID.self) },
            Result { try request.queryInt("limit", default: 50, in: 1...1000) },
            Result { try request.queryInt("offset", default: 0, in: 0...10_000_000) })
        let (episodes, total) = try await self.parts.database.episodes.list(feed: id, limit: limit, offset: offset)
        return EpisodeListResponse(episodes.map { EpisodeMessage($0, place: self.parts.place) }, total: total)
    }

    /// Runs something that asks a publisher.
    ///
    /// What a publisher refuses is an answer about the request's address, not one of this server's own statuses.
    ///
    /// - Throws: `StatusOverride` with 400 for whatever kept the feed from being fetched.
    private static func fetching<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CastError where ![.conflict, .storageFull, .internalFault].contains(error.code) {
            throw StatusOverride(status: .badRequest, error: error)
        }
    }

    private func message(_ feed: Feed) async throws -> FeedMessage {
        FeedMessage(feed, counts: try await self.parts.database.feeds.counts(of: feed.id))
    }
}

extension ServerParts {
    /// Where a stored path is on this machine's disk.
    var place: @Sendable (String) -> String {
        let root = self.storage.root.path
        return { "\(root)/\($0)" }
    }
}
