import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Testing

@Suite struct SearchPageTests {
    private let pages: Pages

    init() throws { self.pages = try PageExamples.pages() }

    // MARK: What is shown

    @Test func `a place shows its surroundings and leads to its sentence`() {
        let html = self.pages.search(PageExamples.search("a<b"), now: PageExamples.now)
        #expect(html.contains("<span class=\"said\">before <mark>a&lt;b</mark> behind</span>"))
        #expect(html.contains("<a class=\"hit\" href=\"/episodes/7#t=12.5\"><span class=\"stamp\">0:12</span>"))
        #expect(html.contains("<option value=\"1\" selected>a&lt;b</option>"))
        #expect(html.contains("65 places in transcripts, 12 episodes by title or description."))
        #expect(html.contains("href=\"/search?q=a%3Cb&amp;feed_id=1&amp;only=titles\">All 12 episodes"))
        #expect(html.contains("href=\"/search?q=a%3Cb&amp;feed_id=1&amp;page=2\""))
    }

    @Test(arguments: [
        ("", nil, "The transcripts of 40 episodes can be searched"), ("  ", nil, "can be searched"),
        ("moon", nil, "“moon” is nowhere in titles and transcripts."), ("moon", 2, "“moon” is nowhere in “Other”."),
        ("-moon", nil, "A word behind a minus only leaves things out."),
    ])
    func `where nothing is found it says what to do`(text: String, feed: Int64?, sentence: String) {
        let view = SearchView(
            text: text, feeds: [(FeedID(1), "One"), (FeedID(2), "Other")], feed: feed.map { FeedID($0) },
            indexedEpisodes: 40)
        let html = self.pages.search(view, now: PageExamples.now)
        #expect(html.contains(sentence))
        #expect(html.contains("Search in all podcasts") == (feed != nil))
        #expect(html.contains("solar OR lunar"))
    }

    // MARK: The route

    /// A server with two podcasts, one of which is transcribed, and all of it indexed.
    private func run(_ body: @Sendable (ServerFixture, Feed, [Episode]) async throws -> Void) async throws {
        try await ServerFixture.run { server in
            let (feed, episodes) = try await server.parts.database.makeFeed(
                episodes: 3, withAudio: true, at: server.time.now)
            _ = try await server.parts.database.makeFeed(
                "Sailors", url: "https://sailors.example/feed.xml", episodes: 60, at: server.time.now)
            _ = try await server.send(.post, "/api/queue/episodes/\(episodes[0].id)/process")
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            let text = #"**[00:05]** Take off & climb.\n\n**[01:10]** We land at <Kennedy> tomorrow."#
            let done = try await server.send(
                .post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, #"{"transcript_text":"\#(text)"}"#)
            #expect(done.status == 200)
            let indexer = SearchIndexer(parts: server.parts, clock: ManualClock())
            while await indexer.indexSome() {}
            try await body(server, feed, episodes)
        }
    }

    @Test func `what was said is found, escaped, with its time`() async throws {
        try await self.run { server, feed, episodes in
            let answer = try await server.send(.get, "/search?q=kennedy+land")
            #expect(answer.status == 200)
            #expect(answer.text.contains("<mark>land</mark> at &lt;<mark>Kennedy</mark>&gt; tomorrow."))
            #expect(answer.text.contains("href=\"/episodes/\(episodes[0].id)#t=70\""))
            #expect(answer.text.contains("1 place in transcripts."))
            let elsewhere = try await server.send(.get, "/search?q=kennedy&feed_id=2")
            #expect(elsewhere.text.contains("“kennedy” is nowhere in “Sailors”."))
            let sentence = try await server.send(.get, "/episodes/\(episodes[0].id)")
            #expect(sentence.text.contains("id=\"t=70\""))
            #expect(sentence.text.contains("data-subject=\"\(episodes[0].id)\""))
        }
    }

    @Test func `titles come first, and all of them on pages of their own`() async throws {
        try await self.run { server, _, _ in
            let few = try await server.send(.get, "/search?q=episode")
            #expect(few.text.matches(of: /<a class="title"/).count == 5)
            #expect(few.text.contains("All 63 episodes"))
            _ = try await server.send(.post, "/api/queue/episodes/2/process")
            #expect(try await server.send(.get, "/search?q=2&feed_id=1").text.contains("Waits for a node"))
            let all = try await server.send(.get, "/search?q=episode&only=titles")
            #expect(all.text.matches(of: /<a class="title"/).count == 50)
            let rest = try await server.send(.get, "/search?q=episode&only=titles&page=2")
            #expect(rest.text.matches(of: /<a class="title"/).count == 13)
        }
    }

    @Test(arguments: ["", "?q=", "?q=%22", "?q=%FF&page=x&feed_id=y", "?q=a&page=999999999", "?q=NEAR(&feed_id=99"])
    func `a senseless address is a page all the same`(query: String) async throws {
        try await self.run { server, _, _ in
            let answer = try await server.send(.get, "/search\(query)")
            #expect(answer.status == 200)
            #expect(answer.text.contains("What can be typed"))
        }
    }

    @Test func `a podcast's page finds its own episodes by title, and only those`() async throws {
        try await self.run { server, feed, _ in
            let found = try await server.send(.get, "/feeds/\(feed.id)?q=episode+3")
            #expect(found.text.matches(of: /<th scope="row">/).count == 1)
            #expect(found.text.contains("value=\"episode 3\""))
            let none = try await server.send(.get, "/feeds/\(feed.id)?q=kennedy")
            #expect(none.text.contains("No episode’s title has “kennedy” in it."))
            let paged = try await server.send(.get, "/feeds/2?q=episode&page=2")
            #expect(paged.text.matches(of: /<th scope="row">/).count == 10)
            let done = try await server.send(.get, "/feeds/\(feed.id)?q=episode&state=completed")
            #expect(done.text.matches(of: /<th scope="row">/).count == 1)
        }
    }
}
