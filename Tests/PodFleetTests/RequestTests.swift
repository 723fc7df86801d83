import CastCore
import CastTestSupport
import Foundation
import PodFleet
import Testing

/// What people, scripts and pods ask, and what they are told.
struct RequestTests {
    struct Refusal: CustomTestStringConvertible {
        var what: String
        var settings: [String: String]
        var code: CastError.Code
        var says: String
        var testDescription: String { self.what }
    }

    static let refusals = [
        Refusal(what: "switched off", settings: ["RUNPOD_ENABLED": "false"], code: .invalid, says: "RUNPOD_ENABLED"),
        Refusal(what: "no address", settings: ["RUNPOD_SERVER_URL": ""], code: .invalid, says: "RUNPOD_SERVER_URL"),
        Refusal(what: "no IP", settings: ["RUNPOD_SERVER_IP": ""], code: .invalid, says: "RUNPOD_SERVER_IP"),
        Refusal(
            what: "no such IP", settings: ["RUNPOD_SERVER_IP": "100.64.0"], code: .invalid, says: "Invalid server IP"),
        Refusal(
            what: "maximum", settings: ["RUNPOD_MAX_PODS": "0"], code: .limitReached, says: "Max pods (0) reached"),
        Refusal(
            what: "budget", settings: ["RUNPOD_BUDGET_PER_DAY": "0.05"], code: .limitReached,
            says: "RUNPOD_BUDGET_PER_DAY"),
        Refusal(
            what: "too dear", settings: ["RUNPOD_MAX_PRICE_PER_HOUR": "0.10"], code: .invalid,
            says: "RUNPOD_MAX_PRICE_PER_HOUR"),
        Refusal(what: "wrong setting", settings: ["RUNPOD_MAX_PODS": "many"], code: .invalid, says: "RUNPOD_MAX_PODS"),
    ]

    @Test(arguments: Self.refusals)
    func `a refusal says what to change, and nothing is bought`(refusal: Refusal) async throws {
        let fixture = Fixture(settings: refusal.settings)
        let error = await #expect(throws: CastError.self) { try await fixture.controller.start() }
        #expect(error?.code == refusal.code)
        #expect(error?.message.contains(refusal.says) == true, "\(error?.message ?? "")")
        await fixture.controller.turn()
        #expect(fixture.world.change { $0.creates } == 0)
        #expect(try await fixture.pods().isEmpty)
    }

    @Test func `no more are started than there may be, however many ask at once`() async throws {
        let fixture = Fixture()
        let started = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<12 {
                group.addTask { (try? await fixture.controller.start()) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(started == 3)
        await fixture.controller.turn()
        #expect(fixture.living == 3)
    }

    @Test func `a pod is ended by its instance or by the provider's id, and once`() async throws {
        let fixture = Fixture()
        let first = try await fixture.controller.start()
        let second = try await fixture.controller.start()
        try await fixture.run(30)
        let pod = try #require(try await fixture.pod(second)?.rental?.pod)
        #expect(try await fixture.controller.stop(pod: first.text) == first)
        #expect(try await fixture.controller.stop(pod: pod.rawValue) == second)
        try await fixture.run(30)
        #expect(fixture.living == 0)
        let error = await #expect(throws: CastError.self) { try await fixture.controller.stop(pod: first.text) }
        #expect(error?.code == .notFound)
    }

    @Test func `all are ended, also the one whose create got no answer`() async throws {
        let fixture = Fixture()
        fixture.world.change { $0.outcomes = [.works, .lostAndMadeLate, .lostAndNotMade] }
        for _ in 0..<3 { try await fixture.controller.start() }
        await fixture.controller.turn()
        #expect(try await fixture.controller.stopAll() == 3)
        #expect(try await fixture.controller.stopAll() == 0)
        try await fixture.run(400)
        #expect(fixture.living == 0)
        #expect(try await fixture.pods().values.filter(\.isOpen).isEmpty)
    }

    @Test func `setup reports need the pod's own token, and a pod that is still there`() async throws {
        let fixture = Fixture()
        let instance = try await fixture.controller.start()
        try await fixture.run(30)
        let token = try #require(try await fixture.pod(instance)?.setupToken)
        let report = SetupReport(phase: .installing, message: "installs", hostIP: "100.64.0.7")
        func code(_ instance: InstanceID, _ token: String?) async -> CastError.Code? {
            do {
                try await fixture.controller.setupProgress(instance, token: token, report)
                return nil
            } catch {
                return (error as? CastError)?.code
            }
        }
        #expect(await code(instance, nil) == .unauthorized)
        #expect(await code(instance, "") == .unauthorized)
        #expect(await code(instance, String(token.dropLast())) == .forbidden)
        #expect(await code(instance, token + "x") == .forbidden)
        #expect(await code(InstanceID.draw(notIn: [instance]) { 1 }, token) == .notFound)
        #expect(await code(instance, token) == nil)
        #expect(try await fixture.pod(instance)?.phase == .installing)
        #expect(try await fixture.pod(instance)?.hostIP == "100.64.0.7")
        try await fixture.controller.stopAll()
        #expect(await code(instance, token) == .forbidden)
        try await fixture.run(30)
        #expect(await code(instance, token) == .notFound)
    }

    @Test func `a worker's wish to leave is heard only from a pod's worker`() async throws {
        let fixture = Fixture()
        let instance = try await fixture.controller.start()
        try await fixture.run(300)
        let node = NodeID("node-pod0")
        #expect(try await fixture.controller.requestTermination(node: node, name: "MacBook") == .ignored)
        #expect(
            try await fixture.controller.requestTermination(node: node, name: "RunPod Afterburner 0123") == .unknown)
        #expect(
            try await fixture.controller.requestTermination(node: node, name: instance.nodeName) == .accepted(instance))
        await fixture.controller.turn()
        #expect(fixture.living == 0)
    }

