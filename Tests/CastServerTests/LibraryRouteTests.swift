import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import Testing

@Suite struct LibraryRouteTests {
    static func podcasts(_ episodes: [EpisodeDraft]) -> PodcastSource {
        var podcasts = PodcastSource.unimplemented
        podcasts.fetchFeed = { question in
            question.etag == "v1"
                ? .notModified()
                : .document(.init(feed: FeedDraft(title: "Pilots"), episodes: episodes, etag: "v1"))
        }
        return podcasts
    }

    @Test func `a feed is added once, with its episodes`() async throws {
        let episodes = [EpisodeDraft(guid: "1", title: "One", audioURL: "https://a.example/1.mp3")]
        try await ServerFixture.run(podcasts: Self.podcasts(episodes)) { server in
            let body = #"{"url":"https://a.example/feed.xml"}"#
            let added = try await server.send(.post, "/api/feeds", body)
            #expect(added.status == 201)
            let feed = try added.decode(FeedMessage.self)
            #expect(feed.displayTitle == "Pilots")
            #expect(feed.episodeCount == 1)
            let again = try await server.send(.post, "/api/feeds", body)
            #expect(again.status == 409)
            #expect(again.detail == "Feed already exists")
            let refreshed = try await server.send(.post, "/api/feeds/\(feed.id)/refresh").decode(RefreshResponse.self)
            #expect(refreshed.newEpisodes == 0)
            let list = try await server.send(.get, "/api/feeds/\(feed.id)/episodes").decode(EpisodeListResponse.self)
            #expect(list.total == 1)
            #expect(list.episodes.first?.status == .new)
            #expect(try await server.send(.delete, "/api/feeds/\(feed.id)").status == 200)
            #expect(try await server.send(.get, "/api/feeds/\(feed.id)").status == 404)
        }
    }

    @Test func `a refresh that fails is remembered at the feed`() async throws {
        var podcasts = Self.podcasts([])
        podcasts.fetchFeed = { question in
            let etag = question.etag
            guard etag == nil else { throw CastError(.gone, "The feed is gone (410).") }
            return .document(.init(feed: FeedDraft(title: "Pilots"), episodes: [], etag: "v1"))
        }
        try await ServerFixture.run(podcasts: podcasts) { server in
            let feed = try await server.send(.post, "/api/feeds", #"{"url":"https://a.example/f"}"#).decode(
                FeedMessage.self)
            #expect(try await server.send(.post, "/api/feeds/\(feed.id)/refresh").status == 400)
            let seen = try await server.send(.get, "/api/feeds/\(feed.id)").decode(FeedMessage.self)
            #expect(seen.lastError == "The feed is gone (410).")
        }
    }

    @Test func `a file that is handed in becomes an episode with audio`() async throws {
        try await ServerFixture.run { server in
            let answer = try await server.send(
                .post, "/api/episodes/upload?filename=My%20Talk.ogg", "audio", headers: [.contentType: "audio/ogg"])
            #expect(answer.status == 201)
            let episode = try answer.decode(EpisodeMessage.self)
            #expect(episode.title == "My Talk")
            #expect(episode.status == .audioReady)
            #expect(try String(contentsOfFile: episode.audioPath ?? "", encoding: .utf8) == "audio")
            let audio = try await server.send(.get, "/api/episodes/\(episode.id)/audio")
            #expect(audio.headers[.contentType] == "audio/ogg")
            let empty = try await server.send(.post, "/api/episodes/upload?filename=x.mp3")
            #expect(empty.status == 400)
            let files = try FileManager.default.subpathsOfDirectory(atPath: server.parts.storage.root.path)
            #expect(files.filter { $0.hasSuffix(".tmp") }.isEmpty)
        }
    }

    @Test func `two uploads of one name on one day keep both files`() async throws {
        try await ServerFixture.run { server in
            let one = try await server.makeQueuedEpisode("Same", audio: "one")
            let two = try await server.makeQueuedEpisode("Same", audio: "two")
            #expect(one.audioPath != two.audioPath)
            #expect(try server.parts.storage.read(one.audioPath ?? "") == Data("one".utf8))
        }
    }

    @Test func `the queue's status has the protocol's shape`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode("One")
            _ = try await server.makeQueuedEpisode("Two", audio: "two")
            let node = try await server.register()
            _ = try await server.claim(node)
            let status = try await server.send(.get, "/api/queue/status").decode(QueueStatusResponse.self)
            #expect(status.transcribeQueue.running == 1)
            #expect(status.transcribeQueue.runningJobs.first?.episodeTitle == "One")
            #expect(status.transcribeQueue.runningJobs.first?.nodeName == "home")
            #expect(status.transcribeQueue.queuedJobs.map(\.episodeTitle) == ["Two"])
            #expect(status.transcribeWorkers == 1)
        }
    }

    @Test func `a queued job can be cancelled, a running one reset, a failed one retried`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode("One")
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            #expect(try await server.send(.delete, "/api/queue/\(job)").status == 400)
            #expect(try await server.send(.post, "/api/queue/\(job)/reset").status == 200)
            _ = try await server.claim(node)
            _ = try await server.send(
                .post, "/api/nodes/jobs/\(job)/fail", key: node.apiKey, #"{"error_message":"no","retry":false}"#)
            #expect(try await server.send(.get, "/api/queue/\(job)").decode(JobMessage.self).status == "failed")
            #expect(try await server.send(.post, "/api/queue/\(job)/retry").status == 200)
            #expect(try await server.send(.delete, "/api/queue/\(job)").status == 200)
            #expect(try await server.send(.get, "/api/queue/\(job)").status == 404)
        }
    }

    @Test func `the page's button transcribes an episode again`() async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode("One")
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            _ = try await server.send(
                .post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, #"{"transcript_text":"x"}"#)
            let answer = try await server.send(.post, "/episodes/\(episode.id)/process")
            #expect(answer.status == 303)
            #expect(answer.headers[.location] == "/episodes/\(episode.id)")
            #expect(try await server.claim(node).episodeID == episode.id)
        }
    }

    @Test func `the server says how it is`() async throws {
        try await ServerFixture.run { server in
            let health = try await server.send(.get, "/api/health").decode(HealthResponse.self)
            #expect(health.status == "healthy")
            let status = try await server.send(.get, "/api/status").decode(StatusResponse.self)
            #expect(status.episodeCounts["total"] == 0)
        }
    }
}
