import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import PodFleet

/// The queue as a whole: many episodes at once, pause and resume, what is stuck, what was done.
extension QueueRoutes {
    func enqueue(_ selection: JobStore.Selection, _ wish: JobStore.Wish) async throws -> BatchResponse {
        let (queued, skipped) = try await self.parts.database.jobs.enqueueAll(selection, wish, at: self.parts.now())
        self.parts.fleet?.wake()
        return BatchResponse(queued: queued, skipped: skipped, message: "Queued \(queued) episodes, skipped \(skipped)")
    }

    /// Makes a feed's transcripts anew.
    @Sendable func retranscribeFeed(request: Request, context: AppContext) async throws -> BatchResponse {
        let (id, newest, priority) = try together(
            Result { try context.id("feed_id", of: FeedID.self) }, Self.newest(request),
            await Self.priority(request, context))
        return try await self.enqueue(
            .feed(id, newest: newest == 0 ? nil : newest), self.parts.wish(priority: priority, again: true))
    }

    @Sendable func processEpisodes(request: Request, context: AppContext) async throws -> BatchResponse {
        let body = try await request.read(BatchEpisodesRequest.self, context: context)
        return try await self.enqueue(.episodes(body.episodeIDs), self.parts.wish(priority: body.priority))
    }

    @Sendable func processRange(request: Request, context: AppContext) async throws -> BatchResponse {
        let body = try await request.read(BatchRangeRequest.self, context: context)
        let (from, until) = try body.days()
        return try await self.enqueue(
            .range(body.feedID, positions: try body.positions(), from: from, until: until),
            self.parts.wish(priority: body.priority))
    }

    @Sendable func cancelQueued(request: Request, context: AppContext) async throws -> BatchResponse {
        let kind = try request.queryEnum("job_type", as: "a job type", of: JobKind.self)
        let feed = try request.queryInt("feed_id", default: 0, in: 0...Int.max)
        let count = try await self.parts.database.jobs.cancelAll(
            kind: kind, feed: feed == 0 ? nil : FeedID(Int64(feed)), at: self.parts.now())
        return BatchResponse(queued: 0, skipped: count, message: "Cancelled \(count) queued jobs")
    }

    @Sendable func removeCompleted(request: Request, context: AppContext) async throws -> BatchResponse {
        let days = try request.queryInt("older_than_days", default: 7, in: 0...36_500)
        let count = try await self.parts.database.jobs.removeCompleted(
            before: self.parts.now() - Double(days) * 86_400)
        return BatchResponse(queued: 0, skipped: count, message: "Removed \(count) completed jobs")
    }

    // MARK: Stuck, all, statistics

    private func threshold(_ request: Request) throws -> Int {
        try request.queryInt(
            "threshold_minutes", default: self.parts.configuration.stuckMinutes, in: 0...100_000)
    }

    /// Takes back what has run for longer than the threshold, without counting a try.
    @Sendable func resetStuck(request: Request, context: AppContext) async throws -> BatchResponse {
        let limit = Double(try self.threshold(request)) * 60
        var count = 0
        for listed in try await self.parts.database.jobs.running() where self.runtime(of: listed.job) ?? 0 >= limit {
            let (verdict, _) = try await self.parts.database.jobs.handle(
                .interrupted, of: listed.job.id, at: self.parts.now())
            if verdict == .changed { count += 1 }
        }
        return BatchResponse(queued: count, skipped: 0, message: "Reset \(count) stuck jobs")
    }

    @Sendable func stuck(request: Request, context: AppContext) async throws -> StuckJobsResponse {
        let minutes = try self.threshold(request)
        let jobs = try await self.messages(try await self.parts.database.jobs.running(), threshold: minutes)
        return StuckJobsResponse(thresholdMinutes: minutes, jobs: jobs.filter(\.isStuck))
    }

    @Sendable func all(request: Request, context: AppContext) async throws -> AllJobsResponse {
        let limit = try request.queryInt("limit", default: 100, in: 1...10_000)
        let state = request.queryString("status")
        guard state == nil || ["queued", "running", "completed", "failed", "stuck"].contains(state) else {
            throw CastError(
                .invalid, "“\(state ?? "")” is not a status. Valid: queued, running, completed, failed, stuck.")
        }
        let kind = try request.queryEnum("job_type", as: "a job type", of: JobKind.self)
        let minutes = self.parts.configuration.stuckMinutes
        let running = try await self.messages(
            try await self.parts.database.jobs.running(kind: kind), threshold: minutes)
        var jobs: [ListedJobMessage] = []
        if state == nil || state == "running" { jobs += running }
        if state == "stuck" { jobs += running.filter(\.isStuck) }
        if state == nil || state == "queued" {
            jobs += try await self.messages(
                try await self.parts.database.jobs.queued(kind: kind, limit: limit), threshold: minutes)
        }
        for ended in ["failed", "completed"] where state == nil || state == ended {
            jobs += try await self.messages(
                try await self.parts.database.jobs.ended(ended, kind: kind, limit: limit), threshold: minutes)
        }
        return AllJobsResponse(
            total: jobs.count, stuckCount: running.count(where: \.isStuck), jobs: Array(jobs.prefix(limit)))
    }

