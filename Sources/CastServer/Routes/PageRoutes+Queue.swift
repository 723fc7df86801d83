import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import PodFleet

/// The queue's page, and the forms on it.
extension PageRoutes {
    func addQueue(to router: Router<AppContext>) {
        let queue = router.group("/queue")
        queue.get(use: self.queue)
        queue.post("retry", use: self.retryAll)
        queue.post(":kind/pause", use: self.pause)
        queue.post(":kind/resume", use: self.resume)
        queue.get(":kind/cancel", use: self.askToCancel)
        queue.post(":kind/cancel", use: self.cancelWaiting)
        queue.post("jobs/:job_id/retry", use: self.retryJob)
        queue.post("jobs/:job_id/first", use: self.moveToFront)
        queue.post("jobs/:job_id/cancel", use: self.cancelJob)
    }

    /// In the order in which an episode passes them.
    private static let kinds: [JobKind] = [.download, .transcriptDownload, .transcribe]
    private static let finishedShown = 10

    @Sendable func queue(request: Request, context: AppContext) async throws -> HTML {
        let now = self.parts.now()
        let jobs = self.parts.database.jobs
        let counts = try await jobs.counts()
        let pauses = try await jobs.pauses()
        var lanes: [QueuePageView.Lane] = []
        for kind in Self.kinds {
            lanes.append(
                QueuePageView.Lane(
                    kind: kind, pause: pauses.first { $0.kind == kind },
                    running: try await self.rows(try await jobs.running(kind: kind)),
                    waiting: try await self.rows(try await jobs.queued(kind: kind, limit: Self.pageSize)),
                    waitingTotal: counts[kind]?.queued ?? 0))
        }
        let waiting = try await jobs.waiting()
        let done = try await jobs.transcribed(since: now - QueueForecast.window).map {
            QueueForecast.Done(endedAt: $0.endedAt, audioSeconds: $0.audioSeconds, workSeconds: $0.workSeconds)
        }
        let failed = try await jobs.givenUp(limit: Self.pageSize)
        let view = QueuePageView(
            lanes: lanes, waiting: waiting, forecast: QueueForecast(waiting: waiting, done: done, now: now),
            failed: try await self.rows(failed.jobs), failedTotal: failed.total,
            finished: try await self.finished(limit: Self.finishedShown),
            models: try await self.parts.connectedModels(),
            wantedModels: try await jobs.wantedModels(), notice: request.fields["notice"])
        return HTML(self.pages.queue(view, now: now))
    }

    private func rows(_ listed: [JobStore.Listed]) async throws -> [QueuePageView.Row] {
        let tries = try await self.parts.secondTries(of: listed.map(\.job))
        return listed.map { Self.row($0, tries[$0.job.episodeID]) }
    }

    private static func row(_ listed: JobStore.Listed, _ secondTry: SecondTry?) -> QueuePageView.Row {
        var node: String?
        if case .running(let lease) = listed.job.state, lease.holder != .server {
            node = listed.nodeName ?? lease.holder.rawValue
        }
        return QueuePageView.Row(
            job: listed.job, title: listed.episodeTitle, feedTitle: listed.feedTitle, node: node,
            secondTry: secondTry)
    }

    // MARK: Forms

    private static func kind(_ context: AppContext) throws -> JobKind {
        guard let kind = context.parameters.get("kind").flatMap(JobKind.init(rawValue:)) else {
            throw HTTPError(.notFound)
        }
        return kind
    }

    @Sendable func pause(request: Request, context: AppContext) async throws -> Response {
        try await self.parts.database.jobs.pause([try Self.kind(context)], reason: nil, at: self.parts.now())
        return Self.redirect(to: "/queue")
    }

    @Sendable func resume(request: Request, context: AppContext) async throws -> Response {
        try await self.parts.database.jobs.resume([try Self.kind(context)], at: self.parts.now())
        self.parts.fleet?.wake()
        return Self.redirect(to: "/queue")
    }

    @Sendable func askToCancel(request: Request, context: AppContext) async throws -> HTML {
        let kind = try Self.kind(context)
        let count = try await self.parts.database.jobs.counts()[kind]?.queued ?? 0
        return HTML(self.pages.cancelWaiting(kind, count: count))
    }

    @Sendable func cancelWaiting(request: Request, context: AppContext) async throws -> Response {
        let count = try await self.parts.database.jobs.cancelAll(kind: try Self.kind(context), at: self.parts.now())
        return Self.redirect(
            to: "/queue", notice: "\(PageText.count(count, "job is", "jobs are")) taken out of the queue.")
    }

    @Sendable func retryAll(request: Request, context: AppContext) async throws -> Response {
        let count = try await self.parts.database.jobs.retryAllFailed(at: self.parts.now())
        self.parts.fleet?.wake()
        return Self.redirect(to: "/queue", notice: "\(PageText.count(count, "job is", "jobs are")) in the queue again.")
    }

    @Sendable func retryJob(request: Request, context: AppContext) async throws -> Response {
        let id: JobID = try context.id("job_id")
        return try await self.act("It is in the queue again.") {
            try await self.parts.database.jobs.retry(id, at: self.parts.now())
        }
    }

    @Sendable func moveToFront(request: Request, context: AppContext) async throws -> Response {
        let id: JobID = try context.id("job_id")
        return try await self.act("It is the next one now.") {
            try await self.parts.database.jobs.moveUp(id, at: self.parts.now())
        }
    }

    @Sendable func cancelJob(request: Request, context: AppContext) async throws -> Response {
        let id: JobID = try context.id("job_id")
        return try await self.act("It is taken out of the queue.") {
            try await self.parts.database.jobs.cancel(id, at: self.parts.now())
        }
    }

    /// Does something with a job; the page it was asked on may be older than what became of the job since.
    private func act(_ done: String, _ body: () async throws -> Void) async throws -> Response {
        do {
            try await body()
            return Self.redirect(to: "/queue", notice: done)
        } catch let error as CastError where error.code == .notFound {
            return Self.redirect(to: "/queue", notice: "That job is not in the queue any more.")
        } catch let error as CastError where error.code == .conflict {
            return Self.redirect(to: "/queue", notice: error.message)
        }
    }
}
