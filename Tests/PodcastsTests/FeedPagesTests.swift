import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Podcasts
import Testing

@Suite(.timeLimit(.minutes(1))) struct FeedPagesTests {
    /// A page with two episodes, `2n` and `2n + 1`, that leads on to `next`.
    private static func page(_ number: Int, next: String?) -> String {
        let link = next.map { "<atom:link rel=\"next\" href=\"\($0)\"/>" } ?? ""
        let items = [2 * number, 2 * number + 1].map { self.item($0) }.joined()
        return OddFeed.rss(items, channel: link)
    }

    private static func item(_ number: Int) -> String {
        OddFeed.item(
            guid: "<guid>g\(number)</guid>",
            enclosure: "<enclosure url=\"https://e.org/\(number).mp3\" type=\"audio/mpeg\"/>")
    }

    /// Which page a path names: `/3` is the third, `/` the first.
    private static func number(_ request: Request) -> Int { Int(request.uri.path.dropFirst()) ?? 0 }

    private func read(
        _ scratch: Scratch, _ server: TestServer, known: Set<String> = [], limits: FeedPages.Limits = .init()
    ) async throws -> FeedPages.Whole {
        let fetcher = FeedFetcher(client: scratch.client)
        guard case .fetched(let fetched) = try await fetcher.fetch(server.url("0"), into: scratch.directory) else {
            throw CastError(.internalFault, "The test's first page did not come.")
        }
        let first = try FeedParser().parse(file: fetched.file, from: fetched.url)
        try FileManager.default.removeItem(at: fetched.file)
        let whole = try await FeedPages(fetcher: fetcher, limits: limits).completed(
            first, from: fetched.url, into: scratch.directory
        ) { known.contains($0) }
        #expect(scratch.files == [])
        return whole
    }

    @Test func `a new feed is read to its last page`() async throws {
        try await TestServer.run { request, _ in
            let number = Self.number(request)
            return .text(Self.page(number, next: number < 3 ? "/\(number + 1)" : nil))
        } body: { server in
            try await Scratch.run { scratch in
                let whole = try await self.read(scratch, server)
                #expect(whole.feed.episodes.map(\.guid) == (0..<8).map { "g\($0)" })
                #expect(whole.pagesRead == 3)
                #expect(whole.unread == nil)
                #expect(whole.feed.fault == nil)
                #expect(server.log.all.count == 4)
            }
        }
    }

    @Test(arguments: [("g0", 1), ("g1", 1), ("g2", 2), ("g5", 3)]) func `reading stops at the page of a known episode`(
        known: String, requests: Int
    ) async throws {
        try await TestServer.run { request, _ in
            let number = Self.number(request)
            return .text(Self.page(number, next: "/\(number + 1)"))
        } body: { server in
            try await Scratch.run { scratch in
                let whole = try await self.read(scratch, server, known: [known])
                #expect(server.log.all.count == requests)
                #expect(whole.feed.episodes.count == requests * 2)
                #expect(whole.unread == nil)
            }
        }
    }

    @Test(arguments: ["/0", "/0#x", "/1"]) func `a page that leads in a circle is the last`(next: String) async throws {
        try await TestServer.run { request, _ in
            Self.number(request) == 0 ? .text(Self.page(0, next: "/1")) : .text(Self.page(1, next: next))
        } body: { server in
            try await Scratch.run { scratch in
                let whole = try await self.read(scratch, server)
                #expect(server.log.all.count == 2)
                #expect(whole.feed.episodes.count == 4)
                #expect(whole.feed.fault == nil)
            }
        }
    }

    @Test func `a server that answers with one page for ever is noticed`() async throws {
        try await TestServer.run { _, count in
            .text(Self.page(0, next: "/\(count)"))
        } body: { server in
            try await Scratch.run { scratch in
                let whole = try await self.read(scratch, server)
                #expect(server.log.all.count == 2)
                #expect(whole.feed.episodes.count == 2)
                #expect(whole.feed.itemsLeftOut == 2)
            }
        }
    }

    @Test func `pages and episodes have bounds, and the place to go on from is kept`() async throws {
        try await TestServer.run { request, _ in
            let number = Self.number(request)
            return .text(Self.page(number, next: "/\(number + 1)"))
        } body: { server in
            try await Scratch.run { scratch in
                var limits = FeedPages.Limits()
                limits.pages = 2
                let few = try await self.read(scratch, server, limits: limits)
                #expect(few.pagesRead == 2)
                #expect(few.unread == (try server.url("3")))
                #expect(few.feed.fault?.contains("2 pages") == true)
                #expect(server.log.all.count == 3)

                limits = FeedPages.Limits()
                limits.episodes = 3
                let short = try await self.read(scratch, server, limits: limits)
                #expect(short.feed.episodes.map(\.guid) == ["g0", "g1", "g2"])
                #expect(short.feed.itemsLeftOut == 1)
            }
        }
    }

    @Test func `a page that fails leaves what was read`() async throws {
        try await TestServer.run { request, _ in
            switch Self.number(request) {
            case 0: .text(Self.page(0, next: "/1"))
            case 1: .text(Self.page(1, next: "/2"))
            default: .text("no", status: .serviceUnavailable)
            }
        } body: { server in
            try await Scratch.run { scratch in
                let whole = try await self.read(scratch, server)
                #expect(whole.feed.episodes.count == 4)
                #expect(whole.unread == (try server.url("2")))
                #expect(whole.feed.fault?.contains("status 503") == true, "\(whole.feed.fault ?? "")")
            }
        }
    }

    @Test func `a page may not lead where a feed may not`() async throws {
        // The feed's server is allowed by its name's address; the next page's is link-local.
        try await TestServer.run { _, _ in
            .text(Self.page(0, next: "http://169.254.169.254/latest"))
        } body: { server in
            try await Scratch.run {
                $0.addresses = .notLinkLocal
            } body: { scratch in
                let whole = try await self.read(scratch, server)
                #expect(whole.feed.episodes.count == 2)
                #expect(whole.feed.fault?.contains("link-local") == true, "\(whole.feed.fault ?? "")")
            }
        }
    }
}
