package import CastCore
import Foundation

/// A secret of the account: its value can be written and never read.
package struct RunPodSecret: Sendable, Equatable {
    package var id: String
    package var name: String
}

extension RunPodClient {
    package func secrets() async throws(ProviderFailure) -> [RunPodSecret] {
        let answer = try await self.transport.perform(.read("/v2/account/secrets"))
        guard let entries = try Self.object(answer, .read).array("secrets") else {
            throw ProviderFailure(
                .unavailable, "RunPod's list of secrets holds no secrets.", requestID: answer.requestID,
                status: answer.status)
        }
        return entries.compactMap(RunPodSecret.init)
    }

    /// Stores a value that pods get where a variable says `{{ RUNPOD_SECRET_name }}`.
    ///
    /// - Throws: `.invalidRequest` with status 409 when the name is taken.
    package func createSecret(name: String, value: String) async throws(ProviderFailure) -> RunPodSecret {
        struct Body: Encodable {
            var name: String
            var value: String
        }
        guard name.range(of: "^[a-zA-Z_][a-zA-Z0-9_.\\-/]{0,190}$", options: .regularExpression) != nil,
            !name.uppercased().hasPrefix("RUNPOD")
        else {
            throw ProviderFailure(.invalidRequest, "“\(name)” cannot be a secret's name.")
        }
        let answer = try await self.transport.perform(
            .post(.post, "/v2/account/secrets", Body(name: name, value: value)))
        let object = try Self.object(answer, .post)
        guard let secret = RunPodSecret(.object(object.fields)) else {
            throw ProviderFailure(
                .unknownOutcome, "RunPod's answer names no secret.", requestID: answer.requestID, status: answer.status)
        }
        return secret
    }

    /// Removes a secret; one that is gone already is a success.
    package func deleteSecret(_ id: String) async throws(ProviderFailure) {
        do {
            _ = try await self.transport.perform(.delete("/v2/account/secrets/\(RunPodCall.segment(id))"))
        } catch {
            guard error.kind == .gone else { throw error }
        }
    }
}

extension RunPodSecret {
    init?(_ value: JSONValue) {
        guard let secret = WireObject(value), let id = secret.name("id"), let name = secret.name("name") else {
            return nil
        }
        self.init(id: id, name: name)
    }
}
