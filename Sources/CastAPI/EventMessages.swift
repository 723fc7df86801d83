package import CastCore

/// Something that happened, as `GET /api/events` streams it and `GET /api/events/history` lists it.
package struct EventMessage: Sendable, Codable, Equatable {
    package var id: Int64
    package var at: WireDate
    package var event: Event.Kind
    @Null package var episodeID: EpisodeID?
    @Null package var feedID: FeedID?
    @Null package var jobID: JobID?
    @Null package var nodeID: NodeID?
    package var detail: [String: JSONValue]

    package init(_ event: Event) {
        self.id = event.id
        self.at = WireDate(event.at)
        self.event = event.kind
        self.detail = event.detail
        self._episodeID = Null(wrappedValue: event.episodeID)
        self._feedID = Null(wrappedValue: event.feedID)
        self._jobID = Null(wrappedValue: event.jobID)
        self._nodeID = Null(wrappedValue: event.nodeID)
    }

    enum CodingKeys: String, CodingKey {
        case id, at, event, detail
        case episodeID = "episode_id"
        case feedID = "feed_id"
        case jobID = "job_id"
        case nodeID = "node_id"
    }
}

/// `GET /api/events/history`: newest first.
package struct EventListResponse: Sendable, Codable, Equatable {
    package var events: [EventMessage]
    /// To be sent as `before` for older ones; null at the end.
    @Null package var nextCursor: String?

    package init(_ events: [EventMessage], nextCursor: String?) {
        self.events = events
        self.nextCursor = nextCursor
    }

    enum CodingKeys: String, CodingKey {
        case events
        case nextCursor = "next_cursor"
    }
}

/// How far a running job is; streamed by `GET /api/events` as `job.progress`, without an id, and not kept.
package struct ProgressMessage: Sendable, Codable, Equatable {
    package var jobID: JobID
    package var episodeID: EpisodeID
    package var progressPercent: Int

    package init(jobID: JobID, episodeID: EpisodeID, progressPercent: Int) {
        self.jobID = jobID
        self.episodeID = episodeID
        self.progressPercent = progressPercent
    }

    enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case episodeID = "episode_id"
        case progressPercent = "progress_percent"
    }
}