    private func runtime(of job: Job) -> TimeInterval? {
        guard case .running(let lease) = job.state else { return nil }
        return self.parts.now().timeIntervalSince(lease.since)
    }

    private func messages(_ listed: [JobStore.Listed], threshold: Int) async throws -> [ListedJobMessage] {
        let tries = try await self.parts.secondTries(of: listed.map(\.job))
        let models = try await self.parts.connectedModels()
        return listed.map { listed in
            let runtime = self.runtime(of: listed.job)
            return ListedJobMessage(
                listed.job, episodeTitle: listed.episodeTitle, podcastTitle: listed.feedTitle,
                nodeName: listed.nodeName, isStuck: (runtime ?? -1) >= Double(threshold) * 60,
                runtimeSeconds: runtime.map { Int($0) }, waitsFor: self.reason(listed.job, models),
                secondTry: tries[listed.job.episodeID])
        }
    }

    /// Why a queued job is not being done.
    private func reason(_ job: Job, _ models: [String?]) -> String? {
        guard case .queued(let notBefore) = job.state else { return nil }
        if notBefore > self.parts.now() {
            return job.error == nil ? "It was put off for a moment." : "It failed and is tried again later."
        }
        if let model = job.model {
            return models.contains(model)
                ? "It waits for a node with the model \(model)."
                : "It waits for a node with the model \(model); none is connected."
        }
        switch job.kind {
        case .transcribe: return "It waits for a node."
        case .download, .transcriptDownload: return "It waits for its turn."
        }
    }

    @Sendable func stats(request: Request, context: AppContext) async throws -> QueueStatsResponse {
        let now = self.parts.now()
        let day = try await self.parts.database.jobs.transcribed(since: now - 86_400)
        let hour = day.filter { $0.endedAt >= now - 3600 }
        let window = { (done: [JobStore.Transcribed]) in
            QueueStatsResponse.Window(
                jobs: done.count, audioSeconds: done.reduce(0) { $0 + ($1.audioSeconds ?? 0) },
                workSeconds: done.reduce(0) { $0 + $1.workSeconds })
        }
        let nodes = Dictionary(grouping: day, by: \.nodeID).map { id, done in
            QueueStatsResponse.NodeShare(
                nodeID: id, nodeName: done.first?.nodeName ?? id.rawValue, jobsCompleted: done.count,
                avgProcessingSeconds: Int(done.reduce(0) { $0 + $1.workSeconds } / Double(done.count)))
        }
        return QueueStatsResponse(
            lastHour: window(hour), last24h: window(day),
            byNode24h: nodes.sorted { ($1.jobsCompleted, $0.nodeName) < ($0.jobsCompleted, $1.nodeName) })
    }

    @Sendable func retranscribeInfo(request: Request, context: AppContext) async throws -> RetranscribeInfoResponse {
        let feed = try await self.parts.database.feeds.get(try context.id("feed_id"))
        let count = try await self.parts.database.episodes.madeByOthers(
            than: feed.options.model, feed: feed.id)
        return RetranscribeInfoResponse(currentModel: feed.options.model ?? "", needsRetranscription: count)
    }

    // MARK: Pause, order, removal

    @Sendable func paused(request: Request, context: AppContext) async throws -> PausesResponse {
        PausesResponse(
            try await self.parts.database.jobs.pauses().map {
                PausesResponse.Pause(jobType: $0.kind, since: $0.since, reason: $0.reason)
            })
    }

    @Sendable func pause(request: Request, context: AppContext) async throws -> PausesResponse {
        let body = try await request.readIfAny(PauseRequest.self, context: context) ?? PauseRequest()
        try await self.parts.database.jobs.pause(
            try Self.kinds(body), reason: body.reason, at: self.parts.now())
        return try await self.paused(request: request, context: context)
    }

    @Sendable func resume(request: Request, context: AppContext) async throws -> PausesResponse {
        let body = try await request.readIfAny(PauseRequest.self, context: context) ?? PauseRequest()
        try await self.parts.database.jobs.resume(try Self.kinds(body), at: self.parts.now())
        self.parts.fleet?.wake()
        return try await self.paused(request: request, context: context)
    }

    private static func kinds(_ body: PauseRequest) throws -> [JobKind] {
        try body.jobType.map { [try Choice.read($0, as: "a job type", of: JobKind.self)] } ?? JobKind.allCases
    }

    @Sendable func moveUp(request: Request, context: AppContext) async throws -> QueuedResponse {
        let id: JobID = try context.id("job_id")
        try await self.parts.database.jobs.moveUp(id, at: self.parts.now())
        return QueuedResponse(message: "Job moved to the front", jobID: id)
    }

    @Sendable func remove(request: Request, context: AppContext) async throws -> QueuedResponse {
        let id: JobID = try context.id("job_id")
        try await self.parts.database.jobs.remove(id, at: self.parts.now())
        return QueuedResponse(message: "Job deleted", jobID: id)
    }
}

extension AllJobsResponse: ResponseEncodable {}
extension StuckJobsResponse: ResponseEncodable {}
extension QueueStatsResponse: ResponseEncodable {}
extension RetranscribeInfoResponse: ResponseEncodable {}
extension PausesResponse: ResponseEncodable {}
