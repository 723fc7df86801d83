import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// The queue: what is in it, putting things in, taking things out.
struct QueueRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let queue = router.group("/api/queue")
        queue.get(use: self.list)
        queue.get("status", use: self.status)
        queue.post("episodes/:episode_id/process", use: self.process)
        queue.post("episodes/:episode_id/transcribe", use: self.transcribe)
        queue.post("episodes/:episode_id/retranscribe", use: self.transcribe)
        queue.post("episodes/:episode_id/download", use: self.download)
        queue.post("batch/feed/:feed_id/process", use: self.processFeed)
        queue.post("batch/all/process", use: self.processAll)
        queue.post("batch/retry-failed", use: self.retryFailed)
        queue.post("batch/feed/:feed_id/transcribe", use: self.processFeed)
        queue.post("batch/feed/:feed_id/transcript-download", use: self.processFeed)
        queue.post("batch/feed/:feed_id/retranscribe", use: self.retranscribeFeed)
        queue.post("batch/episodes", use: self.processEpisodes)
        queue.post("batch/range", use: self.processRange)
        queue.post("batch/reset-stuck", use: self.resetStuck)
        queue.delete("batch/queued", use: self.cancelQueued)
        queue.delete("batch/completed", use: self.removeCompleted)
        queue.get("retranscribe/info/:feed_id", use: self.retranscribeInfo)
        queue.post("episodes/:episode_id/transcript-download", use: self.process)
        queue.post("episodes/:episode_id/force-transcript-retry", use: self.transcribe)
        queue.get("stuck", use: self.stuck)
        queue.get("all", use: self.all)
        queue.get("stats", use: self.stats)
        queue.get("paused", use: self.paused)
        queue.post("pause", use: self.pause)
        queue.post("resume", use: self.resume)
        queue.post(":job_id/move-up", use: self.moveUp)
        queue.delete(":job_id/force", use: self.remove)
        queue.get(":job_id", use: self.get)
        queue.post(":job_id/retry", use: self.retry)
        queue.post(":job_id/reset", use: self.reset)
        queue.delete(":job_id", use: self.cancel)
    }

    @Sendable func list(request: Request, context: AppContext) async throws -> JobListResponse {
        let kind = try request.queryEnum("job_type", as: "a job type", of: JobKind.self)
        let limit = try request.queryInt("limit", default: 100, in: 1...10_000)
        let jobs = try await self.parts.database.jobs.queued(kind: kind, dueAt: self.parts.now(), limit: limit)
        let tries = try await self.parts.secondTries(of: jobs.map(\.job))
        return JobListResponse(jobs.map { JobMessage($0.job, secondTry: tries[$0.job.episodeID]) })
    }

    @Sendable func status(request: Request, context: AppContext) async throws -> QueueStatusResponse {
        let nodes = try await self.parts.database.nodes.list().filter { self.parts.status(of: $0) != .offline }
        let counts = try await self.parts.database.jobs.counts()
        return QueueStatusResponse(
            downloadWorkers: self.parts.configuration.maxConcurrentDownloads,
            transcriptDownloadWorkers: self.parts.configuration.maxTranscriptDownloads,
            transcribeWorkers: nodes.count, download: try await self.lane(.download, counts[.download]),
            transcriptDownload: try await self.lane(.transcriptDownload, counts[.transcriptDownload]),
            transcribe: try await self.lane(.transcribe, counts[.transcribe]),
            paused: try await self.parts.database.jobs.pauses().map(\.kind))
    }

    private func lane(_ kind: JobKind, _ counts: JobStore.Counts?) async throws -> QueueStatusResponse.Lane {
        var lane = QueueStatusResponse.Lane()
        if let counts {
            lane.queued = counts.queued
            lane.running = counts.running
            lane.completed = counts.completed
            lane.failed = counts.failed
        }
        let running = try await self.parts.database.jobs.running(kind: kind)
        let queued = try await self.parts.database.jobs.queued(kind: kind, limit: 20)
        let tries = try await self.parts.secondTries(of: (running + queued).map(\.job))
        lane.runningJobs = running.map { Self.entry($0, tries) }
        lane.queuedJobs = queued.map { Self.entry($0, tries) }
        return lane
    }

    private static func entry(
        _ listed: JobStore.Listed, _ tries: [EpisodeID: SecondTry]
    ) -> QueueStatusResponse.Entry {
        var entry = QueueStatusResponse.Entry(
            jobID: listed.job.id, episodeID: listed.job.episodeID, episodeTitle: listed.episodeTitle,
            priority: listed.job.priority, model: listed.job.model,
            secondTry: SecondTryReason(listed.job, tries[listed.job.episodeID]))
        if case .running(let lease) = listed.job.state {
            entry.progress = lease.progress
            entry.nodeName = listed.nodeName ?? lease.holder.rawValue
            entry.startedAt = WireDate(lease.since)
        }
        return entry
    }

    @Sendable func process(request: Request, context: AppContext) async throws -> QueuedResponse {
        let (id, priority) = try await self.read("episode_id", of: EpisodeID.self, request, context)
        let job = try await self.parts.database.jobs.enqueueProcessing(
            of: id, self.parts.wish(priority: priority), at: self.parts.now())
        return QueuedResponse(message: "Episode queued for processing", jobID: job)
    }

    /// Queues the recognition of audio that is here; also when there is a transcript already.
    @Sendable func transcribe(request: Request, context: AppContext) async throws -> QueuedResponse {
        let (id, priority) = try await self.read("episode_id", of: EpisodeID.self, request, context)
        let job = try await self.parts.database.jobs.enqueueProcessing(
            of: id, self.parts.wish(priority: priority, again: true), at: self.parts.now())
        return QueuedResponse(message: "Episode queued for transcription", jobID: job)
    }

    @Sendable func download(request: Request, context: AppContext) async throws -> QueuedResponse {
        let (id, priority) = try await self.read("episode_id", of: EpisodeID.self, request, context)
        let episode = try await self.parts.database.episodes.get(id)
        guard episode.audioPath == nil else { throw CastError(.conflict, "The audio is here already.") }
        guard episode.audioURL != nil else { throw CastError(.invalid, "Episode has no address to fetch audio from.") }
        let job = try await self.parts.database.jobs.enqueue(
            .download, for: episode.id, self.parts.wish(priority: priority), at: self.parts.now())
        return QueuedResponse(message: "Episode queued for download", jobID: job)
    }

    /// Queues a feed's episodes; `?newest=3` takes only so many, counted from the newest.
    @Sendable func processFeed(request: Request, context: AppContext) async throws -> BatchResponse {
        let (id, newest, priority) = try together(
            Result { try context.id("feed_id", of: FeedID.self) }, Self.newest(request),
            await Self.priority(request, context))
        return try await self.processAll(feed: id, newest: newest, priority: priority)
    }

    @Sendable func processAll(request: Request, context: AppContext) async throws -> BatchResponse {
        let (newest, priority) = try together(Self.newest(request), await Self.priority(request, context))
        return try await self.processAll(feed: nil, newest: newest, priority: priority)
    }

    private func processAll(feed: FeedID?, newest: Int, priority: Int) async throws -> BatchResponse {
        let limit = newest == 0 ? nil : newest
        let selection: JobStore.Selection =
            if let feed { .feed(feed, newest: limit) } else if let limit { .newestOfAll(limit) } else { .all }
        return try await self.enqueue(selection, self.parts.wish(priority: priority))
    }

    static func newest(_ request: Request) -> Result<Int, any Error> {
        Result { try request.queryInt("newest", default: 0, in: 0...10_000_000) }
    }

    static func priority(_ request: Request, _ context: AppContext) async -> Result<Int, any Error> {
        await .of { try await request.readIfAny(PriorityRequest.self, context: context)?.priority ?? 10 }
    }

    /// The number in the path, and the priority in the body if there is one.
    private func read<Subject>(
        _ name: String, of type: Identifier<Subject>.Type, _ request: Request, _ context: AppContext
    ) async throws -> (Identifier<Subject>, Int) {
        try together(Result { try context.id(name, of: type) }, await Self.priority(request, context))
    }

    @Sendable func retryFailed(request: Request, context: AppContext) async throws -> BatchResponse {
        let count = try await self.parts.database.jobs.retryAllFailed(at: self.parts.now())
        return BatchResponse(queued: count, skipped: 0, message: "Queued \(count) failed jobs again")
    }

    @Sendable func get(request: Request, context: AppContext) async throws -> JobMessage {
        let id: JobID = try context.id("job_id")
        let job = try await self.parts.database.jobs.get(id)
        let secondTry = try await self.parts.secondTries(of: [job])[job.episodeID]
        switch job.state {
        case .queued, .running: return JobMessage(job, secondTry: secondTry)
        case .completed, .failed:
            return JobMessage(
                job, startedAt: try await self.parts.database.jobs.lastStart(of: id), secondTry: secondTry)
        }
    }

    @Sendable func retry(request: Request, context: AppContext) async throws -> QueuedResponse {
        let id: JobID = try context.id("job_id")
        do {
            try await self.parts.database.jobs.retry(id, at: self.parts.now())
        } catch let error as CastError where error.code == .conflict {
            // What is left of the conflicts is another job for the same work.
            if case .failed = try await self.parts.database.jobs.get(id).state { throw error }
            throw CastError(.invalid, error.message)
        }
        return QueuedResponse(message: "Job queued for retry", jobID: id)
    }

    @Sendable func reset(request: Request, context: AppContext) async throws -> QueuedResponse {
        let id: JobID = try context.id("job_id")
        let (verdict, _) = try await self.parts.database.jobs.handle(.interrupted, of: id, at: self.parts.now())
        guard verdict == .changed else { throw CastError(.invalid, "Only a running job can be reset.") }
        return QueuedResponse(message: "Job reset to queued", jobID: id)
    }

    @Sendable func cancel(request: Request, context: AppContext) async throws -> QueuedResponse {
        let id: JobID = try context.id("job_id")
        do {
            try await self.parts.database.jobs.cancel(id, at: self.parts.now())
        } catch let error as CastError where error.code == .conflict {
            throw CastError(.invalid, error.message)
        }
        return QueuedResponse(message: "Job cancelled", jobID: id)
    }
}
