package import CastCore
package import Foundation

/// What a podcast's page shows.
package struct FeedView: Sendable {
    package struct EpisodeRow: Sendable {
        package var id: EpisodeID
        package var title: String
        package var publishedAt: Date?
        /// Seconds.
        package var duration: Double?
        package var state: EpisodeState
        /// Whether a job of it waits, which the state `audioReady` alone does not tell.
        package var isQueued: Bool
        package var percent: Int?
        /// Why it failed, in a sentence.
        package var problem: String?
        /// Whether its transcript calls for a look.
        package var isDoubtful: Bool

        package init(
            id: EpisodeID, title: String, publishedAt: Date? = nil, duration: Double? = nil, state: EpisodeState,
            isQueued: Bool = false, percent: Int? = nil, problem: String? = nil, isDoubtful: Bool = false
        ) {
            self.isDoubtful = isDoubtful
            self.id = id
            self.title = title
            self.publishedAt = publishedAt
            self.duration = duration
            self.state = state
            self.isQueued = isQueued
            self.percent = percent
            self.problem = problem
        }
    }

    /// What a person wants of the podcast, as it stands in the form.
    package struct Settings: Sendable {
        /// A code, or "" for whatever is heard.
        package var language: String
        /// "" for any.
        package var model: String
        package var autoQueue: Feed.Options.AutoQueue
        package var takesPublished: Bool
        /// Models that nodes have, to choose from.
        package var knownModels: [String]
        /// Why what was typed was not taken.
        package var problem: String?

        package init(
            language: String = "", model: String = "", autoQueue: Feed.Options.AutoQueue = .new,
            takesPublished: Bool = true, knownModels: [String] = [], problem: String? = nil
        ) {
            self.language = language
            self.model = model
            self.autoQueue = autoQueue
            self.takesPublished = takesPublished
            self.knownModels = knownModels
            self.problem = problem
        }
    }

    package var id: FeedID
    package var title: String
    package var author: String?
    package var description: String?
    /// The podcast's web page.
    package var link: String?
    /// The feed's own address; nil for the feed of single episodes, which cannot be checked.
    package var feedAddress: String?
    package var checkedAt: Date?
    package var problem: String?
    /// Of the whole podcast, whatever is shown.
    package var counts: [EpisodeState: Int]
    /// How many transcripts of the whole podcast are doubtful.
    package var doubtfulCount: Int
    /// Only episodes with such a transcript are shown.
    package var onlyDoubtful: Bool
    /// One page of them.
    package var episodes: [EpisodeRow]
    /// From 1.
    package var page: Int
    package var pageCount: Int
    /// Only episodes in this state are shown.
    package var state: EpisodeState?
    /// Only episodes with these words in their title are shown; nil where there is no search.
    package var search: String?
    /// Nil where there is nothing to set.
    package var settings: Settings?
    package var notice: String?

    package init(
        id: FeedID, title: String, author: String? = nil, description: String? = nil, link: String? = nil,
        feedAddress: String? = nil, checkedAt: Date? = nil, problem: String? = nil, counts: [EpisodeState: Int],
        doubtfulCount: Int = 0, onlyDoubtful: Bool = false, episodes: [EpisodeRow], page: Int = 1, pageCount: Int = 1,
        state: EpisodeState? = nil, search: String? = nil,
        settings: Settings? = nil, notice: String? = nil
    ) {
        self.doubtfulCount = doubtfulCount
        self.onlyDoubtful = onlyDoubtful
        self.id = id
        self.title = title
        self.author = author
        self.description = description
        self.link = link
        self.feedAddress = feedAddress
        self.checkedAt = checkedAt
        self.problem = problem
        self.counts = counts
        self.episodes = episodes
        self.page = page
        self.pageCount = pageCount
        self.state = state
        self.search = search
        self.settings = settings
        self.notice = notice
    }
}
