import CastCore
import CastTestSupport
import Foundation
import Logging
import PodFleet
import Synchronization

/// A controller in a world of its own.
struct Fixture {
    static let server = "me"

    let world: World
    let store: any FleetStore
    let controller: FleetController
    private let tailnet: Tailnet?

    init(
        _ world: World = World(), store: any FleetStore = MemoryFleetStore(), settings: [String: String] = [:],
        tailnet: Tailnet? = nil
    ) {
        self.world = world
        self.store = store
        self.tailnet = tailnet
        world.change { $0.settings.merge(settings) { $1 } }
        self.controller = FleetController(
            provider: .of(world), store: store, surroundings: .of(world), server: Self.server, tailnet: tailnet,
            clock: ManualClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The same world and books with a new controller, as after a crash.
    func restarted() -> Fixture { Fixture(self.world, store: self.store, tailnet: self.tailnet) }

    /// Lets so much time pass, a turn every fifteen seconds.
    func run(_ seconds: TimeInterval, step: TimeInterval = 15, check: (() async throws -> Void)? = nil) async throws {
        for _ in 0..<Int(seconds / step) {
            let words = self.world.change { $0.move(by: step) }
            for word in words { await self.hear(word) }
            await self.controller.turn()
            try await check?()
        }
    }

    private func hear(_ word: World.State.Word) async {
        switch word {
        case .setup(let name, let report):
            guard let instance = InstanceID(podName: name), let pod = try? await self.pods()[instance] else { return }
            try? await self.controller.setupProgress(instance, token: pod.setupToken, report)
        case .leave(let node, let name):
            _ = try? await self.controller.requestTermination(node: node, name: name)
        }
    }

    func pods() async throws -> [InstanceID: Pod] { try await self.store.books(at: self.world.now).pods }

    func pod(_ instance: InstanceID) async throws -> Pod? { try await self.pods()[instance] }

    var living: Int { self.world.living(of: Self.server).count }

    func runs() async throws -> [PodRun] { try await self.store.runs(from: .distantPast, to: .distantFuture) }

    /// What the log says, oldest first.
    func story(_ kinds: FleetEvent.Kind...) async throws -> [String] {
        try await self.store.events(of: nil, before: nil, limit: 10_000).reversed()
            .filter { kinds.isEmpty || kinds.contains($0.kind) }.map(\.message)
    }
}

extension GPUProvider {
    static func of(_ world: World) -> GPUProvider {
        GPUProvider(
            create: { request throws(ProviderFailure) in
                try World.call(world) { state throws(ProviderFailure) in try state.create(request) }
            },
            find: { name throws(ProviderFailure) in
                try World.call(world) { state throws(ProviderFailure) in try state.find(name) }
            },
            pod: { id throws(ProviderFailure) in
                try World.call(world) { state throws(ProviderFailure) in try state.lookUp(id) }
            },
            list: { _ throws(ProviderFailure) in
                try World.call(world) { state throws(ProviderFailure) in try state.list() }
            },
            terminate: { id throws(ProviderFailure) in
                try World.call(world) { state throws(ProviderFailure) in try state.terminate(id) }
            },
            offers: { _ throws(ProviderFailure) in
                try World.call(world) { state throws(ProviderFailure) in
                    if state.isStruck() { throw ProviderFailure(.unavailable, "timeout") }
                    return state.offers
                }
            },
            billing: { _, _ throws(ProviderFailure) in world.change { $0.bill } },
            balance: { nil },
            logs: { _, _ throws(ProviderFailure) in [] })
    }
}

extension World {
    static func call<Value: Sendable>(
        _ world: World, _ body: (inout State) throws(ProviderFailure) -> Value
    ) throws(ProviderFailure) -> Value {
        let result: Result<Value, ProviderFailure> = world.change { state in
            do throws(ProviderFailure) { return .success(try body(&state)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

extension FleetSurroundings {
    static func of(_ world: World) -> FleetSurroundings {
        FleetSurroundings(
            queue: { world.change { QueueView(claimableJobs: $0.jobs, audioSeconds: $0.audio) } },
            nodes: {
                world.change { state in
                    state.nodes.map { FleetNode(id: $1.id, name: $0, lastHeartbeatAt: $1.heardAt, isBusy: $1.isBusy) }
                }
            },
            workDone: { _ in WorkDone(jobs: 7, audioSeconds: 7200, busySeconds: 100) },
            releaseJobs: { node in
                try world.change { state in
                    state.calls.append("release \(node)")
                    guard state.failingReleases > 0 else { return }
                    state.failingReleases -= 1
                    throw CastError(.unavailable, "The database is locked.")
                }
            },
            removeNode: { node in
                world.change { state in
                    state.calls.append("remove \(node)")
                    state.nodes = state.nodes.filter { $0.value.id != node }
                }
            },
            address: { nil },
            settings: { try FleetSettings(Variables(world.change { $0.settings })) },
            uplink: { world.change { $0.uplink } },
            tell: { events in world.change { $0.events += events } },
            now: { world.now },
            random: { world.change { $0.generator.next() } })
    }
}
