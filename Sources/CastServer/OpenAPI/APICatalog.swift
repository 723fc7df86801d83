import CastAPI
import CastCore

/// Every call of the API; a test holds the list against the router.
enum APICatalog {
    static var calls: [APICall] {
        Self.system + Self.feeds + Self.episodes + Self.queue + Self.search + Self.nodes + Self.fleet
    }

    private static let limit = APICall.Parameter.number("limit", "At most so many.")
    private static let offset = APICall.Parameter.number("offset", "Leave out so many.")
    private static let cursor = APICall.Parameter.text("cursor", "The `next_cursor` of the page before.")
    private static let state = APICall.Parameter.choice(
        "status", EpisodeState.allCases.map(\.rawValue), "Only episodes in this state.")
    private static let kind = APICall.Parameter.choice(
        "job_type", JobKind.allCases.map(\.rawValue), "Only jobs of this kind.")
    private static let newest = APICall.Parameter.number("newest", "Only so many, counted from the newest.")
    private static let format = APICall.Parameter.choice(
        "format", TranscriptFormat.allCases.map(\.rawValue), "The form of the transcript.")
    private static let doubtful = APICall.Parameter.choice(
        "doubtful", ["true", "false"], "true takes only episodes whose transcript is doubtful.")
    private static let version = APICall.Parameter.choice(
        "version", ["kept", "other"], "The episode's transcript, or the one that a second try left over.")
    private static let feed = APICall.Parameter.number("feed_id", "Only of this feed.")

    private static var system: [APICall] {
        [
            .init("GET", "/api/health", "Whether the server is well.", HealthResponse.self),
            .init("GET", "/api/status", "How much the server holds.", StatusResponse.self),
            .init("GET", "/api/settings", "Every setting with its value, default and range.", SettingsResponse.self),
            .init(
                "PUT", "/api/settings", "Changes settings, all or none.", body: UpdateSettingsRequest.self,
                MessageResponse.self),
            .init("DELETE", "/api/settings", "Takes every setting back.", MessageResponse.self),
            .init("DELETE", "/api/settings/{name}", "Takes one setting back.", MessageResponse.self),
            .init(
                "POST", "/api/settings/notifications/test", "Sends a test message by ntfy.", MessageResponse.self),
            .init(
                "GET", "/api/events", "What happens, as server-sent events.",
                query: [.number("after", "The id of the last event seen; `Last-Event-ID` does the same.")],
                .other("text/event-stream")),
            .init(
                "GET", "/api/events/history", "What happened, newest first.",
                query: [limit, .text("before", "The `next_cursor` of the page before.")], EventListResponse.self),
            .init("GET", "/metrics", "Metrics for Prometheus.", .other("text/plain")),
            .init("GET", "/openapi.json", "This description.", .other("application/json")),
        ]
    }

    private static var feeds: [APICall] {
        [
            .init("GET", "/api/feeds", "All feeds.", FeedListResponse.self),
            .init("POST", "/api/feeds", "Adds a feed.", body: AddFeedRequest.self, status: 201, FeedMessage.self),
            .init("GET", "/api/feeds/opml", "The list of feeds as OPML.", .other("text/x-opml")),
            .init("POST", "/api/feeds/opml", "Takes a list of feeds; the body is OPML.", ImportedFeedsResponse.self),
            .init("GET", "/api/feeds/{feed_id}", "One feed.", FeedMessage.self),
            .init(
                "PATCH", "/api/feeds/{feed_id}", "Changes a feed's settings, field by field.",
                body: ChangeFeedFields.self, FeedMessage.self),
            .init("DELETE", "/api/feeds/{feed_id}", "Forgets a feed; its files stay.", MessageResponse.self),
            .init(
                "POST", "/api/feeds/{feed_id}/refresh", "Looks for new episodes.",
                query: [.text("auto_queue", "false queues nothing.")], RefreshResponse.self),
            .init(
                "GET", "/api/feeds/{feed_id}/episodes", "A feed's episodes, newest first.",
                query: [limit, offset, cursor, state, doubtful], EpisodeListResponse.self),
            .init(
                "GET", "/api/feeds/{feed_id}/export", "All transcripts of a feed as ZIP.", query: [format],
                .other("application/zip")),
            .init("GET", "/feeds/{feed_id}.xml", "The feed with our transcripts.", .other("application/rss+xml")),
        ]
    }

