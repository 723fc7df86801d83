import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// The search page.
extension PageRoutes {
    /// Places on one page.
    private static let placesShown = 30
    /// Episodes that stand above the places.
    private static let titlesShown = 5

    @Sendable func search(request: Request, context: AppContext) async throws -> HTML {
        let fields = request.fields
        // The index takes no more of it either.
        let text = String((fields["q"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines).prefix(1000))
        let feeds = try await self.parts.database.feeds.list().map { (id: $0.feed.id, title: $0.feed.displayTitle) }
        let wanted = fields.number("feed_id").map { FeedID($0) }
        var view = SearchView(
            text: text, part: fields["only"] == "titles" ? .titles : .everything, feeds: feeds,
            feed: feeds.first { $0.id == wanted }?.id, page: fields.page)
        if text.isEmpty {
            view.indexedEpisodes = try await self.parts.search.size().episodes
        } else {
            try await self.find(&view)
        }
        return HTML(self.pages.search(view, now: self.parts.now()))
    }

    private func find(_ view: inout SearchView) async throws {
        let query = SearchQuery(view.text)
        let filter = SearchIndex.Filter(feed: view.feed)
        let size = Self.pageSize
        let found: (episodes: [EpisodeID], total: Int)
        switch view.part {
        case .titles:
            found = try await self.parts.search.episodes(
                query, filter, limit: size, offset: Self.offset(view.page, size))
            view.pageCount = Self.pageCount(found.total, size)
        case .everything:
            found = try await self.parts.search.episodes(query, filter, limit: view.page == 1 ? Self.titlesShown : 0)
            let size = Self.placesShown
            let places = try await self.parts.search.passages(
                query, filter, limit: size, offset: Self.offset(view.page, size))
            view.placeTotal = places.total
            view.hasMorePlaces = places.total >= SearchIndex.mostCandidates
            view.pageCount = Self.pageCount(places.total, size)
            view.groups = try await self.groups(places.hits)
        }
        view.episodeTotal = found.total
        let named = try await self.parts.database.episodes.named(found.episodes)
        let active = try await self.parts.database.jobs.active(of: found.episodes)
        view.episodes = found.episodes.compactMap { id in
            named[id].map { Self.row($0, isQueued: active[id]?.isQueued ?? false) }
        }
        view.indexedEpisodes = try await self.parts.search.size().episodes
    }

    /// The places by episode: the episode with the best one first, its places in the order in which they are said.
    private func groups(_ hits: [SearchIndex.Hit]) async throws -> [SearchView.Group] {
        let named = try await self.parts.database.episodes.named(Array(Set(hits.map(\.episode))))
        var order: [EpisodeID] = []
        let places = Dictionary(grouping: hits) { hit in
            if !order.contains(hit.episode) { order.append(hit.episode) }
            return hit.episode
        }
        return order.compactMap { id in
            // An episode that was removed this moment may still be in the index.
            guard let found = named[id], let hits = places[id] else { return nil }
            return SearchView.Group(
                episode: Self.row(found),
                places: hits.sorted { $0.start < $1.start }.map {
                    SearchView.Place(start: $0.start, snippet: $0.snippet)
                })
        }
    }

    private static func row(
        _ found: (episode: Episode, feedTitle: String), isQueued: Bool = false
    ) -> SearchView.EpisodeRow {
        SearchView.EpisodeRow(
            id: found.episode.id, title: found.episode.title, feedID: found.episode.feedID,
            feedTitle: found.feedTitle, publishedAt: found.episode.publishedAt, state: found.episode.state,
            isQueued: isQueued)
    }

    /// A page far behind the last one is as empty as the next one.
    private static func offset(_ page: Int, _ size: Int) -> Int {
        min((page - 1) * size, SearchIndex.mostCandidates)
    }

    static func pageCount(_ total: Int, _ size: Int) -> Int { max(1, (total + size - 1) / size) }
}
