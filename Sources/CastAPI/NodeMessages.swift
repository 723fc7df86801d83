package import CastCore

/// The header by which a node says who it is.
package let nodeKeyHeader = "X-Transcriber-Key"

/// The header by which a node says which attempt at a job it speaks of; nodes of the existing server send none.
package let attemptHeader = "X-Job-Attempt"

/// `POST /api/nodes/register` and, with a priority, `POST /api/nodes`.
package struct RegisterNodeRequest: Sendable, Codable, Equatable {
    package var name: String
    /// Where the node's own status page is, for the server's reachability test.
    package var url: String
    package var whisperModel: String?
    package var whisperBackend: String?
    /// Lower goes first; 10 unless said otherwise.
    package var priority: Int?

    package init(
        name: String, url: String, whisperModel: String? = nil, whisperBackend: String? = nil, priority: Int? = nil
    ) {
        self.name = name
        self.url = url
        self.whisperModel = whisperModel
        self.whisperBackend = whisperBackend
        self.priority = priority
    }

    enum CodingKeys: String, CodingKey {
        case name, url, priority
        case whisperModel = "whisper_model"
        case whisperBackend = "whisper_backend"
    }
}

/// The answer to a registration; the only time the key is ever shown.
package struct RegisterNodeResponse: Sendable, Codable, Equatable {
    package var nodeID: NodeID
    package var apiKey: String
    package var message: String

    package init(nodeID: NodeID, apiKey: String, message: String) {
        self.nodeID = nodeID
        self.apiKey = apiKey
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case message
        case nodeID = "node_id"
        case apiKey = "api_key"
    }
}

/// `POST /api/nodes/{node_id}/heartbeat`, every 30 s: renews the leases of the jobs it names.
package struct HeartbeatRequest: Sendable, Codable, Equatable {
    package var name: String?
    package var whisperModel: String?
    package var whisperBackend: String?
    /// The job that is being recognised right now.
    package var currentJobID: JobID?
    /// Every job that the node holds: being fetched, waiting, being recognised, or finished and not yet handed in.
    ///
    /// Nil says nothing about jobs; an empty list says that there are none.
    package var claimedJobIDs: [JobID]?
    /// What each stage of the node has done so far; nodes of the existing server send none.
    package var stages: [StageMessage]?

    package init(
        name: String? = nil, whisperModel: String? = nil, whisperBackend: String? = nil, currentJobID: JobID? = nil,
        claimedJobIDs: [JobID]? = nil, stages: [StageMessage]? = nil
    ) {
        self.stages = stages
        self.name = name
        self.whisperModel = whisperModel
        self.whisperBackend = whisperBackend
        self.currentJobID = currentJobID
        self.claimedJobIDs = claimedJobIDs
    }

    enum CodingKeys: String, CodingKey {
        case name, stages
        case whisperModel = "whisper_model"
        case whisperBackend = "whisper_backend"
        case currentJobID = "current_job_id"
        case claimedJobIDs = "claimed_job_ids"
    }
}

/// The answer to a heartbeat.
package struct HeartbeatResponse: Sendable, Codable, Equatable {
    package var status: String
    package var message: String
    /// Jobs that the node named and that are no longer its own: work on them is of no use any more.
    package var lostJobIDs: [JobID]?

    package init(status: String = "ok", message: String = "Heartbeat received", lostJobIDs: [JobID]? = nil) {
        self.status = status
        self.message = message
        self.lostJobIDs = lostJobIDs
    }

    enum CodingKeys: String, CodingKey {
        case status, message
        case lostJobIDs = "lost_job_ids"
    }
}