    @Test func `the status shows pods, money and what stands in the way`() async throws {
        let fixture = Fixture(settings: ["RUNPOD_BUDGET_PER_DAY": "2", "RUNPOD_MAX_PODS": "1"])
        #expect(try await fixture.controller.status().obstacle == nil)
        let instance = try await fixture.controller.start()
        try await fixture.run(3600)
        let status = try await fixture.controller.status()
        #expect(status.obstacle == nil)
        #expect(status.pods.map(\.instance) == [instance])
        let day = try #require(status.money.first { $0.kind == .day })
        #expect(day.cap == Money("2"))
        #expect(day.spent == status.runs[instance]?.cost(at: fixture.world.now))
        #expect(day.reserved == .zero)
        try await fixture.controller.start()
        #expect(try await fixture.controller.status().obstacle == "Max pods (1) reached")
    }

    @Test func `a pod is forgotten only when it is gone`() async throws {
        let fixture = Fixture()
        fixture.world.change { $0.outcomes = [.badRequest] }
        let failed = try await fixture.controller.start()
        await fixture.controller.turn()
        let living = try await fixture.controller.start()
        await fixture.controller.turn()
        let error = await #expect(throws: CastError.self) { try await fixture.controller.forget(living) }
        #expect(error?.code == .conflict)
        #expect(try await fixture.controller.forgetFailed().count == 1)
        #expect(try await fixture.pod(failed) == nil)
        #expect(fixture.living == 1)
    }

    @Test func `silent workers without a pod are removed, others are not`() async throws {
        let fixture = Fixture()
        fixture.world.change { state in
            state.nodes["RunPod Afterburner 0bad"] = (NodeID("lost"), state.now - 3600, false)
            state.nodes["RunPod Afterburner 0bae"] = (NodeID("alive"), state.now, false)
            state.nodes["MacBook"] = (NodeID("mac"), state.now - 3600, false)
        }
        #expect(try await fixture.controller.removeOrphanedNodes() == 1)
        #expect(fixture.world.change { Set($0.nodes.keys) } == ["RunPod Afterburner 0bae", "MacBook"])
    }

