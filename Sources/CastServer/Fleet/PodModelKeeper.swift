import CastAPI
import CastCore
import CastStore
import PodFleet

/// Keeps the list of models that pods may run, for the API and the page.
struct PodModelKeeper: Sendable {
    let parts: ServerParts

    /// Adds a model, or renames the one that is there.
    ///
    /// - Parameters:
    ///   - displayName: For people; the name itself when there is none.
    ///   - backend: What serves it; follows from the name when it is not said.
    /// - Throws: `.invalid` for a name or backend that cannot be.
    func add(_ id: String, displayName: String? = nil, backend: String? = nil) async throws {
        let id = try Self.checked(id)
        let chosen = try backend.map { try Choice.read($0, as: "a backend", of: Backend.self) }
        try await self.parts.database.podModels.add(
            id: id, displayName: String((displayName ?? id).prefix(200)), backend: chosen ?? Backend(model: id))
    }

    /// - Throws: `.conflict` for the one that pods run, `.notFound` for one that is not there.
    func remove(_ id: String) async throws {
        guard id != self.parts.configuration.fleet.model else {
            throw CastError(
                .conflict, "Model '\(id)' is what pods run. Choose another one in runpod_whisper_model first.")
        }
        try await self.parts.database.podModels.remove(id)
    }

    /// Makes a model of the list the one that new pods run.
    ///
    /// - Throws: `.notFound` for one that is not on the list.
    func use(_ id: String) async throws {
        guard try await self.parts.database.podModels.list().contains(where: { $0.id == id }) else {
            throw CastError(.notFound, "Model '\(id.prefix(100))' not found.")
        }
        try await self.parts.settings.set([FleetSetting.model.rawValue: id], at: self.parts.now())
    }

    static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\/-]{0,99}/) != nil }

    /// A name that can stand in an environment, an address and a shell.
    private static func checked(_ id: String) throws -> String {
        guard Self.isName(id) else {
            throw CastError(
                .invalid, "“\(id.prefix(100))” is not a model's name: letters, digits, dots, dashes and one slash.")
        }
        return id
    }
}
