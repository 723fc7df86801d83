import CastAPI
package import CastClient
package import CastCore
import Foundation

/// Making this machine a node of a server, and undoing it.
package enum NodeRegistration {
    /// Registers at a server and keeps the credentials; what was there is replaced.
    ///
    /// - Parameter url: Where the server reaches the node's status page.
    package static func register(
        _ client: CastClient, name: String, model: String, url: String, home: HomeFolder
    ) async throws -> (credentials: NodeCredentials, message: String) {
        // Before the server makes a node whose key could not be kept.
        try home.make(home.url)
        let answer: RegisterNodeResponse = try await client.post(
            "/api/nodes/register",
            RegisterNodeRequest(
                name: name, url: url, whisperModel: model, whisperBackend: Backend(model: model).rawValue))
        let credentials = NodeCredentials(
            server: client.server, nodeID: answer.nodeID, key: answer.apiKey, name: name, model: model)
        try credentials.save(to: home)
        return (credentials, answer.message)
    }

    /// What came of an unregistration at the server; the credentials are gone in any case.
    package enum Removal: Sendable, Equatable {
        case deleted
        case notKnown
        case serverSilent(String)
    }

    package static func unregister(
        _ client: CastClient, _ credentials: NodeCredentials, home: HomeFolder
    ) async throws -> Removal {
        let removal: Removal
        do {
            _ = try await client.delete(
                "/api/nodes/\(CastClient.segment(credentials.nodeID.rawValue))", as: MessageResponse.self)
            removal = .deleted
        } catch let error as CastError where error.answeredStatus == 404 {
            removal = .notKnown
        } catch let error as CastError {
            removal = .serverSilent(error.message)
        }
        try NodeCredentials.remove(from: home)
        return removal
    }
}
