import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import Synchronization
import Testing

@Suite struct RefreshTests {
    /// A publisher whose feed a test changes.
    private final class Publisher: Sendable {
        typealias Answer = @Sendable (String) throws -> PodcastSource.FeedAnswer
        private let answer: Mutex<Answer>

        init(_ answer: @escaping Answer) { self.answer = Mutex(answer) }

        func says(_ answer: @escaping Answer) { self.answer.withLock { $0 = answer } }

        var podcasts: PodcastSource {
            var podcasts = PodcastSource.unimplemented
            podcasts.fetchFeed = { question in try self.answer.withLock { $0 }(question.url) }
            return podcasts
        }
    }

    private static func document(
        _ count: Int, movedTo: String? = nil, announced: String? = nil
    ) -> PodcastSource.FeedAnswer {
        .document(
            .init(
                feed: FeedDraft(title: "Pilots"),
                episodes: (0..<count).map {
                    EpisodeDraft(guid: "\($0)", title: "Episode \($0)", audioURL: "https://a.example/\($0).mp3")
                }, movedTo: movedTo, announcedURL: announced))
    }

    private func run(_ body: @Sendable (ServerFixture, Publisher, FeedMessage) async throws -> Void) async throws {
        let publisher = Publisher { _ in Self.document(1) }
        try await ServerFixture.run(podcasts: publisher.podcasts) { server in
            try await body(server, publisher, try await Self.add(server))
        }
    }

    private static func add(_ server: ServerFixture, _ url: String = "https://a.example/f") async throws -> FeedMessage
    {
        try await server.send(.post, "/api/feeds", #"{"url":"\#(url)"}"#).decode(FeedMessage.self)
    }

    private static func refresh(_ server: ServerFixture, _ feed: FeedMessage) async throws -> RefreshResponse {
        try await server.send(.post, "/api/feeds/\(feed.id)/refresh").decode(RefreshResponse.self)
    }

    @Test func `every new episode is queued with its insertion`() async throws {
        try await self.run { server, publisher, feed in
            publisher.says { _ in Self.document(4) }
            let refreshed = try await Self.refresh(server, feed)
            #expect(refreshed.newEpisodes == 3)
            #expect(refreshed.queuedEpisodes == 3)
            #expect(try await server.parts.database.jobs.queued(kind: .download, limit: 10).count == 3)
            #expect(try await Self.refresh(server, feed).queuedEpisodes == 0)
        }
    }

    @Test(arguments: [true, false]) func `a feed that has moved for good is asked at its new address`(isModified: Bool)
        async throws
    {
        try await self.run { server, publisher, feed in
            publisher.says { _ in
                isModified
                    ? Self.document(1, movedTo: "https://b.example/f") : .notModified(movedTo: "https://b.example/f")
            }
            _ = try await Self.refresh(server, feed)
            let moved = try await server.parts.database.feeds.get(feed.id)
            #expect(moved.url == "https://b.example/f")
            #expect(moved.folder == "Pilots")
        }
    }

    @Test func `a feed does not move to where another one is`() async throws {
        try await self.run { server, publisher, feed in
            _ = try await Self.add(server, "https://b.example/f")
            publisher.says { _ in Self.document(1, movedTo: "https://b.example/f") }
            _ = try await Self.refresh(server, feed)
            #expect(try await server.parts.database.feeds.get(feed.id).url == "https://a.example/f")
        }
    }

    @Test(arguments: [true, false]) func `an announced address counts if a feed is there`(isThere: Bool) async throws {
        try await self.run { server, publisher, feed in
            publisher.says { url in
                if url == "https://b.example/f", !isThere { throw CastError(.gone, "There is nothing.") }
                return Self.document(1, announced: "https://b.example/f")
            }
            _ = try await Self.refresh(server, feed)
            let url = try await server.parts.database.feeds.get(feed.id).url
            #expect(url == (isThere ? "https://b.example/f" : "https://a.example/f"))
        }
    }

    @Test func `a feed never gets the folder of one that was removed`() async throws {
        try await self.run { server, _, feed in
            let folder = try await server.parts.database.feeds.get(feed.id).folder
            try server.parts.storage.stage(Data("text".utf8), for: "\(folder)/transcripts/a.md").install()
            #expect(try await server.send(.delete, "/api/feeds/\(feed.id)").status == 200)
            let again = try await Self.add(server)
            #expect(try await server.parts.database.feeds.get(again.id).folder == "\(folder)_2")
        }
    }

    @Test func `a private feed keeps its name and password`() async throws {
        try await self.run { server, _, _ in
            let feed = try await Self.add(server, "https://me:secret@a.example/f")
            #expect(try await server.parts.database.feeds.get(feed.id).url == "https://me:secret@a.example/f")
        }
    }
}
