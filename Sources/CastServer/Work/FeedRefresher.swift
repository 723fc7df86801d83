import CastCore
import CastStore
import Foundation
import Logging
import ServiceLifecycle

/// Looks at every feed when its time has come.
package struct FeedRefresher<Ticker: Clock<Duration>>: Service {
    let parts: ServerParts
    let clock: Ticker
    /// So many feeds at once: each waits for its publisher most of the time.
    private static var atOnce: Int { 4 }

    package init(parts: ServerParts, clock: Ticker) {
        self.parts = parts
        self.clock = clock
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await self.refreshDue()
                try await self.clock.sleep(for: .seconds(20))
            }
        }
    }

    /// Looks at the feeds that are due; what fails is noted with the feed.
    package func refreshDue() async throws {
        // A feed of a list that a person handed in is looked at once, whatever the setting.
        let onlyNew = self.parts.configuration.feedRefreshMinutes == 0
        let due: [FeedID]
        do {
            due = try await self.parts.database.feeds.due(at: self.parts.now(), onlyNew: onlyNew, limit: 100)
        } catch {
            self.parts.logger.error("feeds that are due cannot be read", metadata: ["error": "\(error)"])
            return
        }
        await withTaskGroup(of: Void.self) { group in
            var rest = due.makeIterator()
            for _ in 0..<Self.atOnce {
                if let id = rest.next() { group.addTask { await self.refresh(id) } }
            }
            while await group.next() != nil {
                if !Task.isCancelled, let id = rest.next() { group.addTask { await self.refresh(id) } }
            }
        }
        try Task.checkCancellation()
    }

    private func refresh(_ id: FeedID) async {
        do {
            let feed = try await self.parts.database.feeds.get(id)
            // The first look at a feed finds its whole archive; that is queued only where it was asked for.
            let queue: Feed.Options.AutoQueue? =
                feed.lastPolledAt == nil && feed.options.autoQueue == .new ? Feed.Options.AutoQueue.none : nil
            let (new, queued) = try await FeedKeeper(parts: self.parts).refresh(id, queue: queue)
            guard new > 0 else { return }
            self.parts.logger.info(
                "feed has news", metadata: ["feed.id": "\(id)", "episodes": "\(new)", "queued": "\(queued)"])
        } catch is CancellationError {
            // A stop; the feed stays due.
        } catch {
            self.parts.logger.warning("feed not refreshed", metadata: ["feed.id": "\(id)", "error": "\(error)"])
        }
    }
}
