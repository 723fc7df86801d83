import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// The pages that people see, and the forms on them.
struct PageRoutes: Sendable {
    let parts: ServerParts
    let pages: Pages
    private static let pageSize = 50

    func add(to router: Router<AppContext>) {
        router.get("/", use: self.home)
        router.get("/feeds/:feed_id", use: self.feed)
        router.get("/episodes/:episode_id", use: self.episode)
        router.post("/feeds", use: self.addFeed)
        router.post("/feeds/:feed_id/process", use: self.processFeed)
        router.post("/feeds/:feed_id/refresh", use: self.refreshFeed)
        router.post("/episodes/:episode_id/process", use: self.processEpisode)
        router.get("/assets/:name", use: self.asset)
    }

    // MARK: Pages

    @Sendable func home(request: Request, context: AppContext) async throws -> HTML {
        HTML(self.pages.home(try await self.homeView(request), now: self.parts.now()))
    }

    private func homeView(_ request: Request) async throws -> HomeView {
        let counts = try await self.parts.database.jobs.counts()
        return HomeView(
            feeds: try await self.parts.database.feeds.list().map { listed in
                HomeView.FeedRow(
                    id: listed.feed.id, title: listed.feed.displayTitle, author: listed.feed.author,
                    counts: listed.counts, checkedAt: listed.feed.lastPolledAt, problem: listed.feed.lastError)
            },
            running: try await self.parts.database.jobs.running().compactMap { listed in
                guard case .running(let lease) = listed.job.state else { return nil }
                return HomeView.RunningRow(
                    episodeID: listed.job.episodeID, title: listed.episodeTitle, feedTitle: listed.feedTitle,
                    kind: listed.job.kind,
                    node: lease.holder == .server ? nil : listed.nodeName ?? lease.holder.rawValue,
                    percent: lease.hasBegun ? lease.progress : nil, startedAt: lease.since)
            },
            queuedDownloads: counts[.download]?.queued ?? 0,
            queuedTranscriptions: counts[.transcribe]?.queued ?? 0,
            finished: try await self.parts.database.episodes.recentlyFinished(limit: 10).map { done in
                HomeView.FinishedRow(
                    episodeID: done.episode.id, title: done.episode.title, feedTitle: done.feedTitle,
                    finishedAt: done.finishedAt, audioSeconds: done.episode.duration, workSeconds: done.workSeconds)
            },
            nodes: try await self.parts.database.nodes.list().map { node in
                HomeView.NodeRow(
                    name: node.name, status: self.parts.status(of: node), model: node.model,
                    lastHeartbeatAt: node.lastHeartbeatAt)
            },
            serverAddress: "http://\(request.head.authority ?? "127.0.0.1:\(self.parts.configuration.port)")",
            notice: request.queryString("notice"))
    }

    @Sendable func feed(request: Request, context: AppContext) async throws -> HTML {
        let id: FeedID = try context.id("feed_id")
        let feed = try await self.parts.database.feeds.get(id)
        let state = request.queryString("state").flatMap(EpisodeState.init(rawValue:))
        let page = try request.queryInt("page", default: 1, in: 1...1_000_000)
        let (episodes, total) = try await self.parts.database.episodes.list(
            feed: id, state: state, limit: Self.pageSize, offset: (page - 1) * Self.pageSize)
        let active = try await self.parts.database.jobs.active(of: episodes.map(\.id))
        let counts = try await self.parts.database.feeds.counts(of: id)
        return HTML(
            self.pages.feed(
                FeedView(
                    id: id, title: feed.displayTitle, author: feed.author, description: feed.description,
                    link: feed.link, feedAddress: feed.url == Feed.addedURL ? nil : feed.url,
                    checkedAt: feed.lastPolledAt, problem: feed.lastError, counts: counts,
                    episodes: episodes.map { episode in
                        let job = active[episode.id]
                        return FeedView.EpisodeRow(
                            id: episode.id, title: episode.title, publishedAt: episode.publishedAt,
                            duration: episode.duration, state: episode.state, isQueued: job?.isQueued ?? false,
                            percent: job?.percent, problem: episode.error)
                    },
                    page: page, pageCount: max(1, (total + Self.pageSize - 1) / Self.pageSize), state: state,
                    notice: request.queryString("notice")),
                now: self.parts.now()))
    }

    @Sendable func episode(request: Request, context: AppContext) async throws -> HTML {
        let id: EpisodeID = try context.id("episode_id")
        let episode = try await self.parts.database.episodes.get(id)
        let feed = try await self.parts.database.feeds.get(episode.feedID)
        let job = try await self.parts.database.jobs.active(of: [id])[id]
        var node: String?
        if case .running(let lease) = job?.state, lease.holder != .server {
            node = try? await self.parts.database.nodes.get(lease.holder).name
        }
        var problem = episode.error ?? (job?.isQueued == true ? job?.error : nil)
        var transcript: Transcript?
        if episode.transcriptPath != nil {
            do {
                transcript = try TranscriptShelf(storage: self.parts.storage).read(episode)
            } catch let error as CastError {
                problem = error.message
            }
        }
        return HTML(
            self.pages.episode(
                EpisodeView(
                    id: id, title: episode.title, feedID: feed.id, feedTitle: feed.displayTitle,
                    publishedAt: episode.publishedAt, duration: episode.duration, description: episode.description,
                    link: episode.link, state: episode.state, isQueued: job?.isQueued ?? false, percent: job?.percent,
                    node: node, problem: problem, hasAudio: episode.audioPath != nil, transcript: transcript,
                    attempts: try await self.parts.database.episodes.attempts(of: id).map(Self.attempt),
                    notice: request.queryString("notice")),
                now: self.parts.now()))
    }

