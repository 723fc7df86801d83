import CastCore
import CastTestSupport
import Foundation
import Logging
import PodFleet
import ServiceLifecycle
import Testing

/// The loop around the turns: what wakes it, and how it ends.
@Suite(.timeLimit(.minutes(1))) struct ServiceTests {
    @Test func `a click wakes it, time wakes it, and it ends when asked`() async throws {
        let world = World()
        let clock = ManualClock()
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let controller = FleetController(
            provider: .of(world), store: MemoryFleetStore(), surroundings: .of(world), server: "me", clock: clock,
            logger: quiet)
        let group = ServiceGroup(configuration: .init(services: [.init(service: controller)], logger: quiet))
        async let running: Void = group.run()
        // The first turn comes by itself, at the start.
        await clock.waitForSleepers()
        #expect(try await eventually { world.change { $0.calls.isEmpty } ? nil : true } == true)

        try await controller.start()
        #expect(try await eventually { world.change { $0.creates } == 1 ? true : nil } == true)

        let before = world.change { $0.calls.count { $0 == "list" } }
        await clock.waitForSleepers()
        clock.advance(by: FleetController.interval)
        #expect(try await eventually { world.change { $0.calls.count { $0 == "list" } } > before ? true : nil } == true)

        await group.triggerGracefulShutdown()
        try await running
        // A server that ends leaves its pods at work; the next one takes them up.
        #expect(world.living.count == 1)
    }
}
