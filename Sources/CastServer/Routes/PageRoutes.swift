import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// The pages that people see, and the forms on them.
struct PageRoutes: Sendable {
    let parts: ServerParts
    let pages: Pages
    static let pageSize = 50

    func add(to router: Router<AppContext>) {
        router.get("/", use: self.home)
        router.get("/feeds/:feed_id", use: self.feed)
        router.get("/episodes/:episode_id", use: self.episode)
        router.post("/feeds", use: self.addFeed)
        router.post("/feeds/:feed_id/process", use: self.processFeed)
        router.post("/feeds/:feed_id/refresh", use: self.refreshFeed)
        router.post("/episodes/:episode_id/process", use: self.processEpisode)
        router.post("/feeds/:feed_id/settings", use: self.changeFeed)
        router.get("/search", use: self.search)
        self.addQueue(to: router)
        self.addSettings(to: router)
        self.addPods(to: router)
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
                    percent: lease.hasBegun ? lease.progress : nil, startedAt: lease.since,
                    isSecondTry: listed.job.isSecondTry)
            },
            queuedDownloads: counts[.download]?.queued ?? 0,
            queuedTranscriptions: counts[.transcribe]?.queued ?? 0,
            finished: try await self.finished(limit: 10),
            nodes: try await self.parts.database.nodes.list().map { node in
                HomeView.NodeRow(
                    name: node.name, status: self.parts.status(of: node), model: node.model,
                    lastHeartbeatAt: node.lastHeartbeatAt,
                    slowest: self.parts.stages.word(of: node.id)?.slowest)
            },
            serverAddress: "http://\(request.head.authority ?? "127.0.0.1:\(self.parts.configuration.port)")",
            notice: request.queryString("notice"))
    }

    /// The episodes that were transcribed last.
    func finished(limit: Int) async throws -> [HomeView.FinishedRow] {
        try await self.parts.database.episodes.recentlyFinished(limit: limit).map { done in
            HomeView.FinishedRow(
                episodeID: done.episode.id, title: done.episode.title, feedTitle: done.feedTitle,
                finishedAt: done.finishedAt, audioSeconds: done.episode.duration, workSeconds: done.workSeconds)
        }
    }

    // MARK: Forms

    @Sendable func addFeed(request: Request, context: AppContext) async throws -> Response {
        let address = try await request.postedFields()["url"] ?? ""
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

    static func redirect(to path: String, notice: String? = nil) -> Response {
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
