import CastAPI
import CastClient
import CastCore
import CastStore
import Foundation
import RunPodEmulator
import Testing

/// A step of a pod's life that is written down, and how the server is brought to stand still right after it.
struct FleetStep: Sendable, CustomTestStringConvertible {
    /// What has to become of the pod once the server is back.
    enum Fate: Sendable {
        /// It is this server's, and goes on.
        case adopted
        case ended
        /// It is none, or is ended; another one comes in its place, once.
        case replaced
    }

    var testDescription: String
    var settings: [String: String] = [:]
    /// Returns while the server stands still.
    var reach: @Sendable (FleetSite) async throws -> Void
    /// What the disk must say after the kill.
    var isWritten: @Sendable (FleetBooks) -> Bool
    /// What happens while no server is there.
    var meanwhile: @Sendable (FleetSite) async throws -> Void = { _ in }
    /// What happens once it is back.
    var afterwards: @Sendable (FleetSite) async throws -> Void = { _ in }
    var fate: Fate
    /// How many pods were ever bought.
    var purchases = 1
    /// Whether the pod's worker held a job, which has to go back.
    var hasJob = false

    /// The table, in the order of a pod's life.
    static let all: [FleetStep] = Self.buying + Self.working + Self.ending + Self.apart

    // MARK: Until the provider's yes

    private static let buying: [FleetStep] = [
        FleetStep(
            testDescription: "wanted",
            reach: { site in
                // The first turn asks for the list and waits there; no other turn begins before it is over.
                await site.emulator.arm(.hold(.list))
                try await site.start()
                await site.emulator.untilHeld(.list)
                _ = try await site.admin.createPod(persistent: false)
            },
            isWritten: { $0.only?.state == .creating(nil) }, meanwhile: { await $0.emulator.release(.list) },
            fate: .adopted),
        FleetStep(
            testDescription: "wanted by scaling",
            settings: ["RUNPOD_AUTO_SCALE": "true", "RUNPOD_SCALE_THRESHOLD": "1", "RUNPOD_MAX_PODS": "1"],
            reach: { site in
                await site.emulator.arm(.hold(.catalogue))
                try await site.start()
                await site.emulator.untilHeld(.catalogue)
            },
            isWritten: { $0.only?.state == .creating(nil) && $0.lastPurchaseAt != nil },
            meanwhile: { await $0.emulator.release(.catalogue) }, fate: .adopted),
        FleetStep(
            testDescription: "asked for, and the create never arrives", reach: { try await $0.create(.hold(.create)) },
            isWritten: { $0.only?.isAsked == true },
            meanwhile: { site in
                await site.emulator.arm(Fault(.serverErrorBefore, count: 1))
                await site.emulator.release(.create)
                try await site.stayAway(minutes: 4)
            },
            fate: .replaced),
        FleetStep(
            testDescription: "asked for, and the create arrives when the server is back",
            reach: { try await $0.create(.hold(.create)) }, isWritten: { $0.only?.isAsked == true },
            afterwards: { site in
                try await site.until("looked for") { _ in try await site.books().only?.ask?.looks ?? 0 > 0 }
                await site.emulator.release(.create)
            },
            fate: .adopted),
        FleetStep(
            testDescription: "asked for, and there is a pod",
            reach: { try await $0.create(.hold(.create, answer: true)) }, isWritten: { $0.only?.isAsked == true },
            meanwhile: { await $0.emulator.release(.create) }, fate: .adopted),
        FleetStep(
            testDescription: "asked for, and to be ended before the answer",
            reach: { site in
                try await site.create(.hold(.create, answer: true))
                _ = try await site.admin.terminate(nil)
            },
            isWritten: { books in
                guard case .terminating(.asked, _, _) = books.only?.state else { return false }
                return true
            },
            meanwhile: { await $0.emulator.release(.create) }, fate: .ended),
    ]

    // MARK: From there to work

