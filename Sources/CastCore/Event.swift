package import Foundation

/// Something that happened, as it is kept and told to whoever listens.
package struct Event: Sendable, Equatable {
    /// What it was; over the wire the event's name.
    ///
    /// The raw values are stable: pages and scripts decide by them.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case jobQueued = "job.queued"
        case jobRunning = "job.running"
        case jobCompleted = "job.completed"
        case jobFailed = "job.failed"
        case jobCancelled = "job.cancelled"
        /// A second try at a doubtful transcript ended; `detail` says how, and with which models.
        case secondTryEnded = "second_try.ended"
        /// Many at once; `detail.count` says how many.
        case jobsQueued = "jobs.queued"
        case jobsCancelled = "jobs.cancelled"
        case queuePaused = "queue.paused"
        case queueResumed = "queue.resumed"
        case feedAdded = "feed.added"
        case feedRefreshed = "feed.refreshed"
        case feedFailed = "feed.failed"
        case feedMoved = "feed.moved"
        case feedRemoved = "feed.removed"
        case nodeRegistered = "node.registered"
        case nodeRemoved = "node.removed"
        case settingChanged = "setting.changed"
        case audioRemoved = "audio.removed"
        /// The fleet decided or did something; `detail` holds its own event's id, kind, instance and message.
        case fleetChanged = "fleet.changed"
    }

    /// Grows with every event; where a listener that was cut off goes on.
    package var id: Int64
    package var at: Date
    package var kind: Kind
    package var episodeID: EpisodeID?
    package var feedID: FeedID?
    package var jobID: JobID?
    package var nodeID: NodeID?
    /// What else is to be known, for example the reason of a failure.
    package var detail: [String: JSONValue]

    package init(
        id: Int64, at: Date, kind: Kind, episodeID: EpisodeID? = nil, feedID: FeedID? = nil, jobID: JobID? = nil,
        nodeID: NodeID? = nil, detail: [String: JSONValue] = [:]
    ) {
        self.id = id
        self.at = at
        self.kind = kind
        self.episodeID = episodeID
        self.feedID = feedID
        self.jobID = jobID
        self.nodeID = nodeID
        self.detail = detail
    }
}
