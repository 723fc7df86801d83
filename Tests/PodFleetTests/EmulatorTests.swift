import CastCore
import CastTestSupport
import Foundation
import Logging
import PodFleet
import RunPod
import RunPodEmulator
import Synchronization
import Testing

/// The controller, the real client, and an emulator whose pods are processes.
@Suite(.timeLimit(.minutes(4))) struct EmulatorTests {
    static var quiet: Logger {
        var logger = Logger(label: "test.fleet")
        logger.logLevel = .critical
        return logger
    }

    static func with(
        _ body: @escaping @Sendable (EmulatorServer, URL) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await EmulatorServer.with(EmulatorOptions(home: folder), logger: Self.quiet, body)
        }
    }

    @Test func `a pod's life at the emulator, to the cent`() async throws {
        try await Self.with { emulator, base in
            try await Site.with(base, "me") { site in
                let instance = try await site.controller.start()
                #expect(try await site.turn(instance) { $0.phase == .connecting })
                let token = try #require(try await site.pod(instance)?.setupToken)
                try await site.controller.setupProgress(
                    instance, token: token, SetupReport(phase: .ready, message: "worker started"))
                site.register(instance)
                #expect(try await site.turn(instance) { $0.isReady })
                let answer = try await site.controller.requestTermination(
                    node: NodeID(instance.text), name: instance.nodeName)
                #expect(answer == .accepted(instance))
                #expect(try await site.turn(instance) { $0.due.isEmpty })
                #expect(site.nodes.isEmpty)
                let ledger = await emulator.ledger()
                #expect(ledger.stillBilling == 0)
                let run = try #require(try await site.runs().first)
                // To the cent: the emulator bills whole seconds, and we see the end a moment later.
                #expect(abs(run.cost(at: Date()).micros - ledger.billed.micros) < 5_000)
            }
        }
    }

    struct Case: CustomTestStringConvertible {
        var fault: Fault.Kind
        var count = 1
        /// Moves our clock on, past the time in which a lost pod is looked for or may start.
        var patience: TimeInterval = 0
        var reason: PodEnding.Reason?
        var testDescription: String { "\(self.fault)" }
    }

    static let cases = [
        Case(fault: .noCapacity), Case(fault: .outOfMoney, reason: .refused), Case(fault: .forbidden),
        Case(fault: .rateLimited), Case(fault: .serverErrorBefore, patience: 200, reason: .neverAppeared),
        Case(fault: .serverErrorAfter), Case(fault: .dropConnectionAfterCreate),
        Case(fault: .pullLoop, patience: 1300, reason: .launchDeadline), Case(fault: .wrongGPU, reason: .wrongMachine),
        Case(fault: .oldDriver, reason: .wrongMachine), Case(fault: .podDies, reason: .broke),
        Case(fault: .podVanishes, reason: .vanished), Case(fault: .listMissesPodOnce), Case(fault: .listFails),
        Case(fault: .htmlErrorPage), Case(fault: .terminateFails, count: 2),
        Case(fault: .terminateMisses, count: 2),
        Case(fault: .priceChange, reason: .wrongMachine), Case(fault: .slowPull),
        Case(fault: .podSilent, patience: 1000, reason: .setupDeadline),
    ]

    @Test func `every fault of the emulator is in the table`() {
        // Those that hold a request stand in the table of kills, where a server waits for it.
        let held: Set<Fault.Kind> = [.holdRequest, .holdAnswer]
        #expect(Set(Self.cases.map(\.fault)) == Set(Fault.Kind.allCases).subtracting(held))
    }

    @Test(arguments: Self.cases)
    func `whatever the emulator does, in the end nothing bills and every pod has its run`(row: Case) async throws {
        try await Self.with { emulator, base in
            try await Site.with(base, "me") { site in
                var fault = Fault(row.fault, count: row.count)
                fault.givenGPU = "NVIDIA L4"
                fault.cudaVersion = CUDAVersion(major: 12, minor: 4)
                fault.pricePerHour = Money(micros: 5_000_000)
                fault.retryAfter = 1
                fault.seconds = row.fault == .slowPull ? 0.5 : 0
                await emulator.arm(fault)
                let instance = try await site.controller.start()
                if let reason = row.reason {
                    for _ in 0..<4 { await site.controller.turn() }
                    site.moveOn(row.patience)
                    #expect(try await site.turn(instance) { $0.ending?.reason == reason })
                } else {
                    #expect(try await site.turn(instance) { $0.phase == .connecting })
                }
                try await site.controller.stopAll()
                let isOver = try await eventually(within: .seconds(60)) {
                    await site.controller.turn()
                    return try await site.store.books(at: Date()).openPods.isEmpty ? true : nil
                }
                #expect(isOver == true)
                let ledger = await emulator.ledger()
                #expect(ledger.stillBilling == 0)
                let runs = try await site.runs()
                #expect(runs.allSatisfy { $0.endedAt != nil })
                #expect(Set(runs.map(\.pod.rawValue)) == Set(ledger.rows.map(\.id)))
                let caps = try #require(Money(Site.budget))
                #expect(ledger.billed <= caps)
                // The log tells of each pod, from the wish for it to its end.
                let pods = try await site.store.books(at: Date()).pods.values
                for pod in pods {
                    let story = try await site.store.events(of: pod.instance, before: nil, limit: 100)
                    #expect(story.last?.message.hasPrefix("wanted: ") == true)
                    #expect(story.contains { $0.message.contains("→ gone: ") }, "\(story.map(\.message))")
                }
            }
        }
    }

    @Test func `two servers of one account end their own pods only`() async throws {
        try await Self.with { emulator, base in
            try await Site.with(base, "one") { one in
                try await Site.with(base, "two") { two in
                    let first = try await one.controller.start()
                    let second = try await two.controller.start()
                    #expect(try await one.turn(first) { $0.rental != nil })
                    #expect(try await two.turn(second) { $0.rental != nil })
                    try await one.controller.stopAll()
                    #expect(try await one.turn(first) { !$0.isOpen })
                    for _ in 0..<3 {
                        await one.controller.turn()
                        await two.controller.turn()
                    }
                    #expect(await emulator.ledger().stillBilling == 1)
                    #expect(try await two.pod(second)?.rental != nil)
                }
            }
        }
    }
}

