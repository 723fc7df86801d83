package import CastCore
package import Foundation
package import Logging

/// RunPod's REST v2, as much of it as a fleet needs.
///
/// Reads and DELETE are repeated after network errors, 5xx and 429; POST after 429 only. RunPod's limits are kept. The
/// key goes into one header and nowhere else. What RunPod answers is read leniently, what we send is checked first.
package struct RunPodClient: Sendable {
    let transport: RunPodTransport

    /// - Parameters:
    ///   - maximumTries: For what may be repeated; 1 for who repeats by a rule of its own.
    ///   - clock: For the waits between two tries.
    ///   - now: For RunPod's windows of requests.
    package init(
        _ settings: RunPodSettings, maximumTries: Int = RetryRule().maximumTries,
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() },
        logger: Logger
    ) {
        self.transport = RunPodTransport(
            settings, retry: RetryRule(maximumTries: maximumTries), clock: clock, now: now, logger: logger)
    }

    /// Lets go of all connections; nothing can be asked afterwards.
    package func close() async { await self.transport.close() }

    /// This client as the fleet knows it.
    package var provider: GPUProvider {
        GPUProvider(
            create: { request async throws(ProviderFailure) in try await self.create(request) },
            find: { name async throws(ProviderFailure) in try await self.find(name: name) },
            pod: { id async throws(ProviderFailure) in try await self.pod(id) },
            list: { prefix async throws(ProviderFailure) in try await self.list(prefix: prefix) },
            terminate: { id async throws(ProviderFailure) in try await self.terminate(id) },
            offers: { query async throws(ProviderFailure) in try await self.offers(query) },
            billing: { from, to async throws(ProviderFailure) in try await self.billing(from: from, to: to) },
            balance: { await self.balance() },
            logs: { id, lines async throws(ProviderFailure) in try await self.logs(id, lines: lines) })
    }

    /// An answer's object.
    ///
    /// - Throws: What `purpose` makes of an answer that nobody can read.
    static func object(_ answer: RunPodAnswer, _ purpose: RunPodCall.Purpose) throws(ProviderFailure) -> WireObject {
        guard let object = answer.object else {
            throw ProviderFailure(
                purpose.unclear, "RunPod's answer is not the JSON that was expected.", requestID: answer.requestID,
                status: answer.status)
        }
        return object
    }
}