    private static var episodes: [APICall] {
        [
            .init(
                "GET", "/api/episodes", "Episodes, newest first.", query: [limit, offset, cursor, state, doubtful],
                EpisodeListResponse.self),
            .init(
                "POST", "/api/episodes", "Adds one episode by its audio's address.", body: AddEpisodeRequest.self,
                status: 201, EpisodeMessage.self),
            .init(
                "POST", "/api/episodes/upload", "Adds one episode; the body is its audio.",
                query: [.text("filename", "The file's name."), .text("title", "The episode's title.")], status: 201,
                EpisodeMessage.self),
            .init(
                "GET", "/api/episodes/recent", "What was published lately, in all feeds.",
                query: [.number("days", "Days."), limit], RecentEpisodesResponse.self),
            .init(
                "GET", "/api/episodes/status/{status}", "Episodes in one state.",
                query: [limit, offset, cursor, feed], EpisodeListResponse.self),
            .init("GET", "/api/episodes/{episode_id}", "One episode.", EpisodeMessage.self),
            .init("GET", "/api/episodes/{episode_id}/audio", "The audio, whole or in part.", .other("audio/mpeg")),
            .init("DELETE", "/api/episodes/{episode_id}/audio", "Removes audio that has served.", MessageResponse.self),
            .init(
                "GET", "/api/episodes/{episode_id}/transcript", "The transcript in any form.",
                query: [format, version],
                .other("text/plain")),
            .init(
                "GET", "/api/episodes/{episode_id}/transcript/section", "What is said from a time on.",
                query: [.number("start_time", "Seconds."), .number("duration", "Seconds.")],
                TranscriptSectionResponse.self),
            .init(
                "GET", "/api/episodes/{episode_id}/attempts", "What was tried, oldest first.", AttemptListResponse.self),
        ]
    }

    private static var queue: [APICall] {
        [
            .init("GET", "/api/queue", "Jobs that are due, in order.", query: [kind, limit], JobListResponse.self),
            .init("GET", "/api/queue/status", "The queue at a glance.", QueueStatusResponse.self),
            .init(
                "GET", "/api/queue/all", "All jobs, with why they wait.",
                query: [
                    .choice("status", ["queued", "running", "completed", "failed", "stuck"], "Only these."), kind,
                    limit,
                ], AllJobsResponse.self),
            .init(
                "GET", "/api/queue/stuck", "Jobs that run for too long.",
                query: [.number("threshold_minutes", "Minutes.")], StuckJobsResponse.self),
            .init("GET", "/api/queue/stats", "What was transcribed lately.", QueueStatsResponse.self),
            .init("GET", "/api/queue/paused", "What is paused.", PausesResponse.self),
            .init(
                "POST", "/api/queue/pause", "Hands out nothing more; without a body of all kinds.",
                body: PauseRequest.self, PausesResponse.self),
            .init("POST", "/api/queue/resume", "Goes on.", body: PauseRequest.self, PausesResponse.self),
            .init("GET", "/api/queue/{job_id}", "One job.", JobMessage.self),
            .init("POST", "/api/queue/{job_id}/retry", "Tries a failed job again.", QueuedResponse.self),
            .init("POST", "/api/queue/{job_id}/reset", "Takes a running job back.", QueuedResponse.self),
            .init("POST", "/api/queue/{job_id}/move-up", "Puts a job at the front.", QueuedResponse.self),
            .init("DELETE", "/api/queue/{job_id}", "Cancels a queued job.", QueuedResponse.self),
            .init("DELETE", "/api/queue/{job_id}/force", "Removes a job whatever its state.", QueuedResponse.self),
            .init(
                "GET", "/api/queue/retranscribe/info/{feed_id}", "How many transcripts another model made.",
                RetranscribeInfoResponse.self),
            .init(
                "POST", "/api/queue/batch/episodes", "Queues a list of episodes.", body: BatchEpisodesRequest.self,
                BatchResponse.self),
            .init(
                "POST", "/api/queue/batch/range", "Queues a feed's episodes by place or day.",
                body: BatchRangeRequest.self, BatchResponse.self),
            .init(
                "POST", "/api/queue/batch/all/process", "Queues everything without a transcript.", query: [newest],
                body: PriorityRequest.self, BatchResponse.self),
            .init("POST", "/api/queue/batch/retry-failed", "Tries all that failed again.", BatchResponse.self),
            .init("POST", "/api/queue/batch/reset-stuck", "Takes back what is stuck.", BatchResponse.self),
            .init(
                "DELETE", "/api/queue/batch/queued", "Cancels all queued jobs.", query: [kind, feed], BatchResponse.self
            ),
            .init(
                "DELETE", "/api/queue/batch/completed", "Forgets completed jobs.",
                query: [.number("older_than_days", "Days.")], BatchResponse.self),
        ] + Self.queueing
    }

