package import CastCore
package import Foundation

/// An episode as the wire has it.
package struct EpisodeMessage: Sendable, Codable, Equatable {
    package var id: EpisodeID
    package var feedID: FeedID
    package var guid: String
    package var title: String
    @Null package var description: String?
    /// "" for a file that was handed in.
    package var audioURL: String
    @Null package var durationSeconds: Int?
    @Null package var publishedAt: WireDate?
    package var status: EpisodeState
    @Null package var audioPath: String?
    @Null package var transcriptPath: String?
    @Null package var transcriptURL: String?
    @Null package var transcriptSource: String?
    @Null package var transcriptModel: String?
    @Null package var errorMessage: String?
    package var createdAt: WireDate
    package var updatedAt: WireDate
    /// What the transcript says of itself; left out where nobody judged it.
    package var quality: QualityMessage?
    /// The second try at a doubtful transcript, if there was one.
    package var secondTry: SecondTryMessage?

    /// - Parameter place: Where a path below the storage folder is on the server's disk.
    package init(
        _ episode: Episode, quality: TranscriptQuality? = nil, secondTry: SecondTry? = nil, place: (String) -> String
    ) {
        self.quality = quality.map(QualityMessage.init)
        self.secondTry = secondTry.map(SecondTryMessage.init)
        self.id = episode.id
        self.feedID = episode.feedID
        self.guid = episode.guid
        self.title = episode.title
        self.audioURL = episode.audioURL ?? ""
        self.status = episode.state
        self.createdAt = WireDate(episode.createdAt)
        self.updatedAt = WireDate(episode.updatedAt)
        self._description = Null(wrappedValue: episode.description)
        self._durationSeconds = Null(wrappedValue: episode.duration.map { Int($0.rounded()) })
        self._publishedAt = Null(wrappedValue: WireDate(episode.publishedAt))
        self._audioPath = Null(wrappedValue: episode.audioPath.map(place))
        self._transcriptPath = Null(wrappedValue: episode.transcriptPath.map(place))
        self._transcriptURL = Null(wrappedValue: episode.published.first?.url)
        self._transcriptSource = Null(wrappedValue: episode.transcriptSource)
        self._transcriptModel = Null(wrappedValue: episode.transcriptModel)
        self._errorMessage = Null(wrappedValue: episode.error)
    }

    enum CodingKeys: String, CodingKey {
        case id, guid, title, description, status, quality
        case secondTry = "second_try"
        case feedID = "feed_id"
        case audioURL = "audio_url"
        case durationSeconds = "duration_seconds"
        case publishedAt = "published_at"
        case audioPath = "audio_path"
        case transcriptPath = "transcript_path"
        case transcriptURL = "transcript_url"
        case transcriptSource = "transcript_source"
        case transcriptModel = "transcript_model"
        case errorMessage = "error_message"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// `GET /api/feeds/{id}/episodes` and `GET /api/episodes`.
package struct EpisodeListResponse: Sendable, Codable, Equatable {
    package var episodes: [EpisodeMessage]
    package var total: Int
    /// To be sent as `cursor` for the next page; null at the end.
    @Null package var nextCursor: String?

    package init(_ episodes: [EpisodeMessage], total: Int, nextCursor: String? = nil) {
        self.episodes = episodes
        self.total = total
        self._nextCursor = Null(wrappedValue: nextCursor)
    }

    enum CodingKeys: String, CodingKey {
        case episodes, total
        case nextCursor = "next_cursor"
    }
}

/// `GET /api/episodes/recent`.
package struct RecentEpisodesResponse: Sendable, Codable, Equatable {
    package struct Episode: Sendable, Codable, Equatable {
        package var id: EpisodeID
        package var feedID: FeedID
        package var feedTitle: String
        package var title: String
        /// At most 500 characters.
        @Null package var description: String?
        @Null package var publishedAt: WireDate?
        package var status: EpisodeState
        package var hasTranscript: Bool

        package init(_ episode: CastCore.Episode, feedTitle: String) {
            self.id = episode.id
            self.feedID = episode.feedID
            self.feedTitle = feedTitle
            self.title = episode.title
            self.status = episode.state
            self.hasTranscript = episode.transcriptPath != nil
            self._description = Null(wrappedValue: episode.description.map { String($0.prefix(500)) })
            self._publishedAt = Null(wrappedValue: WireDate(episode.publishedAt))
        }

        enum CodingKeys: String, CodingKey {
            case id, title, description, status
            case feedID = "feed_id"
            case feedTitle = "feed_title"
            case publishedAt = "published_at"
            case hasTranscript = "has_transcript"
        }
    }

    package var episodes: [Episode]
    package var total: Int
    package var days: Int

    package init(_ episodes: [Episode], days: Int) {
        self.episodes = episodes
        self.total = episodes.count
        self.days = days
    }
}

/// `GET /api/episodes/{id}/transcript/section`.
package struct TranscriptSectionResponse: Sendable, Codable, Equatable {
    package struct Segment: Sendable, Codable, Equatable {
        package var start: Double
        package var end: Double
        package var text: String

        package init(start: Double, end: Double, text: String) {
            self.start = start
            self.end = end
            self.text = text
        }
    }

    package var episodeID: EpisodeID
    package var title: String
    package var startTime: Double
    package var endTime: Double
    package var text: String
    package var segments: [Segment]

    package init(
        episodeID: EpisodeID, title: String, startTime: Double, endTime: Double, text: String, segments: [Segment]
    ) {
        self.episodeID = episodeID
        self.title = title
        self.startTime = startTime
        self.endTime = endTime
        self.text = text
        self.segments = segments
    }

    enum CodingKeys: String, CodingKey {
        case title, text, segments
        case episodeID = "episode_id"
        case startTime = "start_time"
        case endTime = "end_time"
    }
}

/// `POST /api/episodes`: one episode by its audio's address.
package struct AddEpisodeRequest: Sendable, Codable, Equatable, ReadableBody {
    package var audioURL: String
    package var title: String?

    package init(audioURL: String, title: String? = nil) {
        self.audioURL = audioURL
        self.title = title
    }

    package init(from fields: inout FieldReader) {
        self.init(audioURL: fields.string("audio_url"), title: fields.optionalString("title"))
    }

    enum CodingKeys: String, CodingKey {
        case title
        case audioURL = "audio_url"
    }
}

/// One try at one of an episode's jobs; `GET /api/episodes/{id}/attempts`.
package struct AttemptMessage: Sendable, Codable, Equatable {
    package var jobType: JobKind
    package var nodeID: NodeID
    @Null package var nodeName: String?
    package var startedAt: WireDate
    @Null package var endedAt: WireDate?
    /// `completed`, `failed`, `released`, `expired` or `superseded`; null while it runs.
    @Null package var outcome: String?
    @Null package var errorMessage: String?

    package init(
        jobType: JobKind, nodeID: NodeID, nodeName: String?, startedAt: Date, endedAt: Date?, outcome: String?,
        errorMessage: String?
    ) {
        self.jobType = jobType
        self.nodeID = nodeID
        self.nodeName = nodeName
        self.startedAt = WireDate(startedAt)
        self.endedAt = WireDate(endedAt)
        self.outcome = outcome
        self.errorMessage = errorMessage
    }

    enum CodingKeys: String, CodingKey {
        case outcome
        case jobType = "job_type"
        case nodeID = "node_id"
        case nodeName = "node_name"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case errorMessage = "error_message"
    }
}

package struct AttemptListResponse: Sendable, Codable, Equatable {
    package var attempts: [AttemptMessage]

    package init(_ attempts: [AttemptMessage]) { self.attempts = attempts }
}
