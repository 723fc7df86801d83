package import CastCore
package import Foundation

/// `POST /api/queue/batch/episodes`.
package struct BatchEpisodesRequest: Sendable, Codable, Equatable, ReadableBody {
    package var episodeIDs: [EpisodeID]
    package var priority: Int
    /// So many at most in one request.
    package static let mostEpisodes = 100_000

    package init(episodeIDs: [EpisodeID], priority: Int = 10) {
        self.episodeIDs = episodeIDs
        self.priority = priority
    }

    package init(from fields: inout FieldReader) {
        let ids = fields.optionalInts("episode_ids", atMost: Self.mostEpisodes)
        if ids == nil, !fields.has("episode_ids") { _ = fields.string("episode_ids") }
        self.init(
            episodeIDs: (ids ?? []).map { EpisodeID(Int64($0)) }, priority: fields.int("priority", default: 10))
    }

    package var isWithinLimits: Bool { self.episodeIDs.count <= Self.mostEpisodes }

    enum CodingKeys: String, CodingKey {
        case priority
        case episodeIDs = "episode_ids"
    }
}

/// `POST /api/queue/batch/range`: places counted from the newest as 1, days as `YYYY-MM-DD`; both ends belong to it.
package struct BatchRangeRequest: Sendable, Codable, Equatable, ReadableBody {
    package var feedID: FeedID
    package var priority: Int
    package var positionFrom: Int?
    package var positionTo: Int?
    package var dateFrom: String?
    package var dateTo: String?

    package init(from fields: inout FieldReader) {
        self.feedID = FeedID(Int64(fields.int("feed_id")))
        self.priority = fields.int("priority", default: 10)
        self.positionFrom = fields.optionalInt("position_from")
        self.positionTo = fields.optionalInt("position_to")
        self.dateFrom = fields.optionalString("date_from")
        self.dateTo = fields.optionalString("date_to")
    }

    /// - Throws: `.invalid` for places that are none.
    package func positions() throws -> ClosedRange<Int>? {
        if self.positionFrom == nil, self.positionTo == nil { return nil }
        let from = self.positionFrom ?? 1
        let to = self.positionTo ?? 10_000_000
        guard from >= 1, to >= from, to <= 10_000_000 else {
            throw CastError(
                .invalid, "Positions count from the newest episode as 1, and position_to is not before position_from.")
        }
        return from...to
    }

    /// The days, from the beginning of the first to the end of the last, in a zone.
    ///
    /// - Throws: `.invalid` for a day that is none.
    package func days(in zone: TimeZone = .current) throws -> (from: Date?, until: Date?) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let last = try self.dateTo.map { try Self.day($0, "date_to", calendar) }
        return (
            try self.dateFrom.map { try Self.day($0, "date_from", calendar) },
            last.flatMap { calendar.date(byAdding: .day, value: 1, to: $0) }
        )
    }

    private static func day(_ text: String, _ name: String, _ calendar: Calendar) throws -> Date {
        let parts = text.prefix(10).split(separator: "-").compactMap { Int($0) }
        let components = DateComponents(
            calendar: calendar, year: parts.first, month: parts.dropFirst().first, day: parts.dropFirst(2).first)
        guard parts.count == 3, components.isValidDate, let date = components.date else {
            throw CastError(.invalid, "\(name) is “\(text.prefix(40))”; it must be a day like 2026-11-25.")
        }
        return date
    }

    enum CodingKeys: String, CodingKey {
        case priority
        case feedID = "feed_id"
        case positionFrom = "position_from"
        case positionTo = "position_to"
        case dateFrom = "date_from"
        case dateTo = "date_to"
    }
}

/// `POST /api/queue/pause` and `…/resume`; without a body all kinds.
package struct PauseRequest: Sendable, Codable, Equatable, ReadableBody {
    /// A `job_type`; nil for all.
    package var jobType: String?
    package var reason: String?

    package init(jobType: String? = nil, reason: String? = nil) {
        self.jobType = jobType
        self.reason = reason
    }

    package init(from fields: inout FieldReader) {
        self.init(jobType: fields.optionalString("job_type"), reason: fields.optionalString("reason"))
    }

    enum CodingKeys: String, CodingKey {
        case reason
        case jobType = "job_type"
    }
}

