import CastCore
import CastTestSupport
import Foundation
import PodFleet
import Synchronization
import Testing

/// Keys for the tailnet: one for each pod, and its device out of the tailnet when the pod is gone.
struct TailnetTests {
    /// A tailnet that makes keys, and notes what it is asked.
    final class Control: Sendable {
        struct State {
            var minted = 0
            var removed: [TailnetDevice] = []
            var mintFailures: [TailnetFailure] = []
            var removalFailures: [TailnetFailure] = []
        }

        let state = Mutex(State())

        func change<Result>(_ body: (inout sending State) throws -> sending Result) rethrows -> Result {
            try self.state.withLock(body)
        }

        var tailnet: Tailnet {
            Tailnet(
                mintKey: { _ throws(TailnetFailure) in
                    let key: Result<TailnetKey, TailnetFailure> = self.change { state in
                        if !state.mintFailures.isEmpty { return .failure(state.mintFailures.removeFirst()) }
                        state.minted += 1
                        return .success(TailnetKey("tskey-auth-\(state.minted)", tags: ["tag:pods", "tag:gpu"]))
                    }
                    return try key.get()
                },
                removeDevices: { device throws(TailnetFailure) in
                    let done: Result<Void, TailnetFailure> = self.change { state in
                        if !state.removalFailures.isEmpty { return .failure(state.removalFailures.removeFirst()) }
                        state.removed.append(device)
                        return .success(())
                    }
                    try done.get()
                })
        }
    }

    static let momentary = TailnetFailure("Tailscale cannot be reached", isLasting: false)

    @Test func `a pod gets a key of its own, which is told to nobody else, and its device goes with it`() async throws {
        let control = Control()
        let fixture = Fixture(tailnet: control.tailnet)
        fixture.world.change {
            $0.audio = 10_000; $0.jobs = 6
        }
        let instance = try await fixture.controller.start()
        let plannedAt = fixture.world.now
        try await fixture.run(1800)
        #expect(fixture.world.change { $0.keys } == ["tskey-auth-1"])
        #expect(fixture.world.change { $0.tags } == ["tag:pods,tag:gpu"])
        #expect(fixture.living == 0)
        #expect(
            control.change { $0.removed } == [
                TailnetDevice(
                    hostname: "runpod-afterburner-\(instance)", address: "100.64.0.9", since: plannedAt + 15)
            ])
        let pods = try await fixture.pods()
        #expect(pods.values.allSatisfy { $0.due.isEmpty })
        let events = try await fixture.store.events(of: nil, before: nil, limit: 1000)
        #expect(!"\(events) \(pods) \(try await fixture.store.books(at: fixture.world.now))".contains("tskey"))
    }

    @Test func `without credentials the pod uses the secret at the provider`() async throws {
        let fixture = Fixture()
        _ = try await fixture.controller.start()
        try await fixture.run(30)
        #expect(fixture.world.change { $0.keys } == ["{{ RUNPOD_SECRET_ts_auth_key }}"])
        #expect(fixture.world.change { $0.tags } == [nil])
        #expect(try await fixture.pods().values.allSatisfy { $0.keyMintedAt == nil })
    }

    @Test func `no key, no pod; when there is one again, the pod is bought`() async throws {
        let control = Control()
        control.change { $0.mintFailures = Array(repeating: Self.momentary, count: 1000) }
        let fixture = Fixture(tailnet: control.tailnet)
        let instance = try await fixture.controller.start()
        try await fixture.run(45)
        #expect(fixture.world.change { $0.creates } == 0)
        #expect(
            try await fixture.pod(instance)?.message
                == "no Tailscale key could be made for the pod: Tailscale cannot be reached")
        // The same reason is one line of the log, not one each turn.
        #expect(try await fixture.story().filter { $0.contains("no Tailscale key") }.count == 1)
        control.change { $0.mintFailures = [] }
        try await fixture.run(60)
        #expect(fixture.world.change { $0.creates } == 1)
    }

    @Test func `what no second try cures ends the pod and pauses buying`() async throws {
        let control = Control()
        control.change {
            $0.mintFailures = [TailnetFailure("requested tags [tag:x] are not permitted (status 400)", isLasting: true)]
        }
        let fixture = Fixture(tailnet: control.tailnet)
        let instance = try await fixture.controller.start()
        try await fixture.run(15)
        let pod = try await fixture.pod(instance)
        #expect(pod?.ending?.reason == .refused)
        #expect(pod?.message.contains("tag:x") == true)
        #expect(fixture.world.change { $0.creates } == 0)
        #expect(try await fixture.controller.status().hold?.contains("tag:x") == true)
    }

    @Test func `no key is made while there is nothing to buy`() async throws {
        let control = Control()
        let fixture = Fixture(tailnet: control.tailnet)
        fixture.world.change { $0.outcomes = Array(repeating: .noCapacity, count: 3) }
        _ = try await fixture.controller.start()
        // All three candidates refuse in the first turn, and are left alone for three minutes.
        try await fixture.run(150)
        #expect(control.change { $0.minted } == 1)
        #expect(fixture.world.change { $0.creates } == 3)
    }

    @Test(arguments: [(3, 1), (1000, 0)])
    func `a device that cannot be removed is tried for ten minutes, and then left`(failures: Int, removed: Int)
        async throws
    {
        let control = Control()
        control.change { $0.removalFailures = Array(repeating: Self.momentary, count: failures) }
        let fixture = Fixture(tailnet: control.tailnet)
        _ = try await fixture.controller.start()
        try await fixture.run(60)
        try await fixture.controller.stopAll()
        try await fixture.run(900)
        #expect(control.change { $0.removed.count } == removed)
        #expect(try await fixture.pods().values.allSatisfy { $0.due.isEmpty })
        let left = try await fixture.story(.provider).filter { $0.contains("stays in the tailnet") }
        #expect(left.count == (removed == 0 ? 1 : 0))
        #expect(fixture.living == 0)
    }

    @Test(arguments: 0..<14)
    func `after a crash at any step no pod and no device is left behind`(step: Int) async throws {
        let control = Control()
        let store = MemoryFleetStore()
        let fixture = Fixture(store: store, tailnet: control.tailnet)
        fixture.world.change {
            $0.audio = 5000; $0.jobs = 3
        }
        store.fail(afterChange: step)
        _ = try? await fixture.controller.start()
        try await fixture.run(400)
        store.fail(afterChange: nil)
        let next = fixture.restarted()
        try await next.run(4000)
        #expect(next.living == 0)
        #expect(try await next.pods().values.allSatisfy { $0.due.isEmpty && $0.keyMintedAt == nil })
        let bought = fixture.world.change { $0.machines.count }
        #expect(control.change { $0.removed.count } >= bought)
    }
}
