/// A podcast of the existing server.
package struct OldFeed: Sendable, Equatable, Decodable {
    package var id: Int64
    package var url: String
    package var title: String
    package var description: String?
    package var imageURL: String?
    package var author: String?
    package var link: String?
    /// A JSON list, written by the existing server.
    package var categories: String?
    package var customTitle: String?
    package var lastPolled: String?
    package var createdAt: String?

    enum CodingKeys: String, CodingKey {
        case id, url, title, description, author, link, categories
        case imageURL = "image_url"
        case customTitle = "custom_title"
        case lastPolled = "last_polled"
        case createdAt = "created_at"
    }
}

/// An episode of the existing server, with what its file names are worth.
package struct OldEpisode: Sendable, Equatable, Decodable {
    package var id: Int64
    package var feedID: Int64
    package var guid: String
    package var title: String
    package var description: String?
    package var audioURL: String?
    package var duration: Double?
    /// UTC, other than all other times: the feed parser of the existing server says so.
    package var publishedAt: String?
    package var status: String
    package var audioPath: String?
    package var transcriptPath: String?
    package var transcriptModel: String?
    package var transcriptSource: String?
    package var link: String?
    package var error: String?
    package var createdAt: String?
    package var updatedAt: String?
    /// The publisher's own transcript, and its media type.
    package var transcriptURL: String?
    package var transcriptType: String?
    /// How many episodes name this one's transcript file; the existing server let titles of one day share one.
    package var transcriptSharers: Int?
    package var audioSharers: Int?
    /// Whether all that share the audio file have it from one address.
    package var audioIsAlike: Bool?

    enum CodingKeys: String, CodingKey {
        case id, guid, title, description, status, link
        case feedID = "feed_id"
        case audioURL = "audio_url"
        case duration = "duration_seconds"
        case publishedAt = "published_at"
        case audioPath = "audio_path"
        case transcriptPath = "transcript_path"
        case transcriptModel = "transcript_model"
        case transcriptSource = "transcript_source"
        case error = "error_message"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case transcriptURL = "transcript_url"
        case transcriptType = "transcript_type"
        case transcriptSharers = "transcript_sharers"
        case audioSharers = "audio_sharers"
        case audioIsAlike = "audio_is_alike"
    }
}

/// A job of the existing server that is not done yet.
package struct OldJob: Sendable, Equatable, Decodable {
    package var id: Int64
    package var episodeID: Int64
    package var kind: String
    package var priority: Int?
    package var status: String?
    package var attempts: Int?
    package var maxAttempts: Int?
    package var scheduledAt: String?
    package var nextRetryAt: String?
    package var error: String?
    package var createdAt: String?
    package var nodeID: String?
    package var claimedAt: String?

    enum CodingKeys: String, CodingKey {
        case id, priority, status, attempts
        case episodeID = "episode_id"
        case kind = "job_type"
        case maxAttempts = "max_attempts"
        case scheduledAt = "scheduled_at"
        case nextRetryAt = "next_retry_at"
        case error = "error_message"
        case createdAt = "created_at"
        case nodeID = "assigned_node_id"
        case claimedAt = "claimed_at"
    }
}

/// How many jobs of the existing server are done or given up; they are counted and not taken.
package struct OldJobCount: Sendable, Equatable, Decodable {
    package var kind: String
    package var status: String?
    package var count: Int

    enum CodingKeys: String, CodingKey {
        case status, count
        case kind = "job_type"
    }
}

/// A registered worker of the existing server, with its key in clear.
package struct OldNode: Sendable, Equatable, Decodable {
    package var id: String
    package var name: String
    package var url: String
    package var key: String
    package var model: String?
    package var backend: String?
    package var priority: Int?
    package var lastHeartbeat: String?
    package var createdAt: String?

    enum CodingKeys: String, CodingKey {
        case id, name, url, priority
        case key = "api_key"
        case model = "whisper_model"
        case backend = "whisper_backend"
        case lastHeartbeat = "last_heartbeat"
        case createdAt = "created_at"
    }
}

/// A setting that a person changed; names without a row have their defaults.
package struct OldSetting: Sendable, Equatable, Decodable {
    package var key: String
    package var value: String
}

/// A phrase of the existing server's search index: what is left of a transcript whose file is lost.
package struct OldSegment: Sendable, Equatable, Decodable {
    package var episodeID: Int64
    /// Nil for times that are no numbers.
    package var start: Double?
    package var end: Double?
    package var text: String

    enum CodingKeys: String, CodingKey {
        case text
        case episodeID = "episode_id"
        case start = "segment_start"
        case end = "segment_end"
    }

    package init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: CodingKeys.self)
        self.episodeID = try row.decode(Int64.self, forKey: .episodeID)
        self.text = try row.decode(String.self, forKey: .text)
        // PostgreSQL writes NaN and infinity as text.
        self.start = try? row.decode(Double.self, forKey: .start)
        self.end = try? row.decode(Double.self, forKey: .end)
    }

    package init(episodeID: Int64, start: Double?, end: Double?, text: String) {
        self.episodeID = episodeID
        self.start = start
        self.end = end
        self.text = text
    }
}

/// One line of what `psql` writes: one of these is there.
package struct OldRow: Sendable, Equatable, Decodable {
    package var feed: OldFeed?
    package var setting: OldSetting?
    package var node: OldNode?
    package var finished: OldJobCount?
    package var job: OldJob?
    package var episode: OldEpisode?
    package var segment: OldSegment?
}
