package import CastCore
package import Foundation

/// A job as the wire has it.
package struct JobMessage: Sendable, Codable, Equatable {
    package var id: JobID
    package var episodeID: EpisodeID
    package var jobType: JobKind
    package var priority: Int
    /// `queued`, `running`, `completed` or `failed`.
    package var status: String
    package var attempts: Int
    package var maxAttempts: Int
    package var scheduledAt: WireDate
    @Null package var startedAt: WireDate?
    @Null package var completedAt: WireDate?
    @Null package var nextRetryAt: WireDate?
    @Null package var errorMessage: String?
    package var createdAt: WireDate
    /// Only nodes with this model get it; left out where any may have it.
    package var model: String?
    /// Left out where it is none.
    package var secondTry: SecondTryReason?

    /// - Parameters:
    ///   - startedAt: When the last try at the job began, for one that no longer runs; a running one knows.
    ///   - secondTry: The second try that it is.
    package init(_ job: Job, startedAt: Date? = nil, secondTry: SecondTry? = nil) {
        self.model = job.model
        self.secondTry = SecondTryReason(job, secondTry)
        self.id = job.id
        self.episodeID = job.episodeID
        self.jobType = job.kind
        self.priority = job.priority
        self.attempts = job.attempts
        self.maxAttempts = job.maxAttempts
        self.scheduledAt = WireDate(job.scheduledAt)
        self.createdAt = WireDate(job.createdAt)
        self._errorMessage = Null(wrappedValue: job.error)
        self._startedAt = Null(wrappedValue: WireDate(startedAt))
        self._completedAt = Null(wrappedValue: nil)
        self._nextRetryAt = Null(wrappedValue: nil)
        switch job.state {
        case .queued(let notBefore):
            self.status = "queued"
            // Only a job that failed before waits for a time of its own.
            self.nextRetryAt = notBefore > job.scheduledAt && job.error != nil ? WireDate(notBefore) : nil
        case .running(let lease):
            self.status = "running"
            self.startedAt = WireDate(lease.since)
        case .completed(_, let date):
            self.status = "completed"
            self.completedAt = WireDate(date)
        case .failed(let date):
            self.status = "failed"
            self.completedAt = WireDate(date)
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, priority, status, attempts, model
        case secondTry = "second_try"
        case episodeID = "episode_id"
        case jobType = "job_type"
        case maxAttempts = "max_attempts"
        case scheduledAt = "scheduled_at"
        case startedAt = "started_at"
        case completedAt = "completed_at"
        case nextRetryAt = "next_retry_at"
        case errorMessage = "error_message"
        case createdAt = "created_at"
    }
}

/// `GET /api/queue`.
package struct JobListResponse: Sendable, Codable, Equatable {
    package var jobs: [JobMessage]

    package init(_ jobs: [JobMessage]) { self.jobs = jobs }
}

/// `GET /api/queue/status`.
package struct QueueStatusResponse: Sendable, Codable, Equatable {
    package struct Entry: Sendable, Codable, Equatable {
        package var jobID: JobID
        package var episodeID: EpisodeID
        package var episodeTitle: String
        package var priority: Int
        /// Percent; only of a running job.
        package var progress: Int?
        /// Who holds it; only of a running job.
        package var nodeName: String?
        package var startedAt: WireDate?
        /// Only nodes with this model get it.
        package var model: String?
        /// Why there is a second try; left out where it is none.
        package var secondTry: SecondTryReason?

        package init(
            jobID: JobID, episodeID: EpisodeID, episodeTitle: String, priority: Int, progress: Int? = nil,
            nodeName: String? = nil, startedAt: WireDate? = nil, model: String? = nil,
            secondTry: SecondTryReason? = nil
        ) {
            self.model = model
            self.secondTry = secondTry
            self.jobID = jobID
            self.episodeID = episodeID
            self.episodeTitle = episodeTitle
            self.priority = priority
            self.progress = progress
            self.nodeName = nodeName
            self.startedAt = startedAt
        }

        enum CodingKeys: String, CodingKey {
            case priority, progress, model
            case secondTry = "second_try"
            case jobID = "job_id"
            case episodeID = "episode_id"
            case episodeTitle = "episode_title"
            case nodeName = "node_name"
            case startedAt = "started_at"
        }
    }

    package struct Lane: Sendable, Codable, Equatable {
        package var queued = 0
        package var running = 0
        package var completed = 0
        package var failed = 0
        package var runningJobs: [Entry] = []
        /// The next twenty at most.
        package var queuedJobs: [Entry] = []

        package init() {}

        enum CodingKeys: String, CodingKey {
            case queued, running, completed, failed
            case runningJobs = "running_jobs"
            case queuedJobs = "queued_jobs"
        }
    }

    package var running: Bool
    package var downloadWorkers: Int
    package var transcriptDownloadWorkers: Int
    package var transcribeWorkers: Int
    package var transcribeWorkersStandby: Bool
    package var embedWorkers: Int
    package var downloadQueue: Lane
    package var transcriptDownloadQueue: Lane
    package var transcribeQueue: Lane
    package var embedQueue: Lane
    /// The kinds of which nothing is handed out until a person says so.
    package var paused: [JobKind]

    /// - Parameter transcribeWorkers: Nodes that are online or busy; the server itself does not transcribe.
    package init(
        downloadWorkers: Int, transcriptDownloadWorkers: Int, transcribeWorkers: Int, download: Lane,
        transcriptDownload: Lane, transcribe: Lane, paused: [JobKind]
    ) {
        self.running = true
        self.downloadWorkers = downloadWorkers
        self.transcriptDownloadWorkers = transcriptDownloadWorkers
        self.transcribeWorkers = transcribeWorkers
        self.transcribeWorkersStandby = false
        self.embedWorkers = 0
        self.downloadQueue = download
        self.transcriptDownloadQueue = transcriptDownload
        self.transcribeQueue = transcribe
        self.embedQueue = Lane()
        self.paused = paused
    }

    enum CodingKeys: String, CodingKey {
        case running, paused
        case downloadWorkers = "download_workers"
        case transcriptDownloadWorkers = "transcript_download_workers"
        case transcribeWorkers = "transcribe_workers"
        case transcribeWorkersStandby = "transcribe_workers_standby"
        case embedWorkers = "embed_workers"
        case downloadQueue = "download_queue"
        case transcriptDownloadQueue = "transcript_download_queue"
        case transcribeQueue = "transcribe_queue"
        case embedQueue = "embed_queue"
    }
}

/// What queueing one thing is answered with.
package struct QueuedResponse: Sendable, Codable, Equatable {
    package var message: String
    package var jobID: JobID

    package init(message: String, jobID: JobID) {
        self.message = message
        self.jobID = jobID
    }

    enum CodingKeys: String, CodingKey {
        case message
        case jobID = "job_id"
    }
}

/// What queueing many things is answered with.
package struct BatchResponse: Sendable, Codable, Equatable {
    package var queued: Int
    package var skipped: Int
    package var message: String

    package init(queued: Int, skipped: Int, message: String) {
        self.queued = queued
        self.skipped = skipped
        self.message = message
    }
}

/// The optional body of the queueing routes.
package struct PriorityRequest: Sendable, Codable, Equatable, ReadableBody {
    /// Lower goes first.
    package var priority: Int

    package init(priority: Int = 10) { self.priority = priority }

    package init(from fields: inout FieldReader) { self.init(priority: fields.int("priority", default: 10)) }
}
