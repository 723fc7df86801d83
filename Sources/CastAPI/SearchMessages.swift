package import CastCore

/// A place in a transcript that was found.
package struct SearchHitMessage: Sendable, Codable, Equatable {
    package var episodeID: EpisodeID
    package var episodeTitle: String
    package var feedID: FeedID
    package var feedTitle: String
    @Null package var publishedAt: WireDate?
    /// Seconds: where the sentence with the first hit begins.
    package var segmentStart: Double
    package var segmentEnd: Double
    /// HTML: escaped text with what was found in `<mark>`.
    package var snippet: String
    /// Higher is better.
    package var rank: Double

    package init(
        episode: Episode, feedTitle: String, start: Double, end: Double, snippet: String, rank: Double
    ) {
        self.episodeID = episode.id
        self.episodeTitle = episode.title
        self.feedID = episode.feedID
        self.feedTitle = feedTitle
        self.segmentStart = start
        self.segmentEnd = end
        self.snippet = snippet
        self.rank = rank
        self._publishedAt = Null(wrappedValue: WireDate(episode.publishedAt))
    }

    enum CodingKeys: String, CodingKey {
        case snippet, rank
        case episodeID = "episode_id"
        case episodeTitle = "episode_title"
        case feedID = "feed_id"
        case feedTitle = "feed_title"
        case publishedAt = "published_at"
        case segmentStart = "segment_start"
        case segmentEnd = "segment_end"
    }
}

/// `GET /api/search/transcripts`.
package struct SearchResponse: Sendable, Codable, Equatable {
    package var query: String
    /// How many there are; 1000 stands for that many or more.
    package var total: Int
    package var results: [SearchHitMessage]

    package init(query: String, total: Int, results: [SearchHitMessage]) {
        self.query = query
        self.total = total
        self.results = results
    }
}

/// An episode whose title or description was found.
package struct FoundEpisodeMessage: Sendable, Codable, Equatable {
    package var id: EpisodeID
    package var feedID: FeedID
    package var feedTitle: String
    package var title: String
    @Null package var description: String?
    @Null package var publishedAt: WireDate?
    package var status: EpisodeState

    package init(_ episode: Episode, feedTitle: String) {
        self.id = episode.id
        self.feedID = episode.feedID
        self.feedTitle = feedTitle
        self.title = episode.title
        self.status = episode.state
        self._description = Null(wrappedValue: episode.description)
        self._publishedAt = Null(wrappedValue: WireDate(episode.publishedAt))
    }

    enum CodingKeys: String, CodingKey {
        case id, title, description, status
        case feedID = "feed_id"
        case feedTitle = "feed_title"
        case publishedAt = "published_at"
    }
}

/// `GET /api/search/episodes`.
package struct EpisodeSearchResponse: Sendable, Codable, Equatable {
    package var query: String
    package var total: Int
    package var results: [FoundEpisodeMessage]

    package init(query: String, total: Int, results: [FoundEpisodeMessage]) {
        self.query = query
        self.total = total
        self.results = results
    }
}

/// `GET /api/search`: places in transcripts, and episodes by title.
package struct WholeSearchResponse: Sendable, Codable, Equatable {
    package var query: String
    package var total: Int
    package var results: [SearchHitMessage]
    package var episodeTotal: Int
    package var episodes: [FoundEpisodeMessage]

    package init(_ transcripts: SearchResponse, _ episodes: EpisodeSearchResponse) {
        self.query = transcripts.query
        self.total = transcripts.total
        self.results = transcripts.results
        self.episodeTotal = episodes.total
        self.episodes = episodes.results
    }

    enum CodingKeys: String, CodingKey {
        case query, total, results, episodes
        case episodeTotal = "episode_total"
    }
}

/// `GET /api/search/semantic`: found by words, since this server computes no embeddings.
package struct SemanticSearchResponse: Sendable, Codable, Equatable {
    package struct Hit: Sendable, Codable, Equatable {
        package var episodeID: EpisodeID
        package var episodeTitle: String
        package var feedID: FeedID
        package var feedTitle: String
        @Null package var publishedAt: WireDate?
        package var segmentStart: Double
        package var segmentEnd: Double
        /// Without marks.
        package var text: String
        package var score: Double
        package var matchType: String
        package var resultType: String

        package init(_ hit: SearchHitMessage, text: String) {
            self.episodeID = hit.episodeID
            self.episodeTitle = hit.episodeTitle
            self.feedID = hit.feedID
            self.feedTitle = hit.feedTitle
            self.segmentStart = hit.segmentStart
            self.segmentEnd = hit.segmentEnd
            self.text = text
            self.score = hit.rank
            self.matchType = "keyword"
            self.resultType = "transcript"
            self._publishedAt = Null(wrappedValue: hit.publishedAt)
        }

        enum CodingKeys: String, CodingKey {
            case text, score
            case episodeID = "episode_id"
            case episodeTitle = "episode_title"
            case feedID = "feed_id"
            case feedTitle = "feed_title"
            case publishedAt = "published_at"
            case segmentStart = "segment_start"
            case segmentEnd = "segment_end"
            case matchType = "match_type"
            case resultType = "result_type"
        }
    }

    package var query: String
    package var total: Int
    /// Always `keyword`, whatever was asked for.
    package var mode: String
    package var results: [Hit]

    package init(query: String, total: Int, results: [Hit]) {
        self.query = query
        self.total = total
        self.mode = "keyword"
        self.results = results
    }
}

/// `GET /api/search/stats`.
package struct SearchStatsResponse: Sendable, Codable, Equatable {
    package var totalSegments: Int
    package var indexedEpisodes: Int

    package init(totalSegments: Int, indexedEpisodes: Int) {
        self.totalSegments = totalSegments
        self.indexedEpisodes = indexedEpisodes
    }

    enum CodingKeys: String, CodingKey {
        case totalSegments = "total_segments"
        case indexedEpisodes = "indexed_episodes"
    }
}
