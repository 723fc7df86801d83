package import CastCore

/// A feed as the wire has it.
package struct FeedMessage: Sendable, Codable, Equatable {
    package var id: FeedID
    package var url: String
    package var title: String
    @Null package var description: String?
    @Null package var imageURL: String?
    @Null package var customTitle: String?
    package var displayTitle: String
    @Null package var author: String?
    @Null package var link: String?
    package var categories: [String]
    @Null package var lastPolled: WireDate?
    /// Why the last refresh failed; null after one that worked.
    @Null package var lastError: String?
    /// ISO 639-1 code that holds for every episode; null lets the engine find out.
    @Null package var language: String?
    /// Only nodes with this model get the feed's jobs; null for any.
    @Null package var model: String?
    /// What a refresh queues by itself: `none`, `new` or `all`.
    package var autoQueue: Feed.Options.AutoQueue
    /// Whether a publisher's transcript is taken instead of transcribing.
    package var publisherTranscripts: Bool
    package var episodeCount: Int
    package var statusCounts: [String: Int]
    package var createdAt: WireDate
    package var updatedAt: WireDate

    package init(_ feed: Feed, counts: [EpisodeState: Int]) {
        self.id = feed.id
        self.url = feed.url
        self.title = feed.title
        self.displayTitle = feed.displayTitle
        self.categories = feed.categories
        self.autoQueue = feed.options.autoQueue
        self.publisherTranscripts = feed.options.takesPublished
        self.episodeCount = counts.values.reduce(0, +)
        self.statusCounts = Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
        self.createdAt = WireDate(feed.createdAt)
        self.updatedAt = WireDate(feed.updatedAt)
        self._description = Null(wrappedValue: feed.description)
        self._imageURL = Null(wrappedValue: feed.imageURL)
        self._customTitle = Null(wrappedValue: feed.customTitle)
        self._author = Null(wrappedValue: feed.author)
        self._link = Null(wrappedValue: feed.link)
        self._lastPolled = Null(wrappedValue: WireDate(feed.lastPolledAt))
        self._lastError = Null(wrappedValue: feed.lastError)
        self._language = Null(wrappedValue: feed.language)
        self._model = Null(wrappedValue: feed.options.model)
    }

    enum CodingKeys: String, CodingKey {
        case id, url, title, description, author, link, categories, language, model
        case autoQueue = "auto_queue"
        case publisherTranscripts = "publisher_transcripts"
        case imageURL = "image_url"
        case customTitle = "custom_title"
        case displayTitle = "display_title"
        case lastPolled = "last_polled"
        case lastError = "last_error"
        case episodeCount = "episode_count"
        case statusCounts = "status_counts"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// `GET /api/feeds`.
package struct FeedListResponse: Sendable, Codable, Equatable {
    package var feeds: [FeedMessage]

    package init(_ feeds: [FeedMessage]) { self.feeds = feeds }
}

/// `POST /api/feeds`.
package struct AddFeedRequest: Sendable, Codable, Equatable, ReadableBody {
    package var url: String

    package init(url: String) { self.url = url }

    package init(from fields: inout FieldReader) { self.init(url: fields.webAddress("url")) }

    package var isWithinLimits: Bool { FieldReader.isWebAddress(self.url) }
}

/// `PATCH /api/feeds/{id}`: a field that is left out stays as it is, null takes it away.
package struct ChangeFeedRequest: Sendable, Decodable, Equatable, ReadableBody {
    /// Null gives the feed its own title back.
    package var customTitle: String??
    package var language: String??
    package var model: String??
    package var autoQueue: String?
    package var publisherTranscripts: Bool?

    package init(from fields: inout FieldReader) {
        if fields.has("custom_title") { self.customTitle = .some(fields.optionalString("custom_title")) }
        if fields.has("language") { self.language = .some(fields.optionalString("language")) }
        if fields.has("model") { self.model = .some(fields.optionalString("model")) }
        self.autoQueue = fields.optionalString("auto_queue")
        if fields.has("publisher_transcripts") {
            self.publisherTranscripts = fields.bool("publisher_transcripts", default: true)
        }
    }

    /// Only the reader knows which fields were there.
    package init(from decoder: any Decoder) throws {
        throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "Read by field."))
    }
}

/// `POST /api/feeds/opml`.
package struct ImportedFeedsResponse: Sendable, Codable, Equatable {
    package var added = 0
    /// Those that were here already.
    package var existing = 0
    /// What could not be taken, a sentence each.
    package var faults: [String]

    package init(faults: [String]) { self.faults = faults }
}

/// `POST /api/feeds/{id}/refresh`.
package struct RefreshResponse: Sendable, Codable, Equatable {
    package var newEpisodes: Int
    package var queuedEpisodes: Int
    package var message: String

    package init(newEpisodes: Int, queuedEpisodes: Int, message: String) {
        self.newEpisodes = newEpisodes
        self.queuedEpisodes = queuedEpisodes
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case message
        case newEpisodes = "new_episodes"
        case queuedEpisodes = "queued_episodes"
    }
}
