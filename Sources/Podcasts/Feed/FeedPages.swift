import CastCore
package import Foundation

/// Reads on in a feed that is cut into pages (RFC 5005), as far as that is news.
///
/// The newest page is fetched and parsed as ever; this is for what stands behind it. A page is asked for only while no
/// episode of the page before it is known: a refresh stays one request, and a new feed is read to its end.
package struct FeedPages: Sendable {
    package struct Limits: Sendable {
        /// Pages behind the first.
        package var pages = 100
        /// Episodes of all pages.
        package var episodes = 50_000

        package init() {}
    }

    package struct Whole: Sendable, Equatable {
        /// What the first page says of the feed, with the episodes of all pages, the first page's first.
        package var feed: ParsedFeed
        /// How many pages were asked for behind the first.
        package var pagesRead: Int
        /// The page at which reading stopped although it was wanted, to go on from another time; `feed.fault` says why.
        package var unread: URL?
    }

    private let fetcher: FeedFetcher
    private let parser: FeedParser
    private let limits: Limits

    package init(fetcher: FeedFetcher, parser: FeedParser = FeedParser(), limits: Limits = Limits()) {
        self.fetcher = fetcher
        self.parser = parser
        self.limits = limits
    }

    /// The feed whose newest page is `first`, found at `url`, with the pages behind it.
    ///
    /// `isKnown` is asked with guids. Pages are read in `directory` and removed again. A page that fails ends the
    /// reading but not the refresh: what was read is the answer. Throws `CancellationError` only.
    package func completed(
        _ first: ParsedFeed, from url: URL, into directory: URL, isKnown: @Sendable (String) -> Bool
    ) async throws -> Whole {
        var whole = Whole(feed: first, pagesRead: 0)
        var guids = Set(first.episodes.map(\.guid))
        var visited: Set<URL> = [url.withoutFragment]
        var page = first
        while let next = page.nextPage {
            // A page without a single episode is followed too: it may hold articles.
            if page.episodes.contains(where: { isKnown($0.guid) }) { break }
            // A last page that calls itself, or the first one, the next: nothing is missing.
            guard visited.insert(next.withoutFragment).inserted else { break }
            guard whole.pagesRead < self.limits.pages, whole.feed.episodes.count < self.limits.episodes else {
                whole.stop(
                    at: next, "the limit of \(self.limits.pages) pages or \(self.limits.episodes) episodes is reached")
                break
            }
            do {
                page = try await self.page(next, into: directory)
            } catch let error as CastError {
                whole.stop(at: next, error.message)
                break
            }
            whole.pagesRead += 1
            let room = self.limits.episodes - whole.feed.episodes.count
            let news = page.episodes.filter { guids.insert($0.guid).inserted }
            whole.feed.episodes += news.prefix(room)
            whole.feed.itemsLeftOut += page.itemsLeftOut + page.episodes.count - min(news.count, room)
            whole.feed.itemsWithoutAudio += page.itemsWithoutAudio
            // Servers that ignore the page's number answer with the first page for ever.
            if news.isEmpty, !page.episodes.isEmpty { break }
        }
        return whole
    }

    private func page(_ url: URL, into directory: URL) async throws -> ParsedFeed {
        switch try await self.fetcher.fetch(url, into: directory) {
        case .notModified: throw CastError(.invalid, "\(url.place) answered that nothing changed, unasked.")
        case .fetched(let fetched):
            defer { try? FileManager.default.removeItem(at: fetched.file) }
            return try self.parser.parse(file: fetched.file, from: fetched.url, contentType: fetched.contentType)
        }
    }
}

extension FeedPages.Whole {
    fileprivate mutating func stop(at url: URL, _ reason: String) {
        self.unread = url
        self.feed.fault = self.feed.fault ?? "older pages were not read: \(reason)"
    }
}

extension URL {
    fileprivate var withoutFragment: URL {
        var components = URLComponents(url: self, resolvingAgainstBaseURL: true)
        components?.fragment = nil
        return components?.url ?? self
    }
}
