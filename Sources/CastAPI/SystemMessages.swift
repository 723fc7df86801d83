package import CastCore

/// `GET /api/health`.
package struct HealthResponse: Sendable, Codable, Equatable {
    /// `healthy` or `unhealthy`.
    package var status: String
    package var database: Bool
    package var storage: Bool
    /// The existing server's connection pool; here there is none.
    @Null package var pool: JSONValue?
    @Null package var message: String?
    package var version: String

    package init(database: Bool, storage: Bool, message: String?, version: String) {
        self.status = database && storage ? "healthy" : "unhealthy"
        self.database = database
        self.storage = storage
        self._pool = Null(wrappedValue: nil)
        self.message = message
        self.version = version
    }
}

/// `GET /api/status`.
package struct StatusResponse: Sendable, Codable, Equatable {
    package var feedCount: Int
    /// Keyed by the episode's state, with `total` beside them.
    package var episodeCounts: [String: Int]
    /// "": the server itself does not transcribe; `GET /api/nodes` names each node's model.
    package var whisperModel: String
    /// "", as with the model.
    package var whisperDevice: String
    package var storagePath: String
    /// What kind of database it is; never an address with a password.
    package var databaseURL: String

    package init(
        feedCount: Int, episodeCounts: [String: Int], storagePath: String, whisperModel: String = "",
        whisperDevice: String = "", databaseURL: String = "sqlite"
    ) {
        self.feedCount = feedCount
        self.episodeCounts = episodeCounts
        self.whisperModel = whisperModel
        self.whisperDevice = whisperDevice
        self.storagePath = storagePath
        self.databaseURL = databaseURL
    }

    enum CodingKeys: String, CodingKey {
        case feedCount = "feed_count"
        case episodeCounts = "episode_counts"
        case whisperModel = "whisper_model"
        case whisperDevice = "whisper_device"
        case storagePath = "storage_path"
        case databaseURL = "database_url"
    }
}