/// `GET /api/queue/paused`.
package struct PausesResponse: Sendable, Codable, Equatable {
    package struct Pause: Sendable, Codable, Equatable {
        package var jobType: JobKind
        package var since: WireDate
        @Null package var reason: String?

        package init(jobType: JobKind, since: Date, reason: String?) {
            self.jobType = jobType
            self.since = WireDate(since)
            self.reason = reason
        }

        enum CodingKeys: String, CodingKey {
            case since, reason
            case jobType = "job_type"
        }
    }

    package var paused: [Pause]

    package init(_ paused: [Pause]) { self.paused = paused }
}

/// A job with everything that a list of jobs shows; `GET /api/queue/all` and `/stuck`.
package struct ListedJobMessage: Sendable, Codable, Equatable {
    package var jobID: JobID
    package var episodeID: EpisodeID
    package var episodeTitle: String
    package var podcastTitle: String
    package var jobType: JobKind
    package var status: String
    package var isStuck: Bool
    package var priority: Int
    package var attempts: Int
    package var maxAttempts: Int
    package var createdAt: WireDate
    package var scheduledAt: WireDate
    @Null package var startedAt: WireDate?
    @Null package var completedAt: WireDate?
    @Null package var runtimeSeconds: Int?
    @Null package var errorMessage: String?
    @Null package var nodeName: String?
    /// Why it waits, in words; only of a queued job.
    package var waitsFor: String?
    /// Only nodes with this model get it.
    package var model: String?
    /// Why there is a second try; left out where it is none.
    package var secondTry: SecondTryReason?

    package init(
        _ job: Job, episodeTitle: String, podcastTitle: String, nodeName: String?, isStuck: Bool,
        runtimeSeconds: Int?, waitsFor: String?, secondTry: SecondTry? = nil
    ) {
        let message = JobMessage(job, secondTry: secondTry)
        self.model = message.model
        self.secondTry = message.secondTry
        self.jobID = job.id
        self.episodeID = job.episodeID
        self.episodeTitle = episodeTitle
        self.podcastTitle = podcastTitle
        self.jobType = job.kind
        self.status = message.status
        self.isStuck = isStuck
        self.priority = job.priority
        self.attempts = job.attempts
        self.maxAttempts = job.maxAttempts
        self.createdAt = message.createdAt
        self.scheduledAt = message.scheduledAt
        self.waitsFor = waitsFor
        self._startedAt = Null(wrappedValue: message.startedAt)
        self._completedAt = Null(wrappedValue: message.completedAt)
        self._runtimeSeconds = Null(wrappedValue: runtimeSeconds)
        self._errorMessage = Null(wrappedValue: job.error)
        self._nodeName = Null(wrappedValue: nodeName)
    }

    enum CodingKeys: String, CodingKey {
        case status, priority, attempts, model
        case secondTry = "second_try"
        case jobID = "job_id"
        case episodeID = "episode_id"
        case episodeTitle = "episode_title"
        case podcastTitle = "podcast_title"
        case jobType = "job_type"
        case isStuck = "is_stuck"
        case maxAttempts = "max_attempts"
        case createdAt = "created_at"
        case scheduledAt = "scheduled_at"
        case startedAt = "started_at"
        case completedAt = "completed_at"
        case runtimeSeconds = "runtime_seconds"
        case errorMessage = "error_message"
        case nodeName = "node_name"
        case waitsFor = "waits_for"
    }
}

