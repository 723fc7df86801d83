import CastCore
import CastStore
import Foundation
import Logging
import ServiceLifecycle

/// Removes what has served: audio after its time, old events, and what pods said a month ago.
package struct Housekeeper<Ticker: Clock<Duration>>: Service {
    let parts: ServerParts
    let clock: Ticker

    package init(parts: ServerParts, clock: Ticker) {
        self.parts = parts
        self.clock = clock
    }

    /// A month, as dstack keeps its events; enough to see what a weekend's bill was for.
    private static var eventsKeptFor: TimeInterval { 30 * 86_400 }
    private static var mostEvents: Int { 500_000 }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                await self.tidy()
                try await self.clock.sleep(for: .seconds(600))
            }
        }
    }

    /// One round; harmless to repeat.
    package func tidy() async {
        self.parts.podLogs.prune(now: self.parts.now())
        do {
            _ = try await self.parts.database.events.prune(
                before: self.parts.now() - Self.eventsKeptFor, keeping: Self.mostEvents)
            try await self.parts.database.fleet.prune(
                before: self.parts.now() - Self.eventsKeptFor, at: self.parts.now())
            try await self.parts.database.notices.prune(before: self.parts.now() - 2 * Self.eventsKeptFor)
            try await self.removeOldAudio()
        } catch {
            self.parts.logger.error("housekeeping failed", metadata: ["error": "\(error)"])
        }
    }

    private func removeOldAudio() async throws {
        let days = self.parts.configuration.audioRetentionDays
        guard days > 0 else { return }
        let old = try await self.parts.database.episodes.withOldAudio(
            before: self.parts.now() - Double(days) * 86_400, limit: 1000)
        for episode in old {
            guard let path = episode.audioPath else { continue }
            // The row first: a crash in between leaves a file that nobody names, not an episode whose file is missing.
            try await self.parts.database.episodes.dropAudio(episode.id, reason: "retention", at: self.parts.now())
            try self.parts.storage.remove(path)
        }
        if !old.isEmpty {
            self.parts.logger.info("audio removed after its time", metadata: ["files": "\(old.count)"])
        }
    }
}
