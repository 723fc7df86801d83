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
    }

    enum CodingKeys: String, CodingKey {
        case id, url, title, description, author, link, categories
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

/// `PATCH /api/feeds/{id}`.
package struct RenameFeedRequest: Sendable, Codable, Equatable, ReadableBody {
    /// Null gives the feed its own title back.
    @Null package var customTitle: String?

    package init(customTitle: String?) { self.customTitle = customTitle }

    package init(from fields: inout FieldReader) { self.init(customTitle: fields.optionalString("custom_title")) }

    enum CodingKeys: String, CodingKey {
        case customTitle = "custom_title"
    }
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
