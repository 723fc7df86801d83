import CastCore
import CastStore
import CastTestSupport
import Foundation
import PodFleet
import Testing

/// The process ends at any line; what it wrote down is all that the next one has.
struct CrashTests {
    static let outcomes: [World.Outcome] = [.works, .lostAndMade, .lostAndMadeLate, .blockedGPU, .setupFails]

    @Test(arguments: 0..<24, Self.outcomes)
    func `after a crash at any step a pod is adopted or ended, never both and never neither`(
        step: Int, outcome: World.Outcome
    ) async throws {
        let store = MemoryFleetStore()
        let fixture = Fixture(store: store)
        fixture.world.change {
            $0.audio = 60_000; $0.jobs = 30; $0.outcomes = [outcome]
        }
        store.fail(afterChange: step)
        _ = try? await fixture.controller.start()
        try await fixture.run(400)
        store.fail(afterChange: nil)

        let next = fixture.restarted()
        await next.controller.turn()
        try await next.run(240)
        let books = try await fixture.store.books(at: fixture.world.now)
        for machine in fixture.world.living {
            // Every pod that bills has one row, and one run.
            #expect(books.pods.values.filter { $0.rental?.pod == machine.id }.count == 1)
            #expect(books.runs.values.filter { $0.pod == machine.id && $0.endedAt == nil }.count == 1)
        }
        try await next.run(3600)
        #expect(next.living == 0)
        let runs = try await next.runs()
        let story = try await next.story()
        #expect(runs.allSatisfy { $0.endedAt != nil }, "\(story.suffix(12))")
        #expect(Set(runs.map(\.pod)).count == runs.count)
        #expect(Set(runs.map(\.pod)) == Set(fixture.world.change { $0.machines }.map(\.id)))
        #expect(try await next.pods().values.allSatisfy { $0.due.isEmpty })
        #expect(fixture.world.change { $0.nodes.isEmpty })
    }

    @Test func `the real database tells the same story, across restarts`() async throws {
        let database = try Database(inMemory: ())
        var fixture = Fixture(store: database.fleet, settings: ["RUNPOD_AUTO_SCALE": "true"])
        fixture.world.change { state in
            state.audio = 100_000
            state.jobs = 50
            state.outcomes = [.lostAndMade, .blockedGPU, .works, .setupFails, .lostAndNotMade]
        }
        for _ in 0..<20 {
            try await fixture.run(180)
            fixture = fixture.restarted()
        }
        #expect(fixture.living == 0)
        let runs = try await fixture.runs()
        #expect(runs.allSatisfy { $0.endedAt != nil })
        #expect(Set(runs.map(\.pod)) == Set(fixture.world.change { $0.machines }.map(\.id)))
        #expect(runs.count >= 4)
        try database.close()
    }

    @Test func `a server that comes back takes its pods up where they are`() async throws {
        let fixture = Fixture()
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 1000
        }
        let instance = try await fixture.controller.start()
        try await fixture.run(300)
        // An hour in which nobody listened is no silence of the worker's.
        fixture.world.change { _ = $0.move(by: 3600) }
        let next = fixture.restarted()
        try await next.run(120)
        #expect(try await next.pod(instance)?.isReady == true)
        #expect(fixture.world.change { $0.creates } == 1)
    }
}
