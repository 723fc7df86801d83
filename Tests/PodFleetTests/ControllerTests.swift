import CastCore
import CastTestSupport
import Foundation
import Logging
import PodFleet
import Synchronization
import Testing

struct ControllerTests {
    @Test func `a pod comes with a click, works, leaves by itself, and nothing is left of it`() async throws {
        let fixture = Fixture()
        fixture.world.change {
            $0.audio = 36_000; $0.jobs = 20
        }
        let instance = try await fixture.controller.start()
        try await fixture.run(240)
        let pod = try #require(try await fixture.pod(instance))
        #expect(pod.isReady)
        #expect(pod.hostIP == "100.64.0.9")
        try await fixture.run(1200)
        #expect(fixture.living == 0)
        let gone = try #require(try await fixture.pod(instance))
        #expect(gone.ending?.reason == .left)
        #expect(gone.due.isEmpty)
        #expect(fixture.world.change { $0.nodes.isEmpty })
        let calls = fixture.world.change { $0.calls }.filter { !$0.hasPrefix("list") && !$0.hasPrefix("look") }
        #expect(
            calls == [
                "create NVIDIA RTX A5000 community", "release node-pod0", "terminate pod0", "release node-pod0",
                "remove node-pod0",
            ])
        let run = try #require(try await fixture.runs().first)
        #expect(run.jobs == 7)
        #expect(
            run.cost(at: fixture.world.now)
                == fixture.world.spent(by: Fixture.server, from: .distantPast, to: .distantFuture))
    }

    @Test func `the request says whose the pod is, and holds no key`() async throws {
        let fixture = Fixture()
        let asked = Mutex<[PodRequest]>([])
        var provider = GPUProvider.of(fixture.world)
        let create = provider.create
        provider.create = { request throws(ProviderFailure) in
            asked.withLock { $0.append(request) }
            return try await create(request)
        }
        let controller = FleetController(
            provider: provider, store: fixture.store, surroundings: .of(fixture.world), server: "me",
            clock: ManualClock(), logger: .init(label: "test"))
        let instance = try await controller.start(persistent: true)
        await controller.turn()
        let request = try #require(asked.withLock { $0.first })
        #expect(request.name == instance.podName)
        #expect(request.minimumCUDA == CUDAVersion(major: 12, minor: 6))
        let environment = request.environment.values
        #expect(environment["CAST2MD_SERVER_ID"] == "me")
        #expect(environment["NODE_NAME"] == instance.nodeName)
        #expect(environment["NODE_PERSISTENT"] == "1")
        #expect(environment["SERVER_IP"] == "100.64.0.1")
        #expect(environment["SETUP_TOKEN"]?.count == 43)
        #expect(environment["TS_AUTH_KEY"] == "{{ RUNPOD_SECRET_ts_auth_key }}")
        #expect(environment["RUNPOD_API_KEY"] == nil)
    }

    struct Fault: CustomTestStringConvertible {
        var outcome: World.Outcome
        /// Whether in the end another pod works in its place.
        var recovers: Bool
        var reason: PodEnding.Reason?
        var testDescription: String { "\(self.outcome)" }
    }

    static let faults = [
        Fault(outcome: .works, recovers: true, reason: nil), Fault(outcome: .noCapacity, recovers: true, reason: nil),
        Fault(outcome: .outOfMoney, recovers: false, reason: .refused),
        Fault(outcome: .badKey, recovers: false, reason: .refused),
        Fault(outcome: .notAllowed, recovers: true, reason: nil),
        Fault(outcome: .badRequest, recovers: false, reason: .refused),
        Fault(outcome: .oddRequest, recovers: true, reason: nil),
        Fault(outcome: .rateLimited, recovers: true, reason: nil),
        Fault(outcome: .unavailable, recovers: true, reason: nil),
        Fault(outcome: .lostAndMade, recovers: true, reason: nil),
        Fault(outcome: .lostAndMadeLate, recovers: true, reason: nil),
        Fault(outcome: .lostAndNotMade, recovers: true, reason: .neverAppeared),
        Fault(outcome: .blockedGPU, recovers: true, reason: .wrongMachine),
        Fault(outcome: .oldDriver, recovers: true, reason: .wrongMachine),
        Fault(outcome: .tooDear, recovers: true, reason: .wrongMachine),
        Fault(outcome: .pullsForEver, recovers: false, reason: .launchDeadline),
        Fault(outcome: .setupFails, recovers: false, reason: .setupFailed),
        Fault(outcome: .setupHangs, recovers: false, reason: .setupDeadline),
        Fault(outcome: .neverRegisters, recovers: false, reason: .registrationDeadline),
        Fault(outcome: .dies, recovers: false, reason: .broke),
        Fault(outcome: .fallsSilent, recovers: false, reason: .heartbeatLost),
        Fault(outcome: .vanishes, recovers: false, reason: .vanished),
    ]

    @Test func `every fault of the provider has its row`() {
        #expect(Set(Self.faults.map(\.outcome)) == Set(World.Outcome.allCases))
    }

    @Test(arguments: Self.faults)
    func `whatever goes wrong, one pod works or none bills, and the log tells why`(fault: Fault) async throws {
        let fixture = Fixture()
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 1000; $0.outcomes = [fault.outcome]
        }
        let instance = try await fixture.controller.start()
        try await fixture.run(1800) { #expect(fixture.living <= 2) }
        #expect(fixture.living == (fault.recovers ? 1 : 0))
        let first = try #require(try await fixture.pod(instance))
        #expect(first.ending?.reason == fault.reason)
        if let reason = fault.reason {
            let story = try await fixture.store.events(of: instance, before: nil, limit: 100)
            #expect(story.contains { $0.facts["reason"] == reason.rawValue })
        }
        try await fixture.controller.stopAll()
        try await fixture.run(600)
        #expect(fixture.living == 0)
        for run in try await fixture.runs() { #expect(run.endedAt != nil) }
        #expect(fixture.world.change { $0.nodes.isEmpty })
    }

    @Test func `when one place has nothing the next candidate is tried at once`() async throws {
        let fixture = Fixture()
        fixture.world.change { $0.outcomes = [.noCapacity, .noCapacity] }
        try await fixture.controller.start()
        await fixture.controller.turn()
        let creates = fixture.world.change { $0.calls }.filter { $0.hasPrefix("create") }
        #expect(
            creates == [
                "create NVIDIA RTX A5000 community", "create NVIDIA RTX A5000 secure", "create NVIDIA L40 secure",
            ])
    }

    @Test func `what came in place of what was asked for is ended, and the next candidate tried`() async throws {
        let fixture = Fixture()
        fixture.world.change { $0.outcomes = [.blockedGPU, .oldDriver] }
        try await fixture.controller.start()
        try await fixture.run(60)
        let creates = fixture.world.change { $0.calls }.filter { $0.hasPrefix("create") }
        #expect(
            creates == [
                "create NVIDIA RTX A5000 community", "create NVIDIA RTX A5000 secure", "create NVIDIA L40 secure",
            ])
        #expect(fixture.living == 1)
    }

    @Test func `where nothing is free it waits, asks again, and gives up after half an hour`() async throws {
        let fixture = Fixture()
        fixture.world.change { $0.outcomes = Array(repeating: .noCapacity, count: 1000) }
        let instance = try await fixture.controller.start()
        try await fixture.run(1770)
        let waiting = try #require(try await fixture.pod(instance))
        #expect(waiting.phase == .creating)
        #expect(waiting.message.hasPrefix("no GPU is free now"))
        try await fixture.run(45)
        #expect(try await fixture.pod(instance)?.ending?.reason == .noCapacity)
        // Three candidates, asked at 0, 3, 9 and 21 minutes.
        #expect(fixture.world.change { $0.creates } == 12)
    }

    @Test func `a terminate that fails is repeated until the provider says that the pod is gone`() async throws {
        let fixture = Fixture()
        try await fixture.controller.start()
        try await fixture.run(60)
        fixture.world.change { $0.failingTerminates = 70 }
        try await fixture.controller.stopAll()
        try await fixture.run(1030)
        #expect(fixture.living == 1)
        #expect(try await fixture.runs().first?.endedAt == nil)
        #expect(try await fixture.story(.alarm).count == 1)
        try await fixture.run(60)
        #expect(fixture.living == 0)
        #expect(try await fixture.runs().first?.endedAt != nil)
    }

    @Test func `a list that fails or leaves a pod out says nothing`() async throws {
        let fixture = Fixture()
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 1000
        }
        let instance = try await fixture.controller.start()
        try await fixture.run(300)
        fixture.world.change { $0.failingLists = 40 }
        try await fixture.run(600)
        #expect(try await fixture.pod(instance)?.isReady == true)
        fixture.world.change { $0.hiding = ["pod0"] }
        try await fixture.run(60)
        #expect(try await fixture.pod(instance)?.isReady == true)
        #expect(fixture.world.change { $0.creates } == 1)
    }

    @Test func `jobs that cannot be released do not keep a pod alive`() async throws {
        let fixture = Fixture()
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 1000
        }
        try await fixture.controller.start()
        try await fixture.run(300)
        fixture.world.change { $0.failingReleases = 20 }
        try await fixture.controller.stopAll()
        try await fixture.run(180)
        #expect(fixture.living == 0)
        try await fixture.run(300)
        #expect(fixture.world.change { $0.nodes.isEmpty })
    }

    @Test func `another server's pods and a person's are never touched`() async throws {
        let fixture = Fixture()
        let foreign: [(String, String?)] = [
            ("cast2md-afterburner-beef", "other"), ("cast2md-afterburner-cafe", nil), ("my-notebook", "me"),
        ]
        fixture.world.change { state in
            for (name, server) in foreign {
                state.machines.append(
                    World.Machine(
                        id: PodID("foreign \(name)"), name: name, server: server, gpu: "NVIDIA L40", cloud: .secure,
                        price: Money(micros: 1), cuda: CUDAVersion(major: 12, minor: 8), bornAt: state.now,
                        visibleAt: state.now, outcome: .pullsForEver))
            }
        }
        try await fixture.controller.start()
        try await fixture.run(600)
        try await fixture.controller.stopAll()
        try await fixture.run(3600)
        #expect(Set(fixture.world.living.map(\.name)) == Set(foreign.map(\.0)))
    }

    @Test func `a pod of ours that nobody accounts for is ended and counted`() async throws {
        let fixture = Fixture()
        fixture.world.change { state in
            state.machines.append(
                World.Machine(
                    id: "lost", name: "cast2md-afterburner-0bad", server: "me", gpu: "NVIDIA L40", cloud: .secure,
                    price: Money(micros: 690_000), cuda: CUDAVersion(major: 12, minor: 8), bornAt: state.now - 3600,
                    visibleAt: state.now, outcome: .works))
        }
        await fixture.controller.turn()
        #expect(fixture.living == 0)
        let run = try #require(try await fixture.runs().first)
        #expect(run.pod == "lost")
        #expect(run.cost(at: fixture.world.now) == Money(micros: 690_000))
        #expect(try await fixture.story(.sweep).count == 1)
        try await fixture.run(600)
        #expect(try await fixture.runs().count == 1)
    }

    @Test func `a persistent pod stays when idle, and ends when its time is over`() async throws {
        let fixture = Fixture(settings: ["RUNPOD_MAX_LIFETIME_HOURS": "1"])
        let instance = try await fixture.controller.start(persistent: true)
        // Its worker does not ask to leave, since it was told to stay.
        fixture.world.change { $0.workersStay = true }
        try await fixture.run(3240)
        #expect(try await fixture.pod(instance)?.isReady == true)
        try await fixture.run(420)
        #expect(try await fixture.pod(instance)?.ending?.reason == .lifetime)
        #expect(fixture.living == 0)
    }

    @Test func `fewer allowed means that those that do not work yet go first`() async throws {
        let fixture = Fixture()
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 1000
        }
        let first = try await fixture.controller.start()
        try await fixture.run(300)
        let second = try await fixture.controller.start()
        try await fixture.run(30)
        fixture.world.change { $0.settings["RUNPOD_MAX_PODS"] = "1" }
        try await fixture.run(30)
        #expect(try await fixture.pod(first)?.isReady == true)
        #expect(try await fixture.pod(second)?.ending?.reason == .surplus)
        fixture.world.change { $0.settings["RUNPOD_MAX_PODS"] = "0" }
        try await fixture.run(30)
        // A busy one finishes; it leaves when nothing is left.
        #expect(try await fixture.pod(first)?.isReady == true)
    }

    @Test func `the money of a create that got no answer stays reserved`() async throws {
        let fixture = Fixture(settings: ["RUNPOD_BUDGET_PER_HOUR": "0.40"])
        fixture.world.change { $0.outcomes = [.lostAndMadeLate] }
        try await fixture.controller.start()
        await fixture.controller.turn()
        let error = await #expect(throws: CastError.self) { try await fixture.controller.start() }
        #expect(error?.code == .limitReached)
        #expect(error?.message.contains("RUNPOD_BUDGET_PER_HOUR") == true)
        // One that is ended while it is looked for may be there as well.
        try await fixture.controller.stopAll()
        await #expect(throws: CastError.self) { try await fixture.controller.start() }
        try await fixture.run(300)
        #expect(fixture.living == 0)
    }

    @Test func `pods are ended on time whatever somebody wrote into a setting`() async throws {
        let fixture = Fixture()
        let instance = try await fixture.controller.start()
        try await fixture.run(60)
        fixture.world.change { $0.settings["RUNPOD_MAX_PODS"] = "many" }
        try await fixture.controller.stop(pod: instance.text)
        let next = fixture.restarted()
        await next.controller.turn()
        #expect(next.living == 0)
    }

    @Test func `the log tells once when the provider cannot be read, and once when it can again`() async throws {
        let fixture = Fixture()
        try await fixture.controller.start()
        fixture.world.change { $0.failingLists = 5 }
        try await fixture.run(300)
        #expect(try await fixture.story(.provider).count == 2)
    }

    @Test func `what no run explains is told once, and again when it grows`() async throws {
        let fixture = Fixture()
        try await fixture.controller.start()
        try await fixture.run(120)
        try await fixture.controller.stopAll()
        try await fixture.run(60)
        func bill(_ amount: String) {
            fixture.world.change { state in
                state.bill = [
                    BillingRecord(
                        pod: "pod0", from: state.now - 3600, to: state.now, amount: Money(amount) ?? .zero)
                ]
            }
        }
        bill("1.50")
        try await fixture.run(4 * 3600, step: 60)
        #expect(try await fixture.story(.alarm).count == 1)
        #expect(try await fixture.runs().first?.billed == Money("1.5"))
        bill("2.50")
        try await fixture.run(2 * 3600, step: 60)
        #expect(try await fixture.story(.alarm).count == 2)
    }
}
