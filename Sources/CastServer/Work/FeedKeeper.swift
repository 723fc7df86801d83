import CastCore
import CastStore
import Foundation
import Logging

/// Adds feeds and looks for what is new in them.
struct FeedKeeper: Sendable {
    let parts: ServerParts

    /// Fetches a feed and takes it in with all its episodes.
    ///
    /// - Throws: `.conflict` when it is there already; what the fetch throws when the address is no feed.
    func add(_ address: String) async throws -> Feed {
        let url = try Self.checked(address)
        guard case .document(let document) = try await self.parts.podcasts.fetchFeed(url, nil, nil) else {
            throw CastError(.unavailable, "\(url) answered that nothing changed, although it was never fetched before.")
        }
        let feed = try await self.parts.database.feeds.add(
            url: url, draft: document.feed, episodes: document.episodes, at: self.parts.now())
        try await self.parts.database.feeds.noteValidators(
            feed.id, etag: document.etag, lastModified: document.lastModified, at: self.parts.now())
        self.parts.logger.info(
            "feed added", metadata: ["feed.id": "\(feed.id)", "episodes": "\(document.episodes.count)"])
        return try await self.parts.database.feeds.get(feed.id)
    }

    /// Looks for new episodes.
    ///
    /// - Parameter autoQueue: Whether what is new is queued for transcription at once.
    /// - Throws: What the fetch throws; the feed remembers the reason.
    func refresh(_ id: FeedID, autoQueue: Bool) async throws -> (new: Int, queued: Int) {
        let feed = try await self.parts.database.feeds.get(id)
        guard feed.url != Feed.addedURL else {
            throw CastError(.invalid, "“\(feed.displayTitle)” holds single episodes; there is no feed to refresh.")
        }
        let answer: PodcastSource.FeedAnswer
        do {
            answer = try await self.parts.podcasts.fetchFeed(feed.url, feed.etag, feed.lastModified)
        } catch {
            let reason = (error as? CastError)?.message ?? "It failed."
            try await self.parts.database.feeds.notePoll(id, error: reason, at: self.parts.now())
            throw error
        }
        guard case .document(let document) = answer else {
            try await self.parts.database.feeds.notePoll(id, error: nil, at: self.parts.now())
            return (0, 0)
        }
        let new = try await self.parts.database.feeds.refresh(
            id, draft: document.feed, episodes: document.episodes, etag: document.etag,
            lastModified: document.lastModified, at: self.parts.now())
        guard autoQueue else { return (new.count, 0) }
        for episode in new {
            _ = try await self.parts.database.jobs.enqueueProcessing(of: episode, at: self.parts.now())
        }
        return (new.count, new.count)
    }

    /// - Throws: `.invalid` for an address that is no web address.
    static func checked(_ address: String) throws -> String {
        let trimmed = address.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let url = URL(string: trimmed), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme),
            let host = url.host, !host.isEmpty
        else {
            throw CastError(.invalid, "“\(trimmed)” is not a web address: it must start with https:// or http://.")
        }
        return trimmed
    }
}