/// The answer to `POST /api/nodes/{node_id}/claim`; without a job every field is null and `hasJob` is false.
package struct ClaimResponse: Sendable, Codable, Equatable {
    @Null package var jobID: JobID?
    @Null package var episodeID: EpisodeID?
    @Null package var episodeTitle: String?
    /// The path of the audio on this server, or "" when the episode has none.
    @Null package var audioURL: String?
    package var hasJob: Bool
    /// Names this attempt; to be sent back as `X-Job-Attempt`.
    package var attempt: String?
    /// ISO 639-1 code when the feed's owner set one; nil means: detect it.
    package var language: String?
    /// Bytes of the audio.
    package var audioSize: Int64?
    /// Seconds of audio, where the feed or the file said so.
    package var audioDuration: Double?
    /// Where the publisher has the same file; offered only with size and hash, and never for private feeds.
    package var sourceURL: String?
    package var sourceSize: Int64?
    /// In hexadecimal; what comes from there and is not like that is to be fetched from this server.
    package var sourceSHA256: String?
    /// The publisher's validators, to go on after a break.
    package var sourceETag: String?
    package var sourceLastModified: String?

    package init(
        jobID: JobID? = nil, episodeID: EpisodeID? = nil, episodeTitle: String? = nil, audioURL: String? = nil,
        attempt: String? = nil, language: String? = nil, audioSize: Int64? = nil,
        audioDuration: Double? = nil, source: AudioSource? = nil
    ) {
        self.jobID = jobID
        self.episodeID = episodeID
        self.episodeTitle = episodeTitle
        self.audioURL = audioURL
        self.hasJob = jobID != nil
        self.attempt = attempt
        self.language = language
        self.audioSize = audioSize
        self.audioDuration = audioDuration
        self.sourceURL = source?.url
        self.sourceSize = source?.size
        self.sourceSHA256 = source?.sha256
        self.sourceETag = source?.etag
        self.sourceLastModified = source?.lastModified
    }

    /// Where the publisher has the file, if the answer says all that is needed to know it again.
    package var source: AudioSource? {
        guard let url = self.sourceURL, let size = self.sourceSize, size > 0,
            let sha256 = self.sourceSHA256?.lowercased(), sha256.utf8.count == 64
        else { return nil }
        return AudioSource(
            url: url, size: size, sha256: sha256, etag: self.sourceETag, lastModified: self.sourceLastModified)
    }

    enum CodingKeys: String, CodingKey {
        case attempt, language
        case jobID = "job_id"
        case episodeID = "episode_id"
        case episodeTitle = "episode_title"
        case audioURL = "audio_url"
        case hasJob = "has_job"
        case audioSize = "audio_size"
        case audioDuration = "audio_duration"
        case sourceURL = "source_url"
        case sourceSize = "source_size"
        case sourceSHA256 = "source_sha256"
        case sourceETag = "source_etag"
        case sourceLastModified = "source_last_modified"
    }
}

/// `POST /api/nodes/jobs/{job_id}/progress`.
package struct ProgressRequest: Sendable, Codable, Equatable {
    /// 0 to 100; anything outside is clamped.
    package var progressPercent: Int

    package init(progressPercent: Int) { self.progressPercent = progressPercent }

    enum CodingKeys: String, CodingKey {
        case progressPercent = "progress_percent"
    }
}

/// `POST /api/nodes/jobs/{job_id}/complete`; repeating it is harmless.
package struct CompleteRequest: Sendable, Codable, Equatable {
    /// Markdown; all that a node of the existing server sends.
    package var transcriptText: String
    package var whisperModel: String?
    /// The native transcript; when it is there every format is rendered from it.
    package var transcript: Transcript?

    package init(transcriptText: String, whisperModel: String? = nil, transcript: Transcript? = nil) {
        self.transcriptText = transcriptText
        self.whisperModel = whisperModel
        self.transcript = transcript
    }

    enum CodingKeys: String, CodingKey {
        case transcript
        case transcriptText = "transcript_text"
        case whisperModel = "whisper_model"
    }
}

/// `POST /api/nodes/jobs/{job_id}/fail`.
package struct FailRequest: Sendable, Codable, Equatable {
    package var errorMessage: String
    /// False says that no worker will do better; true unless said otherwise.
    package var retry: Bool

    package init(errorMessage: String, retry: Bool = true) {
        self.errorMessage = errorMessage
        self.retry = retry
    }

    enum CodingKeys: String, CodingKey {
        case retry
        case errorMessage = "error_message"
    }
}