/// `GET /api/queue/all`: running, then queued, failed and completed.
package struct AllJobsResponse: Sendable, Codable, Equatable {
    package var total: Int
    package var stuckCount: Int
    package var jobs: [ListedJobMessage]

    package init(total: Int, stuckCount: Int, jobs: [ListedJobMessage]) {
        self.total = total
        self.stuckCount = stuckCount
        self.jobs = jobs
    }

    enum CodingKeys: String, CodingKey {
        case total, jobs
        case stuckCount = "stuck_count"
    }
}

/// `GET /api/queue/stuck`.
package struct StuckJobsResponse: Sendable, Codable, Equatable {
    package var stuckCount: Int
    package var thresholdMinutes: Int
    package var jobs: [ListedJobMessage]

    package init(thresholdMinutes: Int, jobs: [ListedJobMessage]) {
        self.stuckCount = jobs.count
        self.thresholdMinutes = thresholdMinutes
        self.jobs = jobs
    }

    enum CodingKeys: String, CodingKey {
        case jobs
        case stuckCount = "stuck_count"
        case thresholdMinutes = "threshold_minutes"
    }
}

/// `GET /api/queue/stats`: what was transcribed lately.
package struct QueueStatsResponse: Sendable, Codable, Equatable {
    package struct Window: Sendable, Codable, Equatable {
        package var jobsCompleted: Int
        package var audioMinutesProcessed: Int
        package var totalProcessingSeconds: Int
        package var avgProcessingSeconds: Int
        /// Minutes of audio a minute of work.
        package var throughputRatio: Double

        package init(jobs: Int, audioSeconds: Double, workSeconds: Double) {
            self.jobsCompleted = jobs
            self.audioMinutesProcessed = Int(audioSeconds / 60)
            self.totalProcessingSeconds = Int(workSeconds)
            self.avgProcessingSeconds = jobs == 0 ? 0 : Int(workSeconds / Double(jobs))
            self.throughputRatio = workSeconds <= 0 ? 0 : (audioSeconds / workSeconds * 10).rounded() / 10
        }

        enum CodingKeys: String, CodingKey {
            case jobsCompleted = "jobs_completed"
            case audioMinutesProcessed = "audio_minutes_processed"
            case totalProcessingSeconds = "total_processing_seconds"
            case avgProcessingSeconds = "avg_processing_seconds"
            case throughputRatio = "throughput_ratio"
        }
    }

    package struct NodeShare: Sendable, Codable, Equatable {
        package var nodeID: NodeID
        package var nodeName: String
        package var jobsCompleted: Int
        package var avgProcessingSeconds: Int

        package init(nodeID: NodeID, nodeName: String, jobsCompleted: Int, avgProcessingSeconds: Int) {
            self.nodeID = nodeID
            self.nodeName = nodeName
            self.jobsCompleted = jobsCompleted
            self.avgProcessingSeconds = avgProcessingSeconds
        }

        enum CodingKeys: String, CodingKey {
            case nodeID = "node_id"
            case nodeName = "node_name"
            case jobsCompleted = "jobs_completed"
            case avgProcessingSeconds = "avg_processing_seconds"
        }
    }

    package var lastHour: Window
    package var last24h: Window
    package var byNode24h: [NodeShare]

    package init(lastHour: Window, last24h: Window, byNode24h: [NodeShare]) {
        self.lastHour = lastHour
        self.last24h = last24h
        self.byNode24h = byNode24h
    }

    enum CodingKeys: String, CodingKey {
        case lastHour = "last_hour"
        case last24h = "last_24h"
        case byNode24h = "by_node_24h"
    }
}

/// `GET /api/queue/retranscribe/info/{feed_id}`.
package struct RetranscribeInfoResponse: Sendable, Codable, Equatable {
    /// The model that the feed asks for; "" for whatever its node has.
    package var currentModel: String
    /// Transcripts of ours that another model made.
    package var needsRetranscription: Int

    package init(currentModel: String, needsRetranscription: Int) {
        self.currentModel = currentModel
        self.needsRetranscription = needsRetranscription
    }

    enum CodingKeys: String, CodingKey {
        case currentModel = "current_model"
        case needsRetranscription = "needs_retranscription"
    }
}
