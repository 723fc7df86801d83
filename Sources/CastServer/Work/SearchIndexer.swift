import CastCore
import CastStore
import Foundation
import Logging
import ServiceLifecycle

/// Keeps the search index true: whatever changed in episodes and transcripts is taken in, a little at a time.
package struct SearchIndexer<Ticker: Clock<Duration>>: Service {
    let parts: ServerParts
    let clock: Ticker
    /// So many episodes in one go; each takes some milliseconds.
    private static var portion: Int { 20 }

    package init(parts: ServerParts, clock: Ticker) {
        self.parts = parts
        self.clock = clock
    }

    package func run() async throws {
        if self.parts.search.isNew { try await self.parts.database.episodes.forgetIndexed() }
        try? await cancelWhenGracefulShutdown {
            while true {
                let isMore = await self.indexSome()
                // While there is much to do, the queue's own writes go between two portions.
                try await self.clock.sleep(for: isMore ? .milliseconds(5) : .seconds(1))
            }
        }
    }

    /// Takes in the next episodes; harmless to repeat.
    ///
    /// - Returns: Whether there may be more.
    package func indexSome() async -> Bool {
        do {
            let wanted = try await self.parts.database.episodes.unindexed(limit: Self.portion)
            let gone = try await self.parts.database.episodes.gone(limit: 500)
            if wanted.isEmpty, gone.isEmpty { return false }
            let documents = wanted.map { self.document($0.episode) }
            try await self.parts.search.update(documents, removing: gone)
            try await self.parts.database.episodes.noteIndexed(
                wanted.map { ($0.episode.id, version: $0.version) }, gone: gone)
            return wanted.count == Self.portion || gone.count == 500
        } catch {
            self.parts.logger.error("search index cannot be kept", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func document(_ episode: Episode) -> SearchIndex.Document {
        var passages: [Passage] = []
        if episode.transcriptPath != nil {
            do {
                passages = Passage.all(of: try TranscriptShelf(storage: self.parts.storage).read(episode))
            } catch {
                // Gone from the disk, or damaged: the episode stays findable by its title.
                self.parts.logger.warning(
                    "transcript not indexed", metadata: ["episode.id": "\(episode.id)", "error": "\(error)"])
            }
        }
        return SearchIndex.Document(
            episode: episode.id, feed: episode.feedID, title: episode.title, description: episode.description ?? "",
            publishedAt: episode.publishedAt, passages: passages)
    }
}
