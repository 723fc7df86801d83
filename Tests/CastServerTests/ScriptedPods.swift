import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import PodFleet
import Synchronization
import Testing

/// A provider whose pods are entries of a list, which a test looks at and changes.
final class ScriptedPods: Sendable {
    struct State {
        var pods: [ProviderPod] = []
        var made = 0
        /// What a create comes to; nil: a pod.
        var refusal: ProviderFailure?
        /// What listing the pods comes to; nil: the list.
        var listFailure: ProviderFailure?
        var displayName = "RTX A5000"
    }

    private let state = Mutex(State())

    func change<Result>(_ body: (inout sending State) throws -> sending Result) rethrows -> Result {
        try self.state.withLock(body)
    }

    var ids: [String] { self.state.withLock { $0.pods.map(\.id.rawValue) } }

    /// What pods need to be bought: switched on, and an address to call home.
    static let ready = [
        "RUNPOD_ENABLED": "true", "RUNPOD_SERVER_URL": "http://server:8000", "RUNPOD_SERVER_IP": "100.64.0.1",
    ]

    var fleet: FleetProvider { FleetProvider(self.provider, needsTailnet: true) }

    private var provider: GPUProvider {
        var provider = GPUProvider.unimplemented
        provider.create = { request throws(ProviderFailure) in
            let made: Result<ProviderPod, ProviderFailure> = self.change { state in
                if let refusal = state.refusal { return .failure(refusal) }
                state.made += 1
                let pod = ProviderPod(
                    id: PodID("pod\(state.made)"), name: request.name, status: .running, gpu: request.gpu,
                    cloud: request.cloud, pricePerHour: Money("0.27"), environment: request.environment)
                state.pods.append(pod)
                return .success(pod)
            }
            return try made.get()
        }
        provider.logs = { _, _ throws(ProviderFailure) in [] }
        provider.find = { name throws(ProviderFailure) in self.change { $0.pods.filter { $0.name == name } } }
        provider.pod = { id throws(ProviderFailure) in self.change { $0.pods.first { $0.id == id } } }
        provider.list = { _ throws(ProviderFailure) in
            let list: Result<PodList, ProviderFailure> = self.change { state in
                if let failure = state.listFailure { return .failure(failure) }
                return .success(PodList(state.pods))
            }
            return try list.get()
        }
        provider.terminate = { id throws(ProviderFailure) in self.change { $0.pods.removeAll { $0.id == id } } }
        provider.offers = { _ throws(ProviderFailure) in
            self.change { state in
                [
                    GPUOffer(
                        id: "NVIDIA RTX A5000", displayName: state.displayName, memoryGB: 24,
                        terms: [.secure: .init(pricePerHour: Money("0.27"), stock: .high)])
                ]
            }
        }
        provider.billing = { _, _ throws(ProviderFailure) in [] }
        return provider
    }
}

extension ServerFixture {
    /// Runs a server whose pods are scripted.
    static func run(
        _ pods: ScriptedPods, settings: [String: String] = [:],
        _ body: @Sendable (ServerFixture) async throws -> Void
    ) async throws {
        try await self.run(
            provider: pods.fleet, environment: ScriptedPods.ready.merging(settings) { $1 }, body)
    }

    /// Buys a pod, so that the provider has it.
    func buyPod(persistent: Bool = false) async throws -> InstanceID {
        let fleet = try #require(self.parts.fleet)
        let instance = try await fleet.start(persistent: persistent)
        await fleet.turn()
        return instance
    }

    /// Lets a pod's worker register, and the fleet see it.
    func registerWorker(of instance: InstanceID) async throws -> RegisterNodeResponse {
        let node = try await self.register(instance.nodeName)
        _ = try await self.send(.post, "/api/nodes/\(node.nodeID)/heartbeat", key: node.apiKey, "{}")
        await self.parts.fleet?.turn()
        return node
    }

    func pod(_ instance: InstanceID) async throws -> Pod? {
        try await self.parts.database.fleet.books(at: self.time.now).pods[instance]
    }
}
