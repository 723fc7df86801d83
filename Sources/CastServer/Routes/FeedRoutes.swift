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
        feeds.patch(":feed_id", use: self.change)
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

    @Sendable func change(request: Request, context: AppContext) async throws -> FeedMessage {
        let (id, body) = try together(
            Result { try context.id("feed_id", of: FeedID.self) },
            await .of { try await request.read(ChangeFeedRequest.self, context: context) })
        var change = FeedStore.Change()
        change.customTitle = body.customTitle.map(Self.orNothing)
        change.language = try body.language.map { try Self.language(Self.orNothing($0)) }
        change.model = body.model.map(Self.orNothing)
        change.autoQueue = try body.autoQueue.map { try Choice.read($0, as: "a way to queue") }
        change.takesPublished = body.publisherTranscripts
        return try await self.message(try await self.parts.database.feeds.change(id, change, at: self.parts.now()))
    }

    /// Text without white space around it; nothing is left of an empty one.
    static func orNothing(_ text: String?) -> String? {
        let trimmed = text?.trimmingCharacters(in: .whitespacesAndNewlines)
        return trimmed?.isEmpty == true ? nil : trimmed
    }

    /// A language's code in small letters.
    ///
    /// - Throws: `.invalid` for anything else.
    static func language(_ text: String?) throws -> String? {
        guard let text else { return nil }
        guard text.wholeMatch(of: /[A-Za-z]{2,3}/) != nil else {
            throw CastError(.invalid, "“\(text.prefix(40))” is not a language; it must be a code like en or de.")
        }
        return text.lowercased()
    }

    /// A person who asks for new episodes to be queued gets that, whatever the feed's own setting.
    private static func atLeastNew(_ options: Feed.Options) -> Feed.Options.AutoQueue {
        options.autoQueue == .all ? .all : .new
    }

    /// Forgets the feed; its files stay in the storage folder, for whoever wants to keep the transcripts.
    @Sendable func remove(request: Request, context: AppContext) async throws -> MessageResponse {
        let feed = try await self.parts.database.feeds.remove(try context.id("feed_id"), at: self.parts.now())
        return MessageResponse(
            "Feed '\(feed.displayTitle)' removed. Its files stay in \(self.parts.storage.root.path)/\(feed.folder).")
    }

    @Sendable func refresh(request: Request, context: AppContext) async throws -> RefreshResponse {
        let text = request.queryString("auto_queue")?.lowercased() ?? "true"
        let id: FeedID = try context.id("feed_id")
        // Only what has failed after this is about the publisher.
        let options = try await self.parts.database.feeds.get(id).options
        let (new, queued) = try await Self.fetching {
            try await FeedKeeper(parts: self.parts).refresh(
                id,
                queue: ["true", "1", "yes", "on"].contains(text)
                    ? Self.atLeastNew(options) : Feed.Options.AutoQueue.none)
        }
        return RefreshResponse(
            newEpisodes: new, queuedEpisodes: queued, message: "Found \(new) new episodes, queued \(queued)")
    }

    @Sendable func episodes(request: Request, context: AppContext) async throws -> EpisodeListResponse {
        let id: FeedID = try context.id("feed_id")
        return try await EpisodePage(parts: self.parts).list(request, feed: id, standardLimit: 50)
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
