import CastCore
import CastTestSupport
import Foundation
import PodFleet
import Testing

/// Random faults from a seed: whatever the order, what was promised holds.
struct FaultScheduleTests {
    static let caps = BudgetCaps(perHour: Money("0.9"), perDay: Money("3"), perMonth: Money("5"))
    static let settings = [
        "RUNPOD_AUTO_SCALE": "true", "RUNPOD_BUDGET_PER_HOUR": "0.9", "RUNPOD_BUDGET_PER_DAY": "3",
        "RUNPOD_BUDGET_PER_MONTH": "5", "RUNPOD_MAX_LIFETIME_HOURS": "2",
    ]

    @Test(arguments: 0..<40)
    func `under any faults the fleet keeps its word`(block: Int) async throws {
        for seed in (block * 5)..<(block * 5 + 5) { try await self.play(UInt64(seed)) }
    }

    private func play(_ seed: UInt64) async throws {
        var fixture = Fixture(settings: Self.settings)
        let world = fixture.world
        world.change { state in
            state.generator = SplitMix(seed: seed)
            state.chaos = Double(seed % 5) * 0.05
            state.audio = Double(20 + seed % 80) * 1800
            state.jobs = Int(state.audio / 1800)
            state.machines = [Self.foreign(state.now)]
            // Any hour of the day: midnight and the full hour are where budgets are lost.
            state.now += Double(seed * 7919 % 86_400)
        }
        for round in 0..<10 {
            try await fixture.run(600, step: 30) { try await Self.check(fixture, seed) }
            let dice = world.change { $0.generator.next() % 8 }
            switch dice {
            case 0: fixture = fixture.restarted()
            case 1: _ = try? await fixture.controller.start(persistent: round % 2 == 0)
            case 2: try await fixture.controller.stopAll()
            case 3: world.change { $0.failingTerminates = 5 }
            case 4: world.change { $0.failingLists = 8 }
            case 5:
                world.change {
                    $0.audio += 30_000; $0.jobs += 16
                }
            default: break
            }
        }
        // Then the weather clears, and everybody goes home.
        world.change {
            $0.chaos = 0; $0.outcomes = []; $0.audio = 0; $0.jobs = 0
        }
        try await fixture.controller.stopAll()
        try await fixture.run(900, step: 30) { try await Self.check(fixture, seed) }
        try await Self.checkEnd(fixture, seed)
    }

    private static func foreign(_ now: Date) -> World.Machine {
        World.Machine(
            id: "foreign", name: "cast2md-afterburner-beef", server: "other", gpu: "NVIDIA L40", cloud: .secure,
            price: Money(micros: 1), cuda: CUDAVersion(major: 12, minor: 8), bornAt: now, visibleAt: now,
            outcome: .pullsForEver)
    }

    private static func check(_ fixture: Fixture, _ seed: UInt64) async throws {
        #expect(fixture.living <= 3, "seed \(seed): too many pods")
        let now = fixture.world.now
        let budget = try await fixture.store.books(at: now).budget(Self.caps, at: now)
        for kind in BudgetPeriod.Kind.allCases {
            guard let cap = Self.caps[kind] else { continue }
            let period = BudgetPeriod(kind, containing: now)
            let promised = budget.spent(in: period, at: now) + budget.reserved(in: period, at: now)
            #expect(promised <= cap, "seed \(seed): \(kind) promised")
            let spent = fixture.world.spent(by: Fixture.server, from: period.start, to: period.end)
            #expect(spent <= cap, "seed \(seed): \(kind) spent")
        }
    }

    private static func checkEnd(_ fixture: Fixture, _ seed: UInt64) async throws {
        #expect(fixture.world.living.map(\.id) == ["foreign"], "seed \(seed): what still bills")
        let runs = try await fixture.runs()
        #expect(runs.allSatisfy { $0.endedAt != nil }, "seed \(seed): open runs")
        let machines = fixture.world.change { $0.machines }.filter { $0.server == Fixture.server }
        #expect(Set(runs.map(\.pod)) == Set(machines.map(\.id)), "seed \(seed): a run for every pod")
        #expect(Set(runs.map(\.pod)).count == runs.count, "seed \(seed): one run for every pod")
        // The ledger may count a pod until we saw that it was gone, never less than it cost.
        for machine in machines {
            guard let run = runs.first(where: { $0.pod == machine.id }), let endedAt = machine.endedAt else { continue }
            #expect(run.startedAt <= machine.bornAt && (run.endedAt ?? .distantPast) >= endedAt, "seed \(seed)")
        }
        #expect(try await fixture.pods().values.allSatisfy { $0.due.isEmpty }, "seed \(seed): something is due")
        #expect(fixture.world.change { $0.nodes.isEmpty }, "seed \(seed): nodes are left")
    }
}
