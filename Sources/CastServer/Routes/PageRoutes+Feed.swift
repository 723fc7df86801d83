import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import PodFleet

/// A podcast's page, and the forms on it.
extension PageRoutes {
    @Sendable func feed(request: Request, context: AppContext) async throws -> HTML {
        HTML(self.pages.feed(try await self.feedView(request, try context.id("feed_id")), now: self.parts.now()))
    }

    private func feedView(_ request: Request, _ id: FeedID) async throws -> FeedView {
        let fields = request.fields
        let feed = try await self.parts.database.feeds.get(id)
        let state = fields["state"].flatMap(EpisodeState.init(rawValue:))
        let onlyDoubtful = fields["doubtful"] == "true"
        let words = String((fields["q"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines).prefix(1000))
        let (episodes, total) = try await self.episodes(
            of: id, state, onlyDoubtful: onlyDoubtful, words: words, page: fields.page)
        let active = try await self.parts.database.jobs.active(of: episodes.map(\.id))
        return FeedView(
            id: id, title: feed.displayTitle, author: feed.author, description: feed.description, link: feed.link,
            feedAddress: feed.url == Feed.addedURL ? nil : feed.url, checkedAt: feed.lastPolledAt,
            problem: feed.lastError, counts: try await self.parts.database.feeds.counts(of: id),
            doubtfulCount: try await self.parts.database.episodes.doubtfulCount(feed: id), onlyDoubtful: onlyDoubtful,
            episodes: episodes.map { episode in
                let job = active[episode.id]
                return FeedView.EpisodeRow(
                    id: episode.id, title: episode.title, publishedAt: episode.publishedAt,
                    duration: episode.duration, state: episode.state, isQueued: job?.isQueued ?? false,
                    percent: job?.percent, problem: episode.error, isDoubtful: episode.isDoubtful)
            },
            page: fields.page, pageCount: Self.pageCount(total, Self.pageSize), state: state, search: words,
            settings: try await self.feedSettings(feed), notice: fields["notice"])
    }

    /// One page of a podcast's episodes, newest first; only those with the words in their titles, if there are any.
    private func episodes(
        of id: FeedID, _ state: EpisodeState?, onlyDoubtful: Bool, words: String, page: Int
    ) async throws -> (episodes: [Episode], total: Int) {
        let offset = (page - 1) * Self.pageSize
        guard !words.isEmpty else {
            return try await self.parts.database.episodes.list(
                feed: id, state: state, onlyDoubtful: onlyDoubtful, limit: Self.pageSize, offset: offset)
        }
        let found = try await self.parts.search.episodes(
            SearchQuery(words), SearchIndex.Filter(feed: id), onlyTitles: true, limit: SearchIndex.mostCandidates)
        let episodes = try await self.parts.database.episodes.named(found.episodes).values.map(\.episode)
            .filter { $0.feedID == id && (state == nil || $0.state == state) && (!onlyDoubtful || $0.isDoubtful) }
            .sorted {
                ($1.publishedAt ?? .distantPast, $1.id.rawValue) < ($0.publishedAt ?? .distantPast, $0.id.rawValue)
            }
        return (Array(episodes.dropFirst(offset).prefix(Self.pageSize)), episodes.count)
    }

    private func feedSettings(_ feed: Feed) async throws -> FeedView.Settings {
        let models = try await self.parts.database.nodes.list().compactMap(\.model)
        return FeedView.Settings(
            language: feed.language ?? "", model: feed.options.model ?? "", autoQueue: feed.options.autoQueue,
            takesPublished: feed.options.takesPublished, knownModels: Set(models).sorted())
    }

    // MARK: Forms

    @Sendable func processFeed(request: Request, context: AppContext) async throws -> Response {
        let id: FeedID = try context.id("feed_id")
        let (queued, _) = try await self.parts.database.jobs.enqueueAll(
            .feed(id), self.parts.wish(), at: self.parts.now())
        self.parts.fleet?.wake()
        return Self.redirect(
            to: "/feeds/\(id)",
            notice: queued == 0
                ? "There was nothing to queue." : "Queued \(PageText.count(queued, "episode", "episodes")).")
    }

    @Sendable func refreshFeed(request: Request, context: AppContext) async throws -> Response {
        let id: FeedID = try context.id("feed_id")
        do {
            let (new, _) = try await FeedKeeper(parts: self.parts).refresh(id, queue: Feed.Options.AutoQueue.none)
            return Self.redirect(
                to: "/feeds/\(id)",
                notice: new == 0
                    ? "There are no new episodes." : "Found \(PageText.count(new, "new episode", "new episodes")).")
        } catch is CastError {
            // The feed has noted the reason, and its page shows it.
            return Self.redirect(to: "/feeds/\(id)")
        }
    }

    /// Takes all of a podcast's settings; one that cannot be leaves all as they were.
    @Sendable func changeFeed(request: Request, context: AppContext) async throws -> Response {
        let id: FeedID = try context.id("feed_id")
        let typed = try await request.postedFields()
        do {
            var change = FeedStore.Change()
            change.language = .some(try FeedRoutes.language(FeedRoutes.orNothing(typed["language"])))
            change.model = .some(FeedRoutes.orNothing(typed["model"].map { String($0.prefix(200)) }))
            change.autoQueue = try typed["auto_queue"].map { try Choice.read($0, as: "a way to queue") }
            change.takesPublished = typed["publisher_transcripts"].map { $0 == "true" }
            _ = try await self.parts.database.feeds.change(id, change, at: self.parts.now())
            return Self.redirect(to: "/feeds/\(id)", notice: "The podcast’s settings are saved.")
        } catch let error as CastError where error.code == .invalid {
            var view = try await self.feedView(request, id)
            view.settings?.language = typed["language"] ?? ""
            view.settings?.model = typed["model"] ?? ""
            view.settings?.autoQueue =
                typed["auto_queue"].flatMap(Feed.Options.AutoQueue.init(rawValue:)) ?? Feed.Options.AutoQueue.none
            view.settings?.takesPublished = typed["publisher_transcripts"] == "true"
            view.settings?.problem = error.message
            let page = HTML(self.pages.feed(view, now: self.parts.now()))
            return page.response(status: HTTPResponse.Status(error.code))
        }
    }
}
