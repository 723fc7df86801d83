import CastCore
import CastStore
import Foundation
import Logging
import ServiceLifecycle

/// Takes back the jobs of holders that are heard of no more.
package struct LeaseSweeper<Ticker: Clock<Duration>>: Service {
    let parts: ServerParts
    let clock: Ticker

    package init(parts: ServerParts, clock: Ticker) {
        self.parts = parts
        self.clock = clock
    }

    package func run() async throws {
        // While we were away nobody could renew a lease: every holder gets the time to say that it lives.
        try await self.parts.database.jobs.renewAll(until: self.parts.leaseEnd, at: self.parts.now())
        try? await cancelWhenGracefulShutdown {
            while true {
                await self.sweep()
                try await self.clock.sleep(for: .seconds(5))
            }
        }
    }

    /// One look; harmless to repeat.
    func sweep() async {
        let now = self.parts.now()
        do {
            let jobs = try await self.parts.database.jobs.expireLeases(
                at: now, stalledBefore: now - Double(self.parts.configuration.stalledJobMinutes) * 60)
            for job in jobs {
                self.parts.logger.warning(
                    "lease ran out", metadata: ["job.id": "\(job.id)", "attempts": "\(job.attempts)"])
            }
        } catch {
            self.parts.logger.error("leases cannot be swept", metadata: ["error": "\(error)"])
        }
    }
}
