package import CastCore
package import Foundation

/// What the search page shows.
package struct SearchView: Sendable {
    package struct EpisodeRow: Sendable {
        package var id: EpisodeID
        package var title: String
        package var feedID: FeedID
        package var feedTitle: String
        package var publishedAt: Date?
        package var state: EpisodeState
        /// Whether a job of it waits, which the state `audioReady` alone does not tell.
        package var isQueued: Bool

        package init(
            id: EpisodeID, title: String, feedID: FeedID, feedTitle: String, publishedAt: Date? = nil,
            state: EpisodeState, isQueued: Bool = false
        ) {
            self.id = id
            self.title = title
            self.feedID = feedID
            self.feedTitle = feedTitle
            self.publishedAt = publishedAt
            self.state = state
            self.isQueued = isQueued
        }
    }

    /// Something that was said.
    package struct Place: Sendable {
        /// Seconds: where its sentence begins.
        package var start: Double
        /// The surroundings, with hits between `Snippet.open` and `Snippet.close`.
        package var snippet: String

        package init(start: Double, snippet: String) {
            self.start = start
            self.snippet = snippet
        }
    }

    /// The places of one episode, in the order in which they are said.
    package struct Group: Sendable {
        package var episode: EpisodeRow
        package var places: [Place]

        package init(episode: EpisodeRow, places: [Place]) {
            self.episode = episode
            self.places = places
        }
    }

    package enum Part: Sendable {
        /// A few episodes by their titles, then what was said.
        case everything
        /// All episodes by their titles.
        case titles
    }

    /// As it was typed.
    package var text: String
    package var part: Part
    package var feeds: [(id: FeedID, title: String)]
    /// Only this podcast was searched.
    package var feed: FeedID?
    package var episodes: [EpisodeRow]
    package var episodeTotal: Int
    package var groups: [Group]
    /// `SearchIndex.mostCandidates` stands for that many or more.
    package var placeTotal: Int
    /// Whether `placeTotal` is only the beginning.
    package var hasMorePlaces: Bool
    /// From 1.
    package var page: Int
    package var pageCount: Int
    /// Episodes whose transcripts can be searched.
    package var indexedEpisodes: Int

    package init(
        text: String = "", part: Part = .everything, feeds: [(id: FeedID, title: String)] = [], feed: FeedID? = nil,
        episodes: [EpisodeRow] = [], episodeTotal: Int = 0, groups: [Group] = [], placeTotal: Int = 0,
        hasMorePlaces: Bool = false, page: Int = 1, pageCount: Int = 1, indexedEpisodes: Int = 0
    ) {
        self.text = text
        self.part = part
        self.feeds = feeds
        self.feed = feed
        self.episodes = episodes
        self.episodeTotal = episodeTotal
        self.groups = groups
        self.placeTotal = placeTotal
        self.hasMorePlaces = hasMorePlaces
        self.page = page
        self.pageCount = pageCount
        self.indexedEpisodes = indexedEpisodes
    }
}
