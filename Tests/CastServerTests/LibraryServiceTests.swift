import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Synchronization
import Testing

/// The services that keep the library: refreshing, publishers' transcripts, search, retention.
@Suite struct LibraryServiceTests {
    private static let transcript = Transcript(
        sentences: [
            .init(text: "Welcome to the harbour.", start: 0, end: 3),
            .init(text: "Today we speak of lighthouses.", start: 3, end: 8),
        ], duration: 8, language: "en", source: .publisher)

    private static func document(_ count: Int, published: Bool = false) -> PodcastSource.FeedAnswer {
        .document(
            .init(
                feed: FeedDraft(title: "Pilots"),
                episodes: (0..<count).map { number in
                    EpisodeDraft(
                        guid: "\(number)", title: "Episode \(number)", audioURL: "https://a.example/\(number).mp3",
                        published: published
                            ? [PublishedTranscript(url: "https://a.example/\(number).vtt", type: "text/vtt")] : [])
                }))
    }

    private static func source(
        _ answer: @escaping @Sendable () throws -> PodcastSource.FeedAnswer,
        transcript: @escaping @Sendable () throws -> Transcript = { Self.transcript }
    ) -> PodcastSource {
        var source = PodcastSource.unimplemented
        source.fetchFeed = { _ in try answer() }
        source.fetchTranscript = { _, _ in (try transcript(), "podcast2.0:vtt") }
        return source
    }

    @Test func `a publisher's transcript is taken, marked, rendered and found`() async throws {
        try await ServerFixture.run(podcasts: Self.source { Self.document(1, published: true) }) { server in
            let feed = try await server.send(.post, "/api/feeds", #"{"url":"https://a.example/f"}"#)
                .decode(FeedMessage.self)
            _ = try await server.send(.post, "/api/queue/batch/feed/\(feed.id)/process")
            let service = PublishedTranscripts(parts: server.parts, clock: ManualClock())
            #expect(try await service.fetchNext())
            #expect(try await !service.fetchNext())
            let episode = try #require(
                try await server.parts.database.episodes.list(feed: feed.id, limit: 1).episodes.first)
            #expect(episode.state == .completed)
            #expect(episode.transcriptSource == "podcast2.0:vtt")
            let text = try await server.send(.get, "/api/episodes/\(episode.id)/transcript?format=txt").text
            #expect(text.contains("lighthouses"))
            let indexer = SearchIndexer(parts: server.parts, clock: ManualClock())
            while await indexer.indexSome() {}
            let found = try await server.send(.get, "/api/search?q=lighthouse").decode(WholeSearchResponse.self)
            #expect(found.results.map(\.segmentStart) == [3])
            #expect(found.results.first?.snippet.contains("<mark>lighthouses</mark>") == true)
            #expect(found.results.first?.feedTitle == "Pilots")
            let section = try await server.send(
                .get, "/api/episodes/\(episode.id)/transcript/section?start_time=4&duration=60"
            ).decode(TranscriptSectionResponse.self)
            #expect(section.text == "Today we speak of lighthouses.")
        }
    }

    @Test func `a publisher who has nothing of use makes it our work; one who does not answer is asked again`()
        async throws
    {
        let fault = Mutex(CastError(.unavailable, "The publisher does not answer."))
        let source = Self.source({ Self.document(1, published: true) }, transcript: { throw fault.withLock { $0 } })
        try await ServerFixture.run(podcasts: source) { server in
            let feed = try await server.send(.post, "/api/feeds", #"{"url":"https://a.example/f"}"#)
                .decode(FeedMessage.self)
            _ = try await server.send(.post, "/api/queue/batch/feed/\(feed.id)/process")
            let service = PublishedTranscripts(parts: server.parts, clock: ManualClock())
            #expect(try await service.fetchNext())
            #expect(try await server.parts.database.jobs.counts()[.transcriptDownload]?.queued == 1)
            server.time.advance(by: 86_400)
            fault.withLock { $0 = CastError(.invalid, "It is a log-in page.") }
            #expect(try await service.fetchNext())
            #expect(try await server.parts.database.jobs.counts()[.download]?.queued == 1)
            let episode = try #require(
                try await server.parts.database.episodes.list(feed: feed.id, limit: 1).episodes.first)
            #expect(episode.publishedFault == "It is a log-in page.")
        }
    }