    private static var queueing: [APICall] {
        ["process", "transcribe", "transcript-download", "retranscribe"].map { verb in
            .init(
                "POST", "/api/queue/batch/feed/{feed_id}/\(verb)", "Queues a feed's episodes: \(verb).",
                query: [newest], body: PriorityRequest.self, BatchResponse.self)
        }
            + [
                "process", "transcribe", "retranscribe", "download", "transcript-download", "force-transcript-retry",
            ].map { verb in
                .init(
                    "POST", "/api/queue/episodes/{episode_id}/\(verb)", "Queues one episode: \(verb).",
                    body: PriorityRequest.self, QueuedResponse.self)
            }
    }

    private static let words = APICall.Parameter.text("q", "Words, \"a phrase\", -without, a OR b.")
    private static let days: [APICall.Parameter] = [
        .text("from", "A day, YYYY-MM-DD."), .text("until", "A day, YYYY-MM-DD; it belongs to it."),
    ]
    private static var search: [APICall] {
        [
            .init(
                "GET", "/api/search", "Transcripts and titles.", query: [words, feed] + days + [limit, offset],
                WholeSearchResponse.self),
            .init(
                "GET", "/api/search/transcripts", "Places in transcripts.",
                query: [words, feed] + days + [limit, offset], SearchResponse.self),
            .init(
                "GET", "/api/search/episodes", "Titles and descriptions.",
                query: [words, feed] + days + [limit, offset], EpisodeSearchResponse.self),
            .init(
                "GET", "/api/search/transcripts/episode/{episode_id}", "Places in one episode.", query: [words, limit],
                [SearchHitMessage].self),
            .init(
                "GET", "/api/search/semantic", "Places in transcripts; found by words, whatever mode is asked for.",
                query: [words, feed, limit], SemanticSearchResponse.self),
            .init("GET", "/api/search/stats", "How much is indexed.", SearchStatsResponse.self),
            .init("POST", "/api/search/reindex/{episode_id}", "Indexes an episode again.", MessageResponse.self),
        ]
    }

    private static var nodes: [APICall] {
        [
            .init("GET", "/api/nodes", "All nodes.", NodeListResponse.self),
            .init("POST", "/api/nodes", "Adds a node.", body: RegisterNodeRequest.self, RegisterNodeResponse.self),
            .init(
                "GET", "/api/nodes/stale", "Nodes that are heard of no more.",
                query: [.number("offline_hours", "Hours.")], StaleNodesResponse.self),
            .init(
                "DELETE", "/api/nodes/stale", "Forgets them.", query: [.number("offline_hours", "Hours.")],
                DeletedNodesResponse.self),
            .init("DELETE", "/api/nodes/{node_id}", "Forgets a node; its jobs go back.", MessageResponse.self),
            .init("POST", "/api/nodes/{node_id}/test", "Whether the node's status page answers.", MessageResponse.self),
            .init(
                "POST", "/api/nodes/register", "A node makes itself known.", body: RegisterNodeRequest.self,
                RegisterNodeResponse.self),
            .init(
                "POST", "/api/nodes/{node_id}/heartbeat", "A node lives and says what it holds.",
                body: HeartbeatRequest.self, HeartbeatResponse.self),
            .init("POST", "/api/nodes/{node_id}/claim", "A node asks for a job.", ClaimResponse.self),
            .init("POST", "/api/nodes/{node_id}/claim-embed", "Always without a job here.", .other("application/json")),
            .init("POST", "/api/nodes/{node_id}/request-termination", "A node leaves.", TerminationResponse.self),
            .init(
                "GET", "/api/nodes/worker/{platform}",
                "The server's own program, whole or in part; `linux-x86_64.json` tells version and digest.",
                .other("application/octet-stream")),
            .init(
                "HEAD", "/api/nodes/worker/{platform}", "Its size, digest and version as headers.",
                .other("application/octet-stream")),
            .init("GET", "/api/nodes/jobs/{job_id}/audio", "A job's audio.", .other("audio/mpeg")),
            .init(
                "POST", "/api/nodes/jobs/{job_id}/progress", "How far a job is.", body: ProgressRequest.self,
                MessageResponse.self),
            .init(
                "POST", "/api/nodes/jobs/{job_id}/complete", "A job's transcript.", body: CompleteRequest.self,
                MessageResponse.self),
            .init(
                "POST", "/api/nodes/jobs/{job_id}/fail", "A job that could not be done.", body: FailRequest.self,
                MessageResponse.self),
            .init("POST", "/api/nodes/jobs/{job_id}/release", "A job that goes back undone.", MessageResponse.self),
            .init(
                "GET", "/api/nodes/jobs/{job_id}/transcript", "The text of a job's episode.", .other("application/json")
            ),
            .init(
                "POST", "/api/nodes/jobs/{job_id}/complete-embed", "Refused: there are no such jobs here.",
                MessageResponse.self),
        ]
    }