/// A server beside the emulator: its controller, its nodes, and a clock that a test may move on.
final class Site: Sendable {
    private struct State {
        var ahead: TimeInterval = 0
        var nodes: [FleetNode] = []
    }

    /// What the controller's surroundings look at.
    private final class Place: Sendable {
        let state = Mutex(State())
        var now: Date { Date() + self.state.withLock { $0.ahead } }
    }

    static let budget = "20.00"

    let controller: FleetController
    let store = MemoryFleetStore()
    private let place: Place

    static func with(
        _ base: URL, _ server: String, _ body: (Site) async throws -> Void
    ) async throws {
        let client = RunPodClient(
            try RunPodSettings(key: "emulator-key", base: base.absoluteString), logger: EmulatorTests.quiet)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(Site(client.provider, server)))
        } catch {
            result = .failure(error)
        }
        await client.close()
        try result.get()
    }

    init(_ provider: GPUProvider, _ server: String) {
        let place = Place()
        self.place = place
        let variables = Variables([
            "RUNPOD_ENABLED": "true", "RUNPOD_SERVER_URL": "http://server:8000", "RUNPOD_SERVER_IP": "100.64.0.1",
            "RUNPOD_START_COMMAND": "sleep 1000", "RUNPOD_BUDGET_PER_DAY": Self.budget,
        ])
        self.controller = FleetController(
            provider: provider, store: self.store,
            surroundings: FleetSurroundings(
                queue: { QueueView(claimableJobs: 0, audioSeconds: 0) },
                nodes: { place.state.withLock { $0.nodes } },
                workDone: { _ in WorkDone(jobs: 0, audioSeconds: 0, busySeconds: 0) }, releaseJobs: { _ in },
                removeNode: { node in place.state.withLock { $0.nodes.removeAll { $0.id == node } } },
                address: { nil }, settings: { try FleetSettings(variables) }, now: { place.now }),
            server: server, clock: ContinuousClock(), logger: EmulatorTests.quiet)
    }

    func moveOn(_ seconds: TimeInterval) { self.place.state.withLock { $0.ahead += seconds } }

    func register(_ instance: InstanceID) {
        let node = FleetNode(
            id: NodeID(instance.text), name: instance.nodeName, lastHeartbeatAt: self.place.now, isBusy: false)
        self.place.state.withLock { $0.nodes.append(node) }
    }

    var nodes: [FleetNode] { self.place.state.withLock { $0.nodes } }

    func pod(_ instance: InstanceID) async throws -> Pod? {
        try await self.store.books(at: self.place.now).pods[instance]
    }

    func runs() async throws -> [PodRun] { try await self.store.runs(from: .distantPast, to: .distantFuture) }

    /// Turn after turn until something is true of a pod.
    func turn(_ instance: InstanceID, until isTrue: (Pod) -> Bool) async throws -> Bool {
        try await eventually(within: .seconds(60)) {
            await self.controller.turn()
            guard let pod = try await self.pod(instance), isTrue(pod) else { return nil }
            return true
        } ?? false
    }
}
