import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite struct FeedStoreTests {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let database: Database

    init() throws {
        self.database = try Database(inMemory: ())
    }

    private func refresh(_ feed: Feed, _ drafts: [EpisodeDraft], at time: Date, queue: Feed.Options.AutoQueue = .none)
        async throws
        -> (new: [EpisodeID], queued: Int)
    {
        try await self.database.feeds.refresh(
            feed.id, draft: FeedDraft(title: feed.title), episodes: drafts, etag: nil, lastModified: nil,
            queue: queue, at: time)
    }

    @Test func `a refresh takes over what the feed says differently of a known episode`() async throws {
        let (feed, episodes) = try await self.database.makeFeed(at: self.now)
        let changed = EpisodeDraft(
            guid: "episode-1", title: "Better title", description: "Words", link: "https://pilots.example/1",
            audioURL: "https://cdn.example/1.mp3", duration: 77, publishedAt: self.now)
        #expect(try await self.refresh(feed, [changed], at: self.now + 10).new == [])
        let episode = try await self.database.episodes.get(episodes[0].id)
        #expect(episode.title == "Better title")
        #expect(episode.description == "Words")
        #expect(episode.link == "https://pilots.example/1")
        #expect(episode.audioURL == "https://cdn.example/1.mp3")
        #expect(episode.duration == 77)
        #expect(episode.stem == episodes[0].stem)
        #expect(episode.updatedAt == self.now + 10)
        _ = try await self.refresh(feed, [changed], at: self.now + 20)
        #expect(try await self.database.episodes.get(episode.id).updatedAt == self.now + 10)
    }

    @Test func `what is known better than by the feed stays`() async throws {
        let (feed, episodes) = try await self.database.makeFeed(withAudio: true, at: self.now)
        let draft = EpisodeDraft(
            guid: "episode-1", title: "Episode 1", audioURL: "https://cdn.example/1.mp3", duration: 1)
        _ = try await self.refresh(feed, [draft], at: self.now + 10)
        let episode = try await self.database.episodes.get(episodes[0].id)
        #expect(episode.audioURL == "https://pilots.example/1.mp3")
        #expect(episode.duration == 60)
        #expect(episode.updatedAt == self.now)
    }

    @Test func `a refresh queues the new episodes that can be fetched, and no others`() async throws {
        let (feed, _) = try await self.database.makeFeed(at: self.now)
        let drafts = [
            EpisodeDraft(guid: "new", title: "New", audioURL: "https://pilots.example/new.mp3"),
            EpisodeDraft(guid: "words", title: "Only words"),
            EpisodeDraft(guid: "episode-1", title: "Episode 1", audioURL: "https://pilots.example/1.mp3"),
        ]
        let (new, queued) = try await self.refresh(feed, drafts, at: self.now, queue: .new)
        #expect(new.count == 2)
        #expect(queued == 1)
        let jobs = try await self.database.jobs.queued(kind: .download, limit: 10)
        #expect(jobs.map(\.job.episodeID) == [new[0]])
        #expect(jobs.first?.job.followUp == .transcribe)
    }

    @Test func `a folder that the storage holds already is not given to a new feed`() async throws {
        let feed = try await self.database.feeds.add(
            url: "https://a.example/f", draft: FeedDraft(title: "Pilots"), episodes: [],
            isFolderTaken: { ["Pilots", "Pilots_2"].contains($0) }, at: self.now)
        #expect(feed.folder == "Pilots_3")
        let added = try await self.database.feeds.added(
            isFolderTaken: { $0 == StorageName.safe(Feed.addedTitle) }, at: self.now)
        #expect(added.folder == StorageName.safe(Feed.addedTitle) + "_2")
    }

    @Test func `the counts of one feed are those that the list tells`() async throws {
        let (feed, _) = try await self.database.makeFeed(episodes: 3, withAudio: true, at: self.now)
        _ = try await self.database.makeFeed("Other", url: "https://b.example/f", episodes: 2, at: self.now)
        #expect(try await self.database.feeds.counts(of: feed.id) == [.audioReady: 3])
        let listed = try await self.database.feeds.list().first { $0.feed.id == feed.id }
        #expect(listed?.counts == [.audioReady: 3])
    }

    @Test func `episodes are listed by feed, by state, by both and by neither`() async throws {
        let (feed, _) = try await self.database.makeFeed(episodes: 3, withAudio: true, at: self.now)
        let (other, _) = try await self.database.makeFeed(
            "Other", url: "https://b.example/f", episodes: 2, at: self.now)
        let episodes = self.database.episodes
        #expect(try await episodes.list(limit: 1).total == 5)
        #expect(try await episodes.list(feed: other.id, limit: 10).episodes.map(\.title) == ["Episode 2", "Episode 1"])
        #expect(try await episodes.list(state: .new, limit: 10).total == 2)
        #expect(try await episodes.list(feed: feed.id, state: .new, limit: 10).total == 0)
        #expect(try await episodes.list(feed: feed.id, state: .audioReady, limit: 1, offset: 2).episodes.count == 1)
    }

    @Test func `an episode whose file cannot be put in place is not added`() async throws {
        let feed = try await self.database.feeds.added(at: self.now)
        let draft = EpisodeDraft(guid: "digest", title: "Talk")
        await #expect(throws: CastError.self) {
            try await self.database.episodes.add(draft, to: feed.id, at: self.now) { _ in
                throw CastError(.storageFull, "Full.")
            }
        }
        #expect(try await self.database.episodes.list(limit: 10).total == 0)
        let episode = try await self.database.episodes.add(draft, to: feed.id, at: self.now) {
            ("a/\($0.stem).mp3", 7)
        }
        #expect(episode.state == .audioReady)
        #expect(episode.audioSize == 7)
    }
}