    private static var fleet: [APICall] {
        [
            .init("GET", "/api/runpod/status", "The fleet at a glance.", FleetStatusResponse.self),
            .init("POST", "/api/runpod/pods", "Creates a pod.", body: CreatePodRequest.self, CreatePodResponse.self),
            .init("DELETE", "/api/runpod/pods", "Ends all pods of this server.", TerminatedResponse.self),
            .init(
                "DELETE", "/api/runpod/pods/{pod_id}", "Ends a pod, named by id or instance.", TerminatedResponse.self),
            .init(
                "GET", "/api/runpod/pods/{pod_id}/setup-status", "Where a pod's setup stands; by instance.",
                SetupStateMessage.self),
            .init(
                "POST", "/api/runpod/pods/{pod_id}/setup-progress", "A pod reports; X-Setup-Token proves whose it is.",
                body: SetupProgressRequest.self, OKResponse.self),
            .init(
                "POST", "/api/runpod/pods/{pod_id}/request-termination",
                "A pod asks for its own end; X-Setup-Token proves whose it is.", body: EndPodRequest.self,
                TerminationResponse.self),
            .init(
                "POST", "/api/runpod/pods/{pod_id}/logs",
                "What a pod's programs said, as JSON or as plain text; X-Setup-Token proves whose it is.",
                query: [.text("source", "Which program, for plain text.")], body: PodLogRequest.self, OKResponse.self),
            .init(
                "GET", "/api/runpod/pods/{pod_id}/logs",
                "What is kept of it, oldest first; also of a pod that is gone.",
                query: [.number("lines", "The last so many.")], PodLogResponse.self),
            .init(
                "PATCH", "/api/runpod/pods/{pod_id}/persistent", "Lets a pod stay when it is idle, or leave.",
                body: PersistentRequest.self, MessageResponse.self),
            .init(
                "POST", "/api/runpod/pods/cleanup-states", "Forgets failed pods that are gone.", RemovedResponse.self),
            .init(
                "DELETE", "/api/runpod/setup-states/{instance_id}", "Forgets one pod that is gone.",
                MessageResponse.self),
            .init(
                "POST", "/api/runpod/setup-states/cleanup-orphaned", "Forgets failed pods that are gone.",
                RemovedResponse.self),
            .init(
                "POST", "/api/runpod/nodes/cleanup-orphaned", "Forgets workers whose pod is gone.", RemovedResponse.self
            ),
            .init("GET", "/api/runpod/gpu-types", "GPUs with prices.", GPUTypesResponse.self),
            .init("POST", "/api/runpod/gpu-types/refresh", "GPUs with prices, asked anew.", GPUTypesResponse.self),
            .init(
                "GET", "/api/runpod/events", "What the fleet decided and did, newest first.",
                query: [limit, .number("before", "The id of an event."), .text("instance_id", "Only of this pod.")],
                FleetEventsResponse.self),
            .init(
                "GET", "/api/runpod/runs", "What pods cost and did.", query: [.number("days", "Days.")],
                PodRunsResponse.self),
            .init(
                "GET", "/api/runpod/costs", "What pods cost by day, GPU, feed and episode.",
                query: [.number("days", "Days.")], PodCostsResponse.self),
            .init("GET", "/api/runpod/models", "The models that pods may run.", PodModelsResponse.self),
            .init("POST", "/api/runpod/models", "Adds a model.", body: PodModelFields.self, MessageResponse.self),
            .init("DELETE", "/api/runpod/models", "Removes a model.", body: PodModelFields.self, MessageResponse.self),
            .init("DELETE", "/api/runpod/models/{model_id}", "Removes a model.", MessageResponse.self),
            .init("POST", "/api/runpod/models/reset", "Puts the standard models back.", MessageResponse.self),
        ]
    }
}

/// The fields of a request about a pod's model: `model_id`, or the existing server's `id` with the others.
private struct PodModelFields: Decodable {
    var modelID: String?
    var id: String?
    var displayName: String?
    var backend: Backend?

    enum CodingKeys: String, CodingKey {
        case id, backend
        case modelID = "model_id"
        case displayName = "display_name"
    }
}

/// The fields of `PATCH /api/feeds/{id}`, all optional; the request itself is read field by field.
private struct ChangeFeedFields: Decodable {
    var customTitle: String?
    var language: String?
    var model: String?
    var autoQueue: Feed.Options.AutoQueue?
    var publisherTranscripts: Bool?

    enum CodingKeys: String, CodingKey {
        case language, model
        case customTitle = "custom_title"
        case autoQueue = "auto_queue"
        case publisherTranscripts = "publisher_transcripts"
    }
}
