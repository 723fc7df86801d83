import CastCore
import CastTestSupport
import Foundation
import PodFleet
import Testing

/// What people are told by message, and that it is told once.
struct NoticeEventTests {
    static func subjects(_ fixture: Fixture) async throws -> [String] {
        try await fixture.store.events(of: nil, before: nil, limit: 10_000).reversed()
            .compactMap { $0.facts[FleetEvent.subjectFact] }
    }

    @Test func `launches that keep failing are told when buying stops, not with each one after`() async throws {
        let fixture = Fixture(settings: ["RUNPOD_AUTO_SCALE": "true", "RUNPOD_MAX_PODS": "1"])
        fixture.world.change {
            $0.audio = 1e6; $0.jobs = 500
            $0.outcomes = Array(repeating: .setupFails, count: 40)
        }
        try await fixture.run(3 * 3600)
        let subjects = try await Self.subjects(fixture)
        #expect(subjects.count == 1)
        #expect(subjects.first?.hasPrefix("launches ") == true)
        let alarm = try #require(try await fixture.story(.alarm).first)
        #expect(alarm.hasPrefix("no more pods are bought for a while: 3 of the last 3 launches failed"))
    }

    @Test func `a budget that is used up is told once for its day`() async throws {
        let fixture = Fixture(settings: [
            "RUNPOD_AUTO_SCALE": "true", "RUNPOD_BUDGET_PER_DAY": "0.30", "RUNPOD_MAX_PODS": "3",
        ])
        fixture.world.change {
            $0.audio = 1e9; $0.jobs = 500
        }
        try await fixture.run(3 * 3600)
        let told = try await Self.subjects(fixture).filter { $0.hasPrefix("budget day") }
        #expect(told.count > 1)
        #expect(Set(told) == ["budget day 2027-01-15T00:00:00Z"])
    }

    @Test func `a pod that does not end is told once, and unexplained money with each amount`() async throws {
        let fixture = Fixture()
        _ = try await fixture.controller.start()
        try await fixture.run(60)
        fixture.world.change { $0.failingTerminates = 1000 }
        try await fixture.controller.stopAll()
        try await fixture.run(2000)
        #expect(try await Self.subjects(fixture) == ["unending pod0"])
        fixture.world.change { $0.failingTerminates = 0 }
        try await fixture.run(60)
        let now = fixture.world.now
        fixture.world.change {
            $0.bill = [BillingRecord(pod: "pod0", from: now - 3600, to: now, amount: Money(micros: 9_000_000))]
        }
        try await fixture.run(3 * 3600)
        let told = try await Self.subjects(fixture).dropFirst()
        #expect(told.count == 1 && told.first?.hasPrefix("unexplained pod0 8.") == true)
    }
}
