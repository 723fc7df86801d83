import CastAPI
import CastClient
import CastCore
import CastNode
import Foundation
package import Logging
import RunPod

extension PodEnd.Ways {
    /// What this pod's variables, and its worker's credentials, allow to ask.
    ///
    /// The server is asked through the proxy that the variables name, RunPod directly: it must work without a tailnet.
    package init(environment: [String: String], logger: Logger) {
        let variables = Variables(environment)
        self.init()
        if let server = variables.text("CAST2MD_SERVER") ?? variables.text("SERVER_URL") {
            self.server = { await ServerAsk(server: server, environment: environment).end($0, isFailure: $1) }
        }
        guard let id = variables.text("RUNPOD_POD_ID") else { return }
        do {
            guard let settings = try RunPodSettings(environment: environment) else { return }
            let pod = PodID(id)
            self.delete = {
                await Self.ask(settings, logger) { client throws(ProviderFailure) in
                    try await client.terminateOnce(pod)
                }
            }
            self.terminate = {
                await Self.ask(settings, logger) { client throws(ProviderFailure) in
                    try await client.terminateByGraphQL(pod)
                }
            }
        } catch {
            logger.error("runpod cannot be asked", metadata: ["error": "\(error)"])
        }
    }

    /// Longest time for one question.
    static let limit = Duration.seconds(20)

    /// Asks with connections of its own: none that broke long ago is used.
    private static func ask(
        _ settings: RunPodSettings, _ logger: Logger,
        _ body: @escaping @Sendable (RunPodClient) async throws(ProviderFailure) -> RunPodClient.EndAnswer
    ) async -> PodEnd.Answer {
        let client = RunPodClient(settings, maximumTries: 1, logger: logger)
        let answer: PodEnd.Answer
        do {
            let found = try await withTimeLimit(Self.limit, "RunPod") { try await body(client) }
            answer =
                switch found {
                case .accepted: PodEnd.Answer(.accepted, "it ends the pod")
                case .gone: PodEnd.Answer(.gone, "there is no such pod any more")
                }
        } catch {
            answer = PodEnd.Answer(.failed, "\(error)")
        }
        await client.close()
        return answer
    }
}

/// Asks the server to end this pod.
private struct ServerAsk {
    let server: String
    let environment: [String: String]

    func end(_ reason: String, isFailure: Bool) async -> PodEnd.Answer {
        do {
            let url = try CastClient.address(self.server)
            return try await withTimeLimit(PodEnd.Ways.limit, "The server") {
                try await Connections.with(to: url, environment: self.environment) { connections in
                    try await self.ask(url, connections, reason, isFailure)
                }
            }
        } catch let error as CastError {
            return PodEnd.Answer(.failed, error.message)
        } catch {
            return PodEnd.Answer(.failed, "\(error)")
        }
    }

    private func ask(
        _ url: URL, _ connections: Connections, _ reason: String, _ isFailure: Bool
    ) async throws -> PodEnd.Answer {
        let client = CastClient(server: url, connections: connections)
        let variables = Variables(self.environment)
        if let instance = variables.text("INSTANCE_ID"), let token = variables.text("SETUP_TOKEN") {
            do {
                let answer = try await client.post(
                    "/api/runpod/pods/\(CastClient.segment(instance))/request-termination",
                    EndPodRequest(reason: reason, failed: isFailure), headers: ["X-Setup-Token": token],
                    as: TerminationResponse.self, timeout: .seconds(15))
                return Self.answer(answer)
            } catch let error as CastError where [404, 405].contains(error.answeredStatus) {
                // A server that does not know this call, or not this pod: its worker may still be known.
            }
        }
        let home = HomeFolder(environment: self.environment)
        guard let credentials = try NodeCredentials.load(from: home) else {
            return PodEnd.Answer(.failed, "it does not know this pod, and no worker has registered")
        }
        let node = CastClient(server: url, key: credentials.key, connections: connections)
        return Self.answer(
            try await node.post(
                "/api/nodes/\(CastClient.segment(credentials.nodeID.rawValue))/request-termination",
                as: TerminationResponse.self, timeout: .seconds(15)))
    }

    private static func answer(_ answer: TerminationResponse) -> PodEnd.Answer {
        PodEnd.Answer(answer.terminated ? .accepted : .failed, "\(answer.status): \(answer.message)")
    }
}