    @Test func `every setting has a default, and each can be set`() throws {
        let standard = try FleetSettings()
        #expect(!standard.isEnabled)
        #expect(standard.maxPods == 3)
        #expect(standard.scaleThreshold == 10)
        #expect(standard.gpuType == "NVIDIA RTX A5000")
        #expect(standard.blockedGPUs.count == 3)
        #expect(standard.model == "parakeet-tdt-0.6b-v3")
        #expect(standard.idleTimeoutMinutes == 10)
        #expect(standard.caps == BudgetCaps())
        let values: [FleetSetting: String] = [
            .enabled: "true", .maxPods: "7", .autoScale: "1", .scaleThreshold: "20", .podsPerThreshold: "2",
            .scaleStrategy: "backlog", .finishBy: "2026-12-24T18:00:00Z", .uplinkMegabits: "50", .gpuType: "L40",
            .blockedGPUs: "-", .clouds: "secure", .minimumMemory: "24", .minimumCUDA: "-", .priceCeiling: "0.5",
            .model: "large-v3", .idleTimeout: "5", .maxLifetime: "2", .budgetPerHour: "1", .budgetPerDay: "2",
            .budgetPerMonth: "3", .image: "me/mine:1", .disk: "60", .startCommand: "bash start.sh",
            .workerURL: "https://here/cast2md#sha256=" + String(repeating: "aB", count: 32),
            .serverURL: "https://here", .serverIP: "100.64.1.1",
        ]
        #expect(Set(values.keys) == Set(FleetSetting.allCases))
        let set = try FleetSettings(
            Variables(Dictionary(uniqueKeysWithValues: values.map { ($0.variable, $1) })))
        #expect(set.isEnabled && set.isAutoScaling)
        #expect(set.maxPods == 7 && set.scaleThreshold == 20 && set.podsPerThreshold == 2)
        #expect(set.strategy == .backlog)
        #expect(set.finishBy == Date(timeIntervalSince1970: 1_798_135_200))
        #expect(set.uplinkMegabits == 50)
        #expect(set.gpuType == "L40" && set.blockedGPUs.isEmpty && set.clouds == [.secure])
        #expect(set.minimumMemoryGB == 24 && set.minimumCUDA == nil && set.priceCeiling == Money("0.5"))
        #expect(set.model == "large-v3" && set.idleTimeoutMinutes == 5 && set.maxLifetime == 7200)
        #expect(set.caps == BudgetCaps(perHour: Money("1"), perDay: Money("2"), perMonth: Money("3")))
        #expect(set.image == "me/mine:1" && set.diskGB == 60 && set.startCommand?.command == ["bash start.sh"])
        #expect(set.worker?.url == "https://here/cast2md")
        #expect(set.worker?.digest == String(repeating: "ab", count: 32))
        #expect(set.serverURL == "https://here" && set.serverIP == "100.64.1.1")
    }

    @Test(arguments: [
        ("RUNPOD_CLOUDS", "moon"), ("RUNPOD_MIN_CUDA", "new"), ("RUNPOD_BUDGET_PER_DAY", "much"),
        ("RUNPOD_FINISH_BY", "Friday"), ("RUNPOD_SERVER_URL", "server:8000"), ("RUNPOD_SCALE_STRATEGY", "yes"),
        ("RUNPOD_MAX_LIFETIME_HOURS", "0"), ("RUNPOD_START_COMMAND", "[1]"), ("RUNPOD_BUDGET_PER_DAY", "-1"),
        ("RUNPOD_WORKER_URL", "https://here/cast2md"), ("RUNPOD_WORKER_URL", "https://here/x#sha256=ab"),
    ])
    func `a wrong setting is an error that names it`(variable: String, value: String) {
        let error = #expect(throws: CastError.self) { try FleetSettings(Variables([variable: value])) }
        #expect(error?.message.hasPrefix("\(variable) is “\(value)”") == true)
    }

    @Test(arguments: [
        ("100.64.0.1", true), ("fd7a:115c:a1e0::1", true), ("100.64.0", false), ("100.64.0.256", false),
        ("host", false),
        ("1.2.3.4:80", false), ("", false), ("::1", true), ("1.2.3.+4", false),
    ])
    func `an address is told from what is none`(text: String, isAddress: Bool) {
        #expect(PodOrder.isAddress(text) == isAddress)
    }

    @Test func `whether a pod can be created takes settings and budget into account`() async throws {
        let fixture = Fixture(settings: ["RUNPOD_BUDGET_PER_DAY": "0.001"])
        // No price is known yet, but nothing is so cheap.
        #expect(try await fixture.controller.status().obstacle?.contains("RUNPOD_BUDGET_PER_DAY") == true)
        fixture.world.change { $0.settings["RUNPOD_BUDGET_PER_DAY"] = "0.05" }
        #expect(try await fixture.controller.status().obstacle == nil)
        _ = await fixture.controller.offers(try FleetSettings(Variables(fixture.world.change { $0.settings })))
        let refusal = try await fixture.controller.status().obstacle
        #expect(refusal?.hasPrefix("The budget does not allow another pod: of the $0.05") == true)
        fixture.world.change { $0.settings["RUNPOD_BUDGET_PER_DAY"] = "5.00" }
        #expect(try await fixture.controller.status().obstacle == nil)
        fixture.world.change { $0.settings["RUNPOD_MAX_PRICE_PER_HOUR"] = "0.10" }
        #expect(try await fixture.controller.status().obstacle?.hasPrefix("The settings allow no GPU") == true)
    }
}