    private static func attempt(_ attempt: EpisodeStore.Attempt) -> EpisodeView.Attempt {
        let outcome: EpisodeView.Attempt.Outcome =
            switch attempt.outcome {
            case nil: .running
            case "completed": .completed
            case "failed": .failed
            case "expired": .expired
            default: .released
            }
        return EpisodeView.Attempt(
            kind: attempt.kind,
            node: attempt.nodeID == .server ? "this server" : attempt.nodeName ?? "a node that is gone",
            startedAt: attempt.startedAt, endedAt: attempt.endedAt, outcome: outcome, problem: attempt.error)
    }

    // MARK: Forms

    @Sendable func addFeed(request: Request, context: AppContext) async throws -> Response {
        let address = try await request.formField("url", context: context) ?? ""
        do {
            let feed = try await FeedKeeper(parts: self.parts).add(address)
            return Self.redirect(to: "/feeds/\(feed.id)")
        } catch let error as CastError {
            // The page comes back with what was typed, and what was wrong with it.
            var view = try await self.homeView(request)
            view.rejected = (address, error.message)
            let page = HTML(self.pages.home(view, now: self.parts.now()))
            return page.response(status: HTTPResponse.Status(error.code))
        }
    }

    @Sendable func processFeed(request: Request, context: AppContext) async throws -> Response {
        let id: FeedID = try context.id("feed_id")
        let (queued, _) = try await self.parts.database.jobs.enqueueAll(
            .feed(id), self.parts.wish(), at: self.parts.now())
        return Self.redirect(
            to: "/feeds/\(id)", notice: queued == 0 ? "There was nothing to queue." : "Queued \(queued) episodes.")
    }

    @Sendable func refreshFeed(request: Request, context: AppContext) async throws -> Response {
        let id: FeedID = try context.id("feed_id")
        do {
            let (new, _) = try await FeedKeeper(parts: self.parts).refresh(id, queue: Feed.Options.AutoQueue.none)
            return Self.redirect(
                to: "/feeds/\(id)", notice: new == 0 ? "There are no new episodes." : "Found \(new) new episodes.")
        } catch is CastError {
            // The feed has noted the reason, and its page shows it.
            return Self.redirect(to: "/feeds/\(id)")
        }
    }

    @Sendable func processEpisode(request: Request, context: AppContext) async throws -> Response {
        let id: EpisodeID = try context.id("episode_id")
        do {
            // The page offers it for an episode that has a transcript as well: “Transcribe again”.
            _ = try await self.parts.database.jobs.enqueueProcessing(
                of: id, self.parts.wish(again: true), at: self.parts.now())
            return Self.redirect(to: "/episodes/\(id)")
        } catch let error as CastError where error.code != .notFound {
            return Self.redirect(to: "/episodes/\(id)", notice: error.message)
        }
    }

    private static func redirect(to path: String, notice: String? = nil) -> Response {
        var location = path
        if let notice {
            let allowed = CharacterSet.alphanumerics
            location += "?notice=\(notice.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }
        return Response(status: .seeOther, headers: [.location: location])
    }

    // MARK: Files

    @Sendable func asset(request: Request, context: AppContext) async throws -> Response {
        guard let asset = PageFiles.asset(context.parameters.get("name") ?? "") else { throw HTTPError(.notFound) }
        // The address carries the content's hash: what was fetched under it never changes.
        let isVersioned = request.queryString("v") == asset.hash
        return Response(
            status: .ok,
            headers: [
                .contentType: asset.contentType, .xContentTypeOptions: "nosniff",
                .cacheControl: isVersioned ? "public, max-age=31536000, immutable" : "no-cache",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }
}

extension Pages: ErrorPage {}

extension Job {
    var isQueued: Bool {
        if case .queued = self.state { true } else { false }
    }

    /// How far a running job is; nil before it has begun.
    var percent: Int? {
        guard case .running(let lease) = self.state, lease.hasBegun else { return nil }
        return lease.progress
    }
}

extension Request {
    /// A field of a form that was sent as `application/x-www-form-urlencoded`.
    func formField(_ name: String, context: AppContext) async throws -> String? {
        let buffer = try await self.body.collect(upTo: 64 * 1024)
        let text = String(decoding: buffer.readableBytesView, as: UTF8.self)
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, Self.decoded(parts[0]) == name else { continue }
            return Self.decoded(parts[1])
        }
        return nil
    }

    private static func decoded(_ text: Substring) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? String(text)
    }
}
