package import Foundation

/// A podcast, or the place for episodes that were added one by one.
package struct Feed: Sendable, Equatable {
    package var id: FeedID
    /// Unique; `local:added` for the feed of single episodes.
    package var url: String
    package var title: String
    package var description: String?
    package var imageURL: String?
    /// The name that a person gave it.
    package var customTitle: String?
    package var author: String?
    package var link: String?
    /// ISO 639-1 code that holds for every episode; nil means: detect it.
    package var language: String?
    package var categories: [String]
    /// Its folder below the storage folder; unique, and never changed afterwards.
    package var folder: String
    /// What the last answer said, for a conditional request.
    package var etag: String?
    package var lastModified: String?
    package var lastPolledAt: Date?
    /// Why the last refresh failed; nil after one that worked.
    package var lastError: String?
    /// Refreshes that failed in a row.
    package var failures: Int
    package var options: Options
    package var createdAt: Date
    package var updatedAt: Date

    package init(
        id: FeedID, url: String, title: String, description: String?, imageURL: String?, customTitle: String?,
        author: String?, link: String?, language: String?, categories: [String], folder: String, etag: String?,
        lastModified: String?, lastPolledAt: Date?, lastError: String?, failures: Int = 0, options: Options = Options(),
        createdAt: Date, updatedAt: Date
    ) {
        self.id = id
        self.url = url
        self.title = title
        self.description = description
        self.imageURL = imageURL
        self.customTitle = customTitle
        self.author = author
        self.link = link
        self.language = language
        self.categories = categories
        self.folder = folder
        self.etag = etag
        self.lastModified = lastModified
        self.lastPolledAt = lastPolledAt
        self.lastError = lastError
        self.failures = failures
        self.options = options
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// What a person wants of this feed.
    package struct Options: Sendable, Equatable {
        /// What a refresh queues by itself.
        package enum AutoQueue: String, Sendable, Codable, CaseIterable {
            case none
            /// What the refresh found.
            case new
            /// What the refresh found, and everything else that has no transcript yet.
            case all
        }

        package var autoQueue: AutoQueue
        /// Only nodes with this model get its jobs; nil for any node.
        package var model: String?
        /// Whether a publisher's transcript is taken instead of transcribing.
        package var takesPublished: Bool

        package init(autoQueue: AutoQueue = .new, model: String? = nil, takesPublished: Bool = true) {
            self.autoQueue = autoQueue
            self.model = model
            self.takesPublished = takesPublished
        }
    }

    package var displayTitle: String { self.customTitle ?? self.title }

    /// The address of the feed that holds single episodes.
    package static let addedURL = "local:added"
    package static let addedTitle = "Added by hand"
}

/// What a feed's document says of itself.
package struct FeedDraft: Sendable, Equatable {
    package var title: String
    package var description: String?
    package var imageURL: String?
    package var author: String?
    package var link: String?
    package var language: String?
    package var categories: [String]
    /// Whether it asks not to be listed anywhere: perhaps it is for one listener.
    package var isUnlisted: Bool

    package init(
        title: String, description: String? = nil, imageURL: String? = nil, author: String? = nil,
        link: String? = nil, language: String? = nil, categories: [String] = [], isUnlisted: Bool = false
    ) {
        self.title = title
        self.description = description
        self.imageURL = imageURL
        self.author = author
        self.link = link
        self.language = language
        self.categories = categories
        self.isUnlisted = isUnlisted
    }
}
