/// `GET /api/health`.
package struct HealthResponse: Sendable, Codable, Equatable {
    /// `healthy` or `unhealthy`.
    package var status: String
    package var database: Bool
    package var storage: Bool
    @Null package var message: String?
    package var version: String

    package init(database: Bool, storage: Bool, message: String?, version: String) {
        self.status = database && storage ? "healthy" : "unhealthy"
        self.database = database
        self.storage = storage
        self.message = message
        self.version = version
    }
}

/// `GET /api/status`.
package struct StatusResponse: Sendable, Codable, Equatable {
    package var feedCount: Int
    /// Keyed by the episode's state, with `total` beside them.
    package var episodeCounts: [String: Int]
    package var storagePath: String

    package init(feedCount: Int, episodeCounts: [String: Int], storagePath: String) {
        self.feedCount = feedCount
        self.episodeCounts = episodeCounts
        self.storagePath = storagePath
    }

    enum CodingKeys: String, CodingKey {
        case feedCount = "feed_count"
        case episodeCounts = "episode_counts"
        case storagePath = "storage_path"
    }
}
