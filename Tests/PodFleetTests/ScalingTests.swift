import CastCore
import CastTestSupport
import Foundation
import PodFleet
import Testing

struct ScalingTests {
    static let on = ["RUNPOD_AUTO_SCALE": "true"]

    @Test func `the queue's growth buys pods, and they leave when it is done`() async throws {
        let fixture = Fixture(settings: Self.on)
        try await fixture.run(300)
        #expect(fixture.world.change { $0.creates } == 0)
        fixture.world.change {
            $0.audio = 25 * 1800; $0.jobs = 25
        }
        try await fixture.run(60) { #expect(fixture.living <= 2) }
        #expect(fixture.living == 2)
        try await fixture.run(1800)
        #expect(fixture.living == 0)
        #expect(fixture.world.change { $0.audio } == 0)
        #expect(fixture.world.change { $0.creates } == 2)
        let story = try await fixture.story(.scaling)
        #expect(story == ["buys 2: 25 jobs wait, 1 pods for each 10 make 2"])
    }

    @Test func `a line that feeds two pods buys no third, and the log says so once`() async throws {
        let fixture = Fixture(settings: Self.on)
        // 87 times real time at 16 kB a second of audio.
        fixture.world.change {
            $0.audio = 1e8; $0.jobs = 500; $0.uplink = Uplink(limit: 3e6)
        }
        try await fixture.run(1800) { #expect(fixture.living <= 2) }
        #expect(fixture.living == 2)
        let story = try await fixture.story(.scaling)
        #expect(
            story.first
                == "buys 2: 500 jobs wait, 1 pods for each 10 make 3, but the uplink of 24 Mbit/s, as measured, feeds 2"
        )
        #expect(story.count { $0.hasPrefix("buys 0: ") && $0.contains("feeds 2; 2 are there") } == 1, "\(story)")
        #expect(try await fixture.controller.status().decision?.reason.contains("as measured") == true)
        // The line is wide enough again: nobody has to do anything.
        fixture.world.change { $0.uplink = Uplink() }
        try await fixture.run(120)
        #expect(fixture.living == 3)
    }

    @Test func `an unknown list or queue buys nothing`() async throws {
        let fixture = Fixture(settings: Self.on)
        fixture.world.change {
            $0.audio = 1e6; $0.jobs = 500; $0.failingLists = 20
        }
        try await fixture.run(300)
        #expect(fixture.world.change { $0.creates } == 0)
        try await fixture.run(60)
        #expect(fixture.living == 3)
    }

    @Test func `launches that keep failing stop the buying, and the log says why`() async throws {
        let fixture = Fixture(settings: Self.on)
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 1000; $0.outcomes = Array(repeating: .setupFails, count: 100)
        }
        try await fixture.run(3 * 3600)
        // Three at first, then one after each pause of 10, 20, 40 and 80 minutes.
        #expect((5...8).contains(fixture.world.change { $0.creates }))
        #expect(
            try await fixture.story(.scaling).contains { $0.contains("of the last") && $0.contains("CUDA error 35") })
        fixture.world.change { $0.outcomes = [] }
        try await fixture.run(4 * 3600)
        #expect(fixture.living == 3)
    }

    @Test func `an empty account stops the buying for a quarter of an hour`() async throws {
        let fixture = Fixture(settings: Self.on)
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 1000; $0.outcomes = Array(repeating: .outOfMoney, count: 3)
        }
        try await fixture.run(840)
        #expect(fixture.world.change { $0.creates } == 3)
        try await fixture.run(180)
        #expect(fixture.living == 3)
    }

    @Test func `a budget is never exceeded, and what it does not allow is said once in a while`() async throws {
        let fixture = Fixture(settings: Self.on.merging(["RUNPOD_BUDGET_PER_DAY": "1"]) { $1 })
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 1000
        }
        try await fixture.run(16 * 3600, step: 60)
        let day = BudgetPeriod(.day, containing: Date(timeIntervalSince1970: 1_800_000_000))
        let spent = fixture.world.spent(by: Fixture.server, from: day.start, to: day.end)
        #expect(spent <= Money(micros: 1_000_000))
        #expect(spent >= Money(micros: 700_000))
        let refusals = try await fixture.story(.budget).count
        #expect((1...300).contains(refusals))
        // It is 2027-01-16 00:00 now, and there is money again.
        try await fixture.run(3600, step: 60)
        #expect(fixture.living > 0)
    }

    @Test func `measured speeds become known from runs`() async throws {
        let fixture = Fixture()
        try await fixture.controller.start()
        try await fixture.run(300)
        try await fixture.controller.stopAll()
        try await fixture.run(60)
        let speeds = try await fixture.store.books(at: fixture.world.now).speeds
        #expect(GPUSpeeds(measured: speeds).speed(of: "NVIDIA RTX A5000", model: "parakeet-tdt-0.6b-v3").value == 72)
    }
}
