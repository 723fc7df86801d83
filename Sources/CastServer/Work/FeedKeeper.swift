import CastCore
import CastStore
import Foundation
import Logging
import Podcasts

/// Adds feeds and looks for what is new in them.
struct FeedKeeper: Sendable {
    let parts: ServerParts

    /// Fetches a feed and takes it in with all its episodes.
    ///
    /// - Throws: `.conflict` when it is there already; what the fetch throws when the address is no feed.
    func add(_ address: String) async throws -> Feed {
        let url = try Self.checked(address)
        guard case .document(let document) = try await self.parts.podcasts.fetchFeed(.init(url: url)) else {
            throw CastError(
                .unavailable, "The server answered that nothing changed, although the feed was never fetched before.")
        }
        let storage = self.parts.storage
        let feed = try await self.parts.database.feeds.add(
            url: document.movedTo ?? url, draft: document.feed, episodes: document.episodes,
            isFolderTaken: { storage.exists($0) }, at: self.parts.now())
        try await self.parts.database.feeds.noteValidators(
            feed.id, etag: document.etag, lastModified: document.lastModified, nextPollAt: self.nextLook(failures: 0),
            at: self.parts.now())
        self.parts.logger.info(
            "feed added", metadata: ["feed.id": "\(feed.id)", "episodes": "\(document.episodes.count)"])
        return try await self.parts.database.feeds.get(feed.id)
    }

    /// Looks for new episodes.
    ///
    /// - Parameter queue: What is queued for transcription at once; nil for what the feed's own setting says.
    /// - Throws: What the fetch throws; the feed remembers the reason.
    func refresh(_ id: FeedID, queue: Feed.Options.AutoQueue?) async throws -> (new: Int, queued: Int) {
        let feed = try await self.parts.database.feeds.get(id)
        guard feed.url != Feed.addedURL else {
            throw CastError(.invalid, "“\(feed.displayTitle)” holds single episodes; there is no feed to refresh.")
        }
        let answer: PodcastSource.FeedAnswer
        do {
            answer = try await self.parts.podcasts.fetchFeed(
                .init(
                    url: feed.url, etag: feed.etag, lastModified: feed.lastModified,
                    known: try await self.parts.database.feeds.guids(of: id)))
        } catch is CancellationError where Task.isCancelled {
            throw CancellationError()
        } catch {
            let reason = (error as? CastError)?.message ?? "It failed."
            try await self.parts.database.feeds.notePoll(
                id, error: reason, nextPollAt: self.nextLook(failures: feed.failures + 1), at: self.parts.now())
            throw error
        }
        switch answer {
        case .notModified(let movedTo):
            try await self.parts.database.feeds.notePoll(
                id, error: nil, nextPollAt: self.nextLook(failures: 0), at: self.parts.now())
            try await self.move(feed, to: movedTo)
            guard (queue ?? feed.options.autoQueue) == .all else { return (0, 0) }
            let (queued, _) = try await self.parts.database.jobs.enqueueAll(
                .feed(id), self.parts.wish(), at: self.parts.now())
            return (0, queued)
        case .document(let document):
            let (new, queued) = try await self.parts.database.feeds.refresh(
                id, draft: document.feed, episodes: document.episodes, etag: document.etag,
                lastModified: document.lastModified, queue: queue ?? feed.options.autoQueue, self.parts.wish(),
                nextPollAt: self.nextLook(failures: 0), at: self.parts.now())
            if let announced = try await self.verified(document.announcedURL, of: feed) {
                try await self.move(feed, to: announced)
            } else {
                try await self.move(feed, to: document.movedTo)
            }
            return (new.count, queued)
        }
    }

    private func nextLook(failures: Int) -> Date? {
        let minutes = self.parts.configuration.feedRefreshMinutes
        guard minutes > 0 else { return nil }
        return RefreshSchedule.next(
            after: self.parts.now(), interval: Double(minutes) * 60, failures: failures, jitter: .random(in: -1...1))
    }

    /// The address that a publisher announces in the feed, if it is another one and a feed is there.
    private func verified(_ announced: String?, of feed: Feed) async throws -> String? {
        guard let announced, announced != feed.url, let url = try? Self.checked(announced) else { return nil }
        do {
            guard case .document(let document) = try await self.parts.podcasts.fetchFeed(.init(url: url)),
                !document.episodes.isEmpty
            else { return nil }
            return document.movedTo ?? url
        } catch is CancellationError where Task.isCancelled {
            throw CancellationError()
        } catch {
            self.parts.logger.info(
                "the announced address is no feed", metadata: ["feed.id": "\(feed.id)", "error": "\(error)"])
            return nil
        }
    }

    /// Remembers where a feed has moved to for good.
    private func move(_ feed: Feed, to address: String?) async throws {
        guard let address, address != feed.url, let url = try? Self.checked(address) else { return }
        let isMoved = try await self.parts.database.feeds.move(feed.id, to: url, at: self.parts.now())
        self.parts.logger.info(
            isMoved ? "feed has moved" : "feed has moved to where another feed is",
            metadata: ["feed.id": "\(feed.id)", "to": "\(URL(string: url)?.place ?? "an address")"])
    }

    /// The address without the white space around it; a name and a password in it stay, for private feeds.
    ///
    /// - Throws: `.invalid` for an address that is no web address.
    static func checked(_ address: String) throws -> String {
        let trimmed = address.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw CastError(.invalid, "The address is not a web address: it holds control characters.")
        }
        guard let url = URL(string: trimmed), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme),
            let host = url.host, !host.isEmpty
        else {
            throw CastError(.invalid, "“\(trimmed)” is not a web address: it must start with https:// or http://.")
        }
        return trimmed
    }
}
