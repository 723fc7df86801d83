package import CastCore
import Foundation

/// How a pod ends itself, with the key that RunPod gave it.
extension RunPodClient {
    package enum EndAnswer: Sendable, Equatable {
        case accepted
        /// There is no such pod any more.
        case gone
    }

    /// Ends a pod by REST v2, and tells whether it was there.
    package func terminateOnce(_ id: PodID) async throws(ProviderFailure) -> EndAnswer {
        do {
            _ = try await self.transport.perform(.delete("/v2/pods/\(RunPodCall.segment(id.rawValue))"))
            return .accepted
        } catch {
            guard error.kind == .gone else { throw error }
            return .gone
        }
    }

    /// Ends a pod by the old interface, which programs in pods have used with their own key for years.
    ///
    /// A success is `{"data": {"podTerminate": null}}`; a pod that is gone is the error “pod not found to terminate”
    /// (dstack's RunPod backend tells it by that sentence, since there is no code).
    package func terminateByGraphQL(_ id: PodID) async throws(ProviderFailure) -> EndAnswer {
        struct Input: Encodable {
            var podId: String
        }
        struct Query: Encodable {
            var query = "mutation End($input: PodTerminateInput!) { podTerminate(input: $input) }"
            var variables: [String: Input]
        }
        let call = try RunPodCall.post(
            .post, "/graphql", Query(variables: ["input": Input(podId: id.rawValue)]), timeout: .seconds(15))
        let answer = try await self.transport.perform(call)
        guard let object = answer.object else {
            throw ProviderFailure(
                .unknownOutcome, "RunPod's answer is not the JSON that was expected.", requestID: answer.requestID,
                status: answer.status)
        }
        if let errors = object.array("errors"), !errors.isEmpty {
            let words = errors.compactMap { WireObject($0)?.name("message") }.joined(separator: " ")
            if words.lowercased().contains("pod not found") { return .gone }
            throw ProviderFailure(
                .unavailable, words.isEmpty ? "RunPod gave no reason." : String(words.prefix(500)),
                requestID: answer.requestID, status: answer.status)
        }
        guard object.object("data") != nil else {
            throw ProviderFailure(
                .unknownOutcome, "RunPod's answer says nothing of the pod.", requestID: answer.requestID,
                status: answer.status)
        }
        return .accepted
    }
}
