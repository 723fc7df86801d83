package import CastCore

extension FleetController {
    /// What the provider offers within the settings; nil when it does not answer.
    package func offers(_ settings: FleetSettings) async -> [GPUOffer]? {
        let query = self.query(settings)
        return await self.attempt("the catalogue cannot be read") { try await self.provider.offers(query) }
    }
}