    private static let working: [FleetStep] = [
        FleetStep(
            testDescription: "starting",
            reach: { site in
                try await site.create(.hold(.create, answer: true))
                await site.emulator.arm(.hold(.list))
                await site.emulator.release(.create)
                try await site.until("starting")
                await site.emulator.untilHeld(.list)
            },
            isWritten: { $0.only?.stateName == "starting" && $0.runs.count == 1 },
            meanwhile: { await $0.emulator.release(.list) }, fate: .adopted),
        FleetStep(
            testDescription: "connecting", reach: { try await $0.arrive("connecting") },
            isWritten: { $0.only?.stateName == "connecting" }, fate: .adopted),
        FleetStep(
            testDescription: "installing",
            reach: { site in
                try await site.arrive("connecting")
                try await site.report("installing", "registers the worker")
            },
            isWritten: { $0.only?.stateName == "installing" }, fate: .adopted),
        FleetStep(
            testDescription: "set up",
            reach: { site in
                try await site.arrive("connecting")
                try await site.report("ready", "the worker starts")
            },
            isWritten: { $0.only?.rental?.saidReadyAt != nil }, fate: .adopted),
        FleetStep(
            testDescription: "ready", reach: { _ = try await $0.work() }, isWritten: { $0.only?.isReady == true },
            fate: .adopted),
    ]

    // MARK: To its end

    private static let ending: [FleetStep] = [
        FleetStep(
            testDescription: "draining",
            reach: { site in
                let worker = try await site.work()
                _ = try await worker.claim()
                await site.emulator.arm(.hold(.list))
                try await site.poke()
                await site.emulator.untilHeld(.list)
                _ = try await worker.requestTermination()
            },
            isWritten: { $0.only?.stateName == "draining" },
            meanwhile: { await $0.emulator.release(.list) }, fate: .ended, hasJob: true),
        FleetStep(
            testDescription: "terminating, and the provider was not asked",
            reach: { try await $0.terminate(.hold(.terminate)) },
            isWritten: { $0.only?.stateName == "terminating" && $0.only?.node != nil },
            meanwhile: { site in
                await site.emulator.arm(Fault(.terminateFails, count: 1))
                await site.emulator.release(.terminate)
            },
            fate: .ended),
        FleetStep(
            testDescription: "terminating, and the provider hears of it when the server is back",
            reach: { try await $0.terminate(.hold(.terminate)) },
            isWritten: { $0.only?.stateName == "terminating" },
            afterwards: { await $0.emulator.release(.terminate) }, fate: .ended),
        FleetStep(
            testDescription: "terminating, and the pod is gone",
            reach: { try await $0.terminate(.hold(.terminate, answer: true)) },
            isWritten: { $0.only?.stateName == "terminating" },
            meanwhile: { await $0.emulator.release(.terminate) }, fate: .ended),
        FleetStep(
            testDescription: "ended, and not yet looked up", reach: { try await $0.terminate(.hold(.read)) },
            isWritten: { $0.only?.stateName == "terminating" && $0.runs.values.allSatisfy { $0.endedAt == nil } },
            meanwhile: { await $0.emulator.release(.read) }, fate: .ended),
        FleetStep(
            testDescription: "gone, and its node is not yet removed",
            reach: { site in
                _ = try await site.work()
                try site.execute(
                    """
                    CREATE TRIGGER held BEFORE DELETE ON node BEGIN SELECT RAISE(ABORT, 'held by a test'); END
                    """)
                _ = try await site.admin.terminate(nil)
                try await site.until("gone") { $0.isEmpty }
            },
            isWritten: { books in
                guard case .gone(.some, _) = books.pods.values.first?.state else { return false }
                return books.runs.values.allSatisfy { $0.endedAt != nil }
            },
            meanwhile: { try $0.execute("DROP TRIGGER held") }, fate: .ended),
        FleetStep(
            testDescription: "gone",
            reach: { site in
                _ = try await site.work()
                _ = try await site.admin.terminate(nil)
                try await site.until("gone") { pods in
                    guard pods.isEmpty else { return false }
                    return try await site.admin.nodes().isEmpty
                }
            },
            isWritten: { $0.openPods.isEmpty && $0.pods.values.allSatisfy { $0.node == nil } }, fate: .ended),
    ]

    // MARK: Out of the ordinary

