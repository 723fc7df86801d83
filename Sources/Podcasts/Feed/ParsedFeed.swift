package import Foundation

/// What a feed says about itself and its episodes, cleaned: plain text, absolute addresses, real dates.
///
/// Nothing in it is trusted: texts may say anything, and addresses may lead anywhere.
package struct ParsedFeed: Sendable, Equatable {
    package var title: String
    package var description: String?
    /// The podcast's web page.
    package var link: URL?
    package var author: String?
    package var imageURL: URL?
    /// As the feed has it, lower case: `en`, `de-at`.
    package var language: String?
    package var categories: [String]
    /// Where the publisher says that the feed has moved to (`itunes:new-feed-url`).
    package var newFeedURL: URL?
    /// Where the feed goes on with what is older (RFC 5005), in a feed that is cut into pages.
    package var nextPage: URL?
    /// Whether it asks directories to leave it out (`itunes:block`, `podcast:block`), as feeds for paying listeners do.
    package var isUnlisted: Bool
    /// In the feed's own order, which is newest first by custom only.
    package var episodes: [ParsedEpisode]
    /// Items that have no audio: articles, announcements.
    package var itemsWithoutAudio: Int
    /// Items that repeat another one, or that are above the limit of items.
    package var itemsLeftOut: Int
    /// Where the file could not be read to its end, a sentence on why; the episodes before that place are there.
    package var fault: String?

    package init(
        title: String, description: String? = nil, link: URL? = nil, author: String? = nil, imageURL: URL? = nil,
        language: String? = nil, categories: [String] = [], newFeedURL: URL? = nil, nextPage: URL? = nil,
        isUnlisted: Bool = false, episodes: [ParsedEpisode] = [],
        itemsWithoutAudio: Int = 0, itemsLeftOut: Int = 0, fault: String? = nil
    ) {
        self.title = title
        self.description = description
        self.link = link
        self.author = author
        self.imageURL = imageURL
        self.language = language
        self.categories = categories
        self.newFeedURL = newFeedURL
        self.nextPage = nextPage
        self.isUnlisted = isUnlisted
        self.episodes = episodes
        self.itemsWithoutAudio = itemsWithoutAudio
        self.itemsLeftOut = itemsLeftOut
        self.fault = fault
    }
}

/// One item of a feed that has audio.
package struct ParsedEpisode: Sendable, Equatable {
    /// A transcript that the publisher offers (`podcast:transcript`).
    package struct TranscriptLink: Sendable, Equatable {
        package var url: URL
        /// For example `text/vtt`; empty when the feed does not say.
        package var mimeType: String
        package var language: String?
        /// `captions` for a file that is cut for a screen.
        package var relation: String?

        package init(url: URL, mimeType: String, language: String? = nil, relation: String? = nil) {
            self.url = url
            self.mimeType = mimeType
            self.language = language
            self.relation = relation
        }
    }

    /// Names the episode within its feed, the same at every reading.
    ///
    /// It is the publisher's own where that is there and names one episode only; otherwise `url:` and the audio's
    /// address, or `title:` with title and date where even that address is shared.
    package var guid: String
    package var title: String
    package var description: String?
    package var link: URL?
    package var audioURL: URL
    /// As the feed claims, lower case; empty when it does not say.
    package var mimeType: String
    /// As the feed claims; often wrong.
    package var byteCount: Int64?
    /// Seconds, as the feed claims.
    package var duration: Double?
    package var publishedAt: Date?
    package var season: Int?
    package var episode: Int?
    package var transcripts: [TranscriptLink]

    package init(
        guid: String, title: String, description: String? = nil, link: URL? = nil, audioURL: URL,
        mimeType: String = "", byteCount: Int64? = nil, duration: Double? = nil, publishedAt: Date? = nil,
        season: Int? = nil, episode: Int? = nil, transcripts: [TranscriptLink] = []
    ) {
        self.guid = guid
        self.title = title
        self.description = description
        self.link = link
        self.audioURL = audioURL
        self.mimeType = mimeType
        self.byteCount = byteCount
        self.duration = duration
        self.publishedAt = publishedAt
        self.season = season
        self.episode = episode
        self.transcripts = transcripts
    }
}
