package import CastCore
import Synchronization

extension FleetController {
    /// What the provider offers within the settings; nil when it does not answer.
    package func offers(_ settings: FleetSettings) async -> [GPUOffer]? {
        await self.attempt("the catalogue cannot be read") { try await self.readOffers(settings) }
    }

    func readOffers(_ settings: FleetSettings) async throws(ProviderFailure) -> [GPUOffer] {
        let offers = try await self.provider.offers(self.query(settings))
        self.memory.withLock { $0.offers = offers }
        return offers
    }
}