    private static let apart: [FleetStep] = [
        FleetStep(
            testDescription: "the wrong GPU, which is to be ended", reach: { try await $0.buyWrongGPU() },
            isWritten: { $0.only?.ending?.reason == .wrongMachine && $0.only?.replacedBy == nil },
            meanwhile: { await $0.emulator.release(.terminate) }, fate: .replaced, purchases: 2),
        FleetStep(
            testDescription: "the wrong GPU, and another pod is wanted",
            reach: { site in
                try await site.buyWrongGPU()
                await site.emulator.arm(.hold(.catalogue))
                await site.emulator.release(.terminate)
                await site.emulator.untilHeld(.catalogue)
            },
            isWritten: { books in
                books.pods.count == 2 && books.only?.state == .creating(nil)
                    && books.pods.values.contains { $0.replacedBy == books.only?.instance }
            },
            meanwhile: { await $0.emulator.release(.catalogue) },
            fate: .replaced, purchases: 2),
        FleetStep(
            testDescription: "a pod of ours that nothing accounts for",
            reach: { site in
                let server = try await site.reading {
                    try FleetDatabase.serverID(of: $0, orMake: UUID().uuidString.lowercased())
                }
                try await site.buyBehindTheServersBack(server: server)
                await site.emulator.arm(.hold(.terminate))
                try await site.start()
                await site.emulator.untilHeld(.terminate)
            },
            isWritten: { $0.only?.ending?.reason == .unaccounted && $0.runs.count == 1 },
            meanwhile: { await $0.emulator.release(.terminate) }, fate: .ended),
    ]
}

extension Fault {
    /// Holds requests of a kind: before anything is done with them, or the answer only.
    static func hold(_ operation: RunPodEmulator.Operation, answer: Bool = false) -> Fault {
        var fault = Fault(answer ? .holdAnswer : .holdRequest)
        fault.on = operation
        return fault
    }
}

extension FleetBooks {
    /// The pod that is not gone, where there is one.
    var only: Pod? { self.openPods.count == 1 ? self.openPods.first : nil }
}

extension Pod {
    var isAsked: Bool {
        if case .creating(.some) = self.state { true } else { false }
    }
}

extension FleetSite {
    /// A person orders a pod; returns when its create is held.
    func create(_ fault: Fault) async throws {
        await self.emulator.arm(fault)
        try await self.start()
        _ = try await self.admin.createPod(persistent: false)
        await self.emulator.untilHeld(.create)
    }

    /// A person orders a pod; returns when it is in a state in which it waits for its setup.
    func arrive(_ state: String) async throws {
        try await self.start()
        _ = try await self.admin.createPod(persistent: false)
        try await self.until(state)
    }

    /// The same, to a worker that is there.
    func work() async throws -> NodeAPI {
        try await self.arrive("connecting")
        let worker = try await self.register()
        try await self.until("ready")
        return worker
    }

    /// A person ends a pod that works; returns when the provider is held.
    func terminate(_ fault: Fault) async throws {
        _ = try await self.work()
        await self.emulator.arm(fault)
        _ = try await self.admin.terminate(nil)
        await self.emulator.untilHeld(fault.on ?? .any)
    }

    func buyWrongGPU() async throws {
        var wrong = Fault(.wrongGPU, count: 1)
        wrong.givenGPU = "NVIDIA L4"
        await self.emulator.arm(wrong, .hold(.terminate))
        try await self.start()
        _ = try await self.admin.createPod(persistent: false)
        await self.emulator.untilHeld(.terminate)
    }

    /// A create of this server's of which nothing is written down.
    func buyBehindTheServersBack(server: String) async throws {
        let body: [String: JSONValue] = [
            "name": .string("cast2md-afterburner-beef"), "image": .string("ghcr.io/example/afterburner:1"),
            "cloud": .string("COMMUNITY"), "disk": .int(40),
            "gpu": .object(["id": .string("NVIDIA RTX A5000"), "count": .int(1)]),
            "env": .object([SweepPolicy.serverVariable: .string(server)]),
            "entrypoint": .array([.string("sleep")]), "cmd": .array([.string("infinity")]),
        ]
        let _: JSONValue = try await self.runPod.post(
            "/v2/pods", body, headers: ["Authorization": "Bearer \(Self.key)"])
    }

    /// Moves what is written down into the past, as if the server had been off for so long.
    func stayAway(minutes: Double) async throws {
        try await self.reading { database in
            _ = try await database.fleet.change(at: Date()) { books in
                for (instance, pod) in books.pods {
                    guard case .creating(var ask?) = pod.state else { continue }
                    ask.stay.from -= minutes * 60
                    books.pods[instance]?.state = .creating(ask)
                }
            }
        }
    }
}