/// The answer to `POST /api/nodes/{node_id}/request-termination`.
package struct TerminationResponse: Sendable, Codable, Equatable {
    /// `ok`, `ignored`, `unavailable` or `failed`.
    package var status: String
    package var message: String
    package var terminated: Bool

    package init(status: String, message: String, terminated: Bool) {
        self.status = status
        self.message = message
        self.terminated = terminated
    }
}

/// A sentence for the person who asked.
package struct MessageResponse: Sendable, Codable, Equatable {
    package var message: String

    package init(_ message: String) { self.message = message }
}

/// One row of `GET /api/nodes`.
package struct NodeSummary: Sendable, Codable, Equatable {
    package var id: NodeID
    package var name: String
    package var url: String
    @Null package var whisperModel: String?
    @Null package var whisperBackend: String?
    /// `online`, `busy` or `offline`.
    package var status: String
    @Null package var lastHeartbeat: WireDate?
    @Null package var currentJobID: JobID?
    package var priority: Int
    /// What its stages have done since it started; left out for a node that does not say, or was not heard yet.
    package var stages: [StageMessage]?
    /// The stage that decided lately how fast it went.
    package var slowestStage: Stage?

    package init(
        id: NodeID, name: String, url: String, whisperModel: String?, whisperBackend: String?, status: String,
        lastHeartbeat: WireDate?, currentJobID: JobID?, priority: Int, stages: [StageReport]? = nil,
        slowestStage: Stage? = nil
    ) {
        self.stages = stages?.map(StageMessage.init)
        self.slowestStage = slowestStage
        self.id = id
        self.name = name
        self.url = url
        self.whisperModel = whisperModel
        self.whisperBackend = whisperBackend
        self.status = status
        self.lastHeartbeat = lastHeartbeat
        self.currentJobID = currentJobID
        self.priority = priority
    }

    enum CodingKeys: String, CodingKey {
        case id, name, url, status, priority, stages
        case slowestStage = "slowest_stage"
        case whisperModel = "whisper_model"
        case whisperBackend = "whisper_backend"
        case lastHeartbeat = "last_heartbeat"
        case currentJobID = "current_job_id"
    }
}

/// `GET /api/nodes`.
package struct NodeListResponse: Sendable, Codable, Equatable {
    package var nodes: [NodeSummary]
    package var total: Int

    package init(_ nodes: [NodeSummary]) {
        self.nodes = nodes
        self.total = nodes.count
    }
}

/// `GET /api/nodes/stale`.
package struct StaleNodesResponse: Sendable, Codable, Equatable {
    package struct Node: Sendable, Codable, Equatable {
        package var id: NodeID
        package var name: String
        @Null package var lastHeartbeat: WireDate?
        /// Hours since the last heartbeat; null for a node that was never heard.
        @Null package var offlineHours: Double?

        package init(id: NodeID, name: String, lastHeartbeat: WireDate?, offlineHours: Double?) {
            self.id = id
            self.name = name
            self.lastHeartbeat = lastHeartbeat
            self.offlineHours = offlineHours
        }

        enum CodingKeys: String, CodingKey {
            case id, name
            case lastHeartbeat = "last_heartbeat"
            case offlineHours = "offline_hours"
        }
    }

    package var staleCount: Int
    package var thresholdHours: Int
    package var nodes: [Node]

    package init(thresholdHours: Int, nodes: [Node]) {
        self.staleCount = nodes.count
        self.thresholdHours = thresholdHours
        self.nodes = nodes
    }

    enum CodingKeys: String, CodingKey {
        case nodes
        case staleCount = "stale_count"
        case thresholdHours = "threshold_hours"
    }
}

/// `DELETE /api/nodes/stale`.
package struct DeletedNodesResponse: Sendable, Codable, Equatable {
    package var deletedCount: Int
    package var message: String

    package init(deletedCount: Int, message: String) {
        self.deletedCount = deletedCount
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case message
        case deletedCount = "deleted_count"
    }
}
