import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// Full-text search over transcripts and titles.
struct SearchRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let search = router.group("/api/search")
        search.get(use: self.everything)
        search.get("transcripts", use: self.transcripts)
        search.get("episodes", use: self.episodes)
        search.get("transcripts/episode/:episode_id", use: self.within)
        search.get("semantic", use: self.semantic)
        search.get("stats", use: self.stats)
        search.post("reindex/:episode_id", use: self.reindex)
    }

    @Sendable func everything(request: Request, context: AppContext) async throws -> WholeSearchResponse {
        let wanted = try Self.read(request)
        return WholeSearchResponse(try await self.transcripts(wanted), try await self.episodes(wanted))
    }

    @Sendable func transcripts(request: Request, context: AppContext) async throws -> SearchResponse {
        try await self.transcripts(try Self.read(request))
    }

    @Sendable func episodes(request: Request, context: AppContext) async throws -> EpisodeSearchResponse {
        try await self.episodes(try Self.read(request))
    }

    /// The places in one episode, in the order in which they are said.
    @Sendable func within(request: Request, context: AppContext) async throws -> [SearchHitMessage] {
        let id: EpisodeID = try context.id("episode_id")
        let wanted = try Self.read(request, standard: 50, most: 200)
        _ = try await self.parts.database.episodes.get(id)
        let hits = try await self.parts.search.passages(of: id, SearchQuery(wanted.text), limit: wanted.limit)
        return try await self.messages(hits)
    }

    @Sendable func semantic(request: Request, context: AppContext) async throws -> SemanticSearchResponse {
        let wanted = try Self.read(request)
        let found = try await self.parts.search.passages(
            SearchQuery(wanted.text), wanted.filter, limit: wanted.limit, offset: wanted.offset)
        let messages = try await self.messages(found.hits)
        let marks: Set<Character> = [Snippet.open, Snippet.close]
        let texts = Dictionary(
            found.hits.map { hit in ("\(hit.episode)/\(hit.start)", String(hit.snippet.filter { !marks.contains($0) }))
            }
        ) { first, _ in first }
        return SemanticSearchResponse(
            query: wanted.text, total: found.total,
            results: messages.map { message in
                let text = texts["\(message.episodeID)/\(message.segmentStart)"] ?? ""
                return SemanticSearchResponse.Hit(message, text: text)
            })
    }

    @Sendable func stats(request: Request, context: AppContext) async throws -> SearchStatsResponse {
        let size = try await self.parts.search.size()
        return SearchStatsResponse(totalSegments: size.passages, indexedEpisodes: size.episodes)
    }

    /// Has an episode indexed again; that happens within a second or two.
    @Sendable func reindex(request: Request, context: AppContext) async throws -> MessageResponse {
        let id: EpisodeID = try context.id("episode_id")
        try await self.parts.database.episodes.forgetIndexed(id)
        return MessageResponse("Episode \(id) will be indexed again")
    }

    // MARK: What is asked for

    private struct Wanted {
        var text: String
        var filter: SearchIndex.Filter
        var limit: Int
        var offset: Int
    }

    private static func read(_ request: Request, standard: Int = 20, most: Int = 100) throws -> Wanted {
        let (feed, limit, offset) = try together(
            Result { try request.queryInt("feed_id", default: 0, in: 0...Int.max) },
            Result { try request.queryInt("limit", default: standard, in: 1...most) },
            Result { try request.queryInt("offset", default: 0, in: 0...SearchIndex.mostCandidates) })
        guard let text = request.fields["q"], !text.isEmpty
        else {
            throw ValidationFailure([
                ValidationFault(
                    type: "missing", loc: [.string("query"), .string("q")], msg: "Field required", input: .null)
            ])
        }
        return Wanted(
            text: text,
            filter: SearchIndex.Filter(
                feed: feed == 0 ? nil : FeedID(Int64(feed)), from: try Self.day(request, "from"),
                until: try Self.day(request, "until").map { $0 + 86_400 }),
            limit: limit, offset: offset)
    }

    private static func day(_ request: Request, _ name: String) throws -> Date? {
        guard let text = request.queryString(name) else { return nil }
        guard let date = WireDate.date(from: text + "T00:00:00") else {
            throw CastError(.invalid, "\(name) is “\(text.prefix(40))”; it must be a day like 2026-11-25.")
        }
        return date
    }

    private func transcripts(_ wanted: Wanted) async throws -> SearchResponse {
        let found = try await self.parts.search.passages(
            SearchQuery(wanted.text), wanted.filter, limit: wanted.limit, offset: wanted.offset)
        return SearchResponse(query: wanted.text, total: found.total, results: try await self.messages(found.hits))
    }

    private func messages(_ hits: [SearchIndex.Hit]) async throws -> [SearchHitMessage] {
        let named = try await self.parts.database.episodes.named(Array(Set(hits.map(\.episode))))
        return hits.compactMap { hit in
            // An episode that was removed this moment may still be in the index.
            guard let (episode, feedTitle) = named[hit.episode] else { return nil }
            return SearchHitMessage(
                episode: episode, feedTitle: feedTitle, start: hit.start, end: hit.end,
                snippet: Snippet.html(hit.snippet), rank: hit.rank)
        }
    }

    private func episodes(_ wanted: Wanted) async throws -> EpisodeSearchResponse {
        let found = try await self.parts.search.episodes(
            SearchQuery(wanted.text), wanted.filter, limit: wanted.limit, offset: wanted.offset)
        let named = try await self.parts.database.episodes.named(found.episodes)
        return EpisodeSearchResponse(
            query: wanted.text, total: found.total,
            results: found.episodes.compactMap { id in
                named[id].map { FoundEpisodeMessage($0.episode, feedTitle: $0.feedTitle) }
            })
    }
}

extension WholeSearchResponse: ResponseEncodable {}
extension SearchResponse: ResponseEncodable {}
extension EpisodeSearchResponse: ResponseEncodable {}
extension SearchStatsResponse: ResponseEncodable {}
extension SearchHitMessage: ResponseEncodable {}
extension SemanticSearchResponse: ResponseEncodable {}
