package import Foundation

/// Where an episode stands, as people see it; over the wire `status`.
///
/// It follows from the episode's files and jobs and is never set by hand.
package enum EpisodeState: String, Sendable, Codable, CaseIterable {
    /// Known, nothing asked for.
    case new
    /// Waits for the publisher's own transcript.
    case awaitingTranscript = "awaiting_transcript"
    /// A download is queued.
    case needsAudio = "needs_audio"
    case downloading
    /// The audio is here; it may be queued for transcription.
    case audioReady = "audio_ready"
    case transcribing
    case completed
    case failed
}

/// One episode of a feed.
package struct Episode: Sendable, Equatable {
    package var id: EpisodeID
    package var feedID: FeedID
    /// What the feed calls it; unique within the feed.
    package var guid: String
    package var title: String
    package var description: String?
    package var link: String?
    /// Where the audio comes from; nil for a file that was handed in.
    package var audioURL: String?
    /// Seconds, as the feed or the audio says.
    package var duration: Double?
    package var publishedAt: Date?
    package var state: EpisodeState
    /// The name of its files without folder and ending; unique within the feed, and never changed afterwards.
    package var stem: String
    /// Below the storage folder; nil while there is no audio.
    package var audioPath: String?
    package var audioSize: Int64?
    /// The Markdown, below the storage folder; its native form lies beside it as `.json`.
    package var transcriptPath: String?
    package var transcriptModel: String?
    /// `whisper` for our own work, as the existing server says.
    package var transcriptSource: String?
    /// When the transcript that is there came.
    package var transcribedAt: Date?
    /// Whether that transcript calls for a look, as `TranscriptQuality` says.
    package var isDoubtful: Bool
    /// What the publisher offers.
    package var published: [PublishedTranscript]
    /// Why none of that could be used.
    package var publishedFault: String?
    package var error: String?
    package var createdAt: Date
    package var updatedAt: Date

    package init(
        id: EpisodeID, feedID: FeedID, guid: String, title: String, description: String?, link: String?,
        audioURL: String?, duration: Double?, publishedAt: Date?, state: EpisodeState, stem: String,
        audioPath: String?, audioSize: Int64?, transcriptPath: String?, transcriptModel: String?,
        transcriptSource: String?, transcribedAt: Date? = nil, isDoubtful: Bool = false,
        published: [PublishedTranscript] = [], publishedFault: String? = nil, error: String?, createdAt: Date,
        updatedAt: Date
    ) {
        self.id = id
        self.feedID = feedID
        self.guid = guid
        self.title = title
        self.description = description
        self.link = link
        self.audioURL = audioURL
        self.duration = duration
        self.publishedAt = publishedAt
        self.state = state
        self.stem = stem
        self.audioPath = audioPath
        self.audioSize = audioSize
        self.transcriptPath = transcriptPath
        self.transcriptModel = transcriptModel
        self.transcriptSource = transcriptSource
        self.transcribedAt = transcribedAt
        self.isDoubtful = isDoubtful
        self.published = published
        self.publishedFault = publishedFault
        self.error = error
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What a feed or a person says of an episode that is to be added.
package struct EpisodeDraft: Sendable, Equatable {
    package var guid: String
    package var title: String
    package var description: String?
    package var link: String?
    package var audioURL: String?
    package var duration: Double?
    package var publishedAt: Date?
    package var published: [PublishedTranscript]

    package init(
        guid: String, title: String, description: String? = nil, link: String? = nil, audioURL: String? = nil,
        duration: Double? = nil, publishedAt: Date? = nil,
        published: [PublishedTranscript] = []
    ) {
        self.guid = guid
        self.title = title
        self.description = description
        self.link = link
        self.audioURL = audioURL
        self.duration = duration
        self.publishedAt = publishedAt
        self.published = published
    }
}