    @Test func `feeds are looked at when their time has come, and rarely when they fail`() async throws {
        let calls = Mutex(0)
        let isBroken = Mutex(false)
        let source = Self.source {
            calls.withLock { $0 += 1 }
            if isBroken.withLock({ $0 }) { throw CastError(.unavailable, "Down.") }
            return Self.document(calls.withLock { $0 })
        }
        try await ServerFixture.run(podcasts: source) { server in
            let feed = try await server.send(.post, "/api/feeds", #"{"url":"https://a.example/f"}"#)
                .decode(FeedMessage.self)
            let refresher = FeedRefresher(parts: server.parts, clock: ManualClock())
            try await refresher.refreshDue()
            #expect(calls.withLock { $0 } == 1)
            server.time.advance(by: 3600 * 1.2)
            try await refresher.refreshDue()
            #expect(calls.withLock { $0 } == 2)
            // What is new is queued, as the feed's setting says.
            #expect(try await server.parts.database.jobs.counts()[.download]?.queued == 1)
            isBroken.withLock { $0 = true }
            server.time.advance(by: 3600 * 1.2)
            try await refresher.refreshDue()
            server.time.advance(by: 3600 * 1.2)
            try await refresher.refreshDue()
            #expect(calls.withLock { $0 } == 3)
            #expect(try await server.parts.database.feeds.get(feed.id).failures == 1)
            _ = try await server.send(.put, "/api/settings", #"{"settings":{"feed_refresh_minutes":0}}"#)
            server.time.advance(by: 86_400 * 9)
            try await refresher.refreshDue()
            #expect(calls.withLock { $0 } == 3)
        }
    }

    @Test func `a feed's settings are changed field by field`() async throws {
        try await ServerFixture.run(podcasts: Self.source { Self.document(3) }) { server in
            let feed = try await server.send(.post, "/api/feeds", #"{"url":"https://a.example/f"}"#)
                .decode(FeedMessage.self)
            let path = "/api/feeds/\(feed.id)"
            let changed = try await server.send(
                .patch, path, #"{"auto_queue":"all","language":"DE","model":"large-v3","custom_title":"Mine"}"#
            ).decode(FeedMessage.self)
            #expect(changed.autoQueue == .all)
            #expect(changed.language == "de" && changed.model == "large-v3" && changed.displayTitle == "Mine")
            let next = try await server.send(.patch, path, #"{"model":null,"publisher_transcripts":"no"}"#)
                .decode(FeedMessage.self)
            #expect(next.model == nil && next.displayTitle == "Mine" && !next.publisherTranscripts)
            #expect(try await server.send(.patch, path, #"{"language":"German!"}"#).status == 400)
            #expect(try await server.send(.patch, path, #"{"auto_queue":"some"}"#).status == 400)
            // `all` queues what was there before as well.
            let refreshed = try await server.send(.post, "\(path)/refresh").decode(RefreshResponse.self)
            #expect(refreshed.queuedEpisodes == 3)
        }
    }

    @Test func `audio goes after its time, and only where it can be fetched again`() async throws {
        try await ServerFixture.run { server in
            let uploaded = try await server.makeQueuedEpisode("Kept", audio: "abc")
            let (feed, episodes) = try await server.parts.database.makeFeed(episodes: 2, at: server.time.now)
            for episode in episodes {
                let path = server.parts.storage.audioPath(feed: feed, episode: episode, fileExtension: "mp3")
                try server.parts.storage.stage(Data("audio".utf8), for: path).install()
                try await server.parts.database.episodes.setAudio(
                    episode.id, path: path, size: 5, duration: nil, at: server.time.now)
            }
            _ = try await server.send(.post, "/api/queue/episodes/\(episodes[0].id)/process")
            let node = try await server.register()
            for _ in 0..<2 {
                let claim = try await server.claim(node)
                let id = try #require(claim.jobID)
                _ = try await server.send(
                    .post, "/api/nodes/jobs/\(id)/complete", key: node.apiKey, #"{"transcript_text":"**[00:00]** Hi."}"#
                )
            }
            _ = try await server.send(.put, "/api/settings", #"{"settings":{"audio_retention_days":2}}"#)
            let keeper = Housekeeper(parts: server.parts, clock: ManualClock())
            await keeper.tidy()
            #expect(try await server.parts.database.episodes.get(episodes[0].id).audioPath != nil)
            server.time.advance(by: 86_400 * 3)
            await keeper.tidy()
            let gone = try await server.parts.database.episodes.get(episodes[0].id)
            #expect(gone.audioPath == nil && gone.state == .completed)
            // Not transcribed, and not to be had again: both stay.
            #expect(try await server.parts.database.episodes.get(episodes[1].id).audioPath != nil)
            #expect(try await server.parts.database.episodes.get(uploaded.id).audioPath != nil)
        }
    }

    @Test func `a list goes on by cursor, whatever comes in between`() async throws {
        try await ServerFixture.run { server in
            let (feed, episodes) = try await server.parts.database.makeFeed(episodes: 25, at: server.time.now)
            var seen: [EpisodeID] = []
            var cursor: String?
            repeat {
                let path = "/api/feeds/\(feed.id)/episodes?limit=10" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page = try await server.send(.get, path).decode(EpisodeListResponse.self)
                #expect(page.total >= 25)
                seen += page.episodes.map(\.id)
                cursor = page.nextCursor
                if seen.count == 10 {
                    _ = try await server.parts.database.episodes.add(
                        EpisodeDraft(guid: "new", title: "New", publishedAt: server.time.now + 100), to: feed.id,
                        at: server.time.now)
                }
            } while cursor != nil
            #expect(seen == episodes.map(\.id).reversed())
            #expect(try await server.send(.get, "/api/episodes?cursor=nonsense").status == 400)
        }
    }

    @Test func `metrics are text that Prometheus reads`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            _ = try await server.send(.get, "/api/nothing")
            let answer = try await server.send(.get, "/metrics")
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text.contains("cast2md_jobs{kind=\"transcribe\",state=\"queued\"} 1\n"))
            #expect(answer.text.contains("cast2md_http_requests_total{status=\"4xx\"} 1\n"))
            for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
                #expect(
                    line.wholeMatch(of: /[a-z_0-9]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+/) != nil,
                    "\(line)")
            }
        }
    }
}
