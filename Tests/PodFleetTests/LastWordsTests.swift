import CastCore
import CastTestSupport
import Foundation
import Logging
import PodFleet
import Synchronization
import Testing

/// What a pod cannot tell by itself, read in the provider's log: when that is done, and what comes of it.
struct LastWordsTests {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)
    static let now = Self.start + 1000

    static func rental(isUp: Bool = true, failed: Bool = false) -> Rental {
        var rental = Rental(
            pod: "pod", gpu: "NVIDIA L40", gpuName: "L40", cloud: .secure, pricePerHour: Money(micros: 690_000),
            since: Self.start,
            stay: Stay(from: Self.start, leaveAt: Self.start + 9000, priceLimit: Money(micros: 800_000)))
        rental.upAt = isUp ? Self.start + 100 : nil
        rental.setupFailure = failed ? PodEnding(.setupFailed, "no GPU", at: Self.start) : nil
        return rental
    }

    static let worker = PodWorker(node: NodeID("node"), registeredAt: Self.start + 200, heardAt: Self.start + 200)
    static let ending = PodEnding(.idle, "idle", at: Self.start)

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var state: Pod.State
        /// Seconds before now.
        var heard: TimeInterval?
        var uptime: Duration?
        var read: TimeInterval?
        var isListening: TimeInterval
        var isDue: Bool

        init(
            _ name: String, _ state: Pod.State, heard: TimeInterval? = nil, uptime: Duration? = nil,
            read: TimeInterval? = nil, listening: TimeInterval = 900, _ isDue: Bool
        ) {
            self.testDescription = name
            self.state = state
            self.heard = heard
            self.uptime = uptime
            self.read = read
            self.isListening = listening
            self.isDue = isDue
        }
    }

    static let ready = Pod.State.ready(Self.rental(), Self.worker)

    static let cases: [Case] = [
        Case("nothing is rented", .creating(nil), false),
        Case("its host fetches the image", .starting(Self.rental(isUp: false)), false),
        Case("it makes its way into the tailnet", .connecting(Self.rental()), true),
        Case("it is set up", .installing(Self.rental()), true),
        Case("it was read a minute ago", .installing(Self.rental()), read: 60, true),
        Case("it was read less than a minute ago", .installing(Self.rental()), read: 59, false),
        Case("it is known to have failed", .installing(Self.rental(failed: true)), false),
        Case("a worker that is heard", Self.ready, heard: 74, false),
        Case("a worker that is silent", Self.ready, heard: 75, true),
        Case("a worker that is silent, read a moment ago", Self.ready, heard: 75, read: 15, false),
        Case("a worker that is silent since this server was away", Self.ready, heard: 900, listening: 74, false),
        Case("a worker that nobody knows", Self.ready, false),
        Case("a container as old as its worker", Self.ready, heard: 30, uptime: .seconds(795), false),
        Case("a container younger than its worker", Self.ready, heard: 30, uptime: .seconds(20), true),
        Case(
            "a container younger than its worker, which is heard again", Self.ready, heard: 10, uptime: .seconds(20),
            false),
        Case(
            "a worker that is known to have failed", .ready(Self.rental(failed: true), Self.worker), heard: 500, false),
        Case("it hands its jobs back", .draining(Self.rental(), Self.worker, Self.ending), heard: 500, false),
        Case("it is ended", .terminating(.rented(Self.rental()), node: nil, Self.ending), false),
        Case("it is gone", .gone(node: nil, Self.ending), false),
    ]

    @Test(arguments: Self.cases) func `the log is read while there is something to wonder about`(_ example: Case) {
        var pod = Pod(
            instance: InstanceID.draw(notIn: []) { 0xa3f2 }, model: "base", purpose: "test", setupToken: "t",
            at: Self.start)
        pod.state = example.state
        #expect(
            LastWordsPolicy.isDue(
                pod, heardAt: example.heard.map { Self.now - $0 }, uptime: example.uptime,
                readAt: example.read.map { Self.now - $0 }, listeningSince: Self.now - example.isListening, at: Self.now
            )
                == example.isDue)
    }

    static func line(_ text: String, at second: Double? = nil, _ source: PodLogLine.Source = .container) -> PodLogLine {
        PodLogLine(time: second.map { Self.start + $0 }, source: source, text: text)
    }

    @Test func `the last failure that the start script wrote counts`() {
        func words(_ lines: [PodLogLine], since second: Double? = nil) -> String? {
            LastWordsPolicy.words(in: lines, since: second.map { Self.start + $0 })
        }
        #expect(words([]) == nil && words([Self.line("all is well")]) == nil)
        #expect(words([Self.line("10:00 cast2md pod failed: no key"), Self.line("waits")]) == "no key")
        #expect(words([Self.line("cast2md pod failed: a"), Self.line("cast2md pod failed: b")]) == "b")
        #expect(words([Self.line("cast2md pod failed: a", .system)]) == nil)
        // Of an earlier worker.
        let old = [Self.line("cast2md pod failed: a", at: 9), Self.line("waits", at: 20)]
        #expect(words(old, since: 10) == nil && words(old, since: 9) == "a" && words(old) == "a")
    }

    /// Two pods that say nothing, and a provider that notes who is read when, and how many at once.
    @Test(.timeLimit(.minutes(1))) func `every pod is read once a minute at most, and all of them at once`()
        async throws
    {
        struct Reads {
            var at: [PodID: [TimeInterval]] = [:]
            var now = 0
            var most = 0
        }
        let world = World()
        world.change { $0.outcomes = [.setupHangs, .setupHangs] }
        let begun = world.now
        let reads = Mutex(Reads())
        var provider = GPUProvider.of(world)
        provider.logs = { pod, _ throws(ProviderFailure) in
            reads.withLock {
                $0.at[pod, default: []].append(world.now.timeIntervalSince(begun))
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            // Long enough for whoever else is to be read at the same time.
            for _ in 0..<10_000 where reads.withLock({ $0.most }) < 2 { await Task.yield() }
            reads.withLock { $0.now -= 1 }
            // An answer that does not come counts as well.
            throw ProviderFailure(.unavailable, "timeout")
        }
        let controller = FleetController(
            provider: provider, store: MemoryFleetStore(), surroundings: .of(world), server: "me",
            clock: ManualClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await controller.start()
        try await controller.start()
        for _ in 0..<20 {
            await controller.turn()
            _ = world.change { $0.move(by: 15) }
        }
        let seen = reads.withLock { $0 }
        // Their containers are seen to run in the turn after 120 seconds.
        #expect(seen.at == ["pod0": [135, 195, 255], "pod1": [135, 195, 255]])
        #expect(seen.most == 2)
    }

    @Test func `a worker that fell silent is found in the log, with its reason`() async throws {
        let world = World()
        world.change {
            $0.outcomes = [.fallsSilent]
            $0.workersStay = true
        }
        let begun = world.now
        let words = "the container was started again: it ended while its worker ran"
        var provider = GPUProvider.of(world)
        provider.logs = { _, _ throws(ProviderFailure) in
            // An earlier failure, of which nobody died; and the one of this worker, once it is silent.
            let old = PodLogLine(time: begun + 150, source: .container, text: "cast2md pod failed: long ago")
            let new = PodLogLine(time: begun + 405, source: .container, text: "cast2md pod failed: \(words)")
            return world.now < begun + 240 ? [] : world.now < begun + 405 ? [old] : [old, new]
        }
        let fixture = Fixture(world)
        let controller = FleetController(
            provider: provider, store: fixture.store, surroundings: .of(world), server: "me", clock: ManualClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let instance = try await controller.start()
        for _ in 0..<26 {
            await controller.turn()
            _ = world.change { $0.move(by: 15) }
        }
        #expect(try await fixture.pod(instance)?.isReady == true)
        for _ in 0..<8 {
            await controller.turn()
            _ = world.change { $0.move(by: 15) }
        }
        let pod = try #require(try await fixture.pod(instance))
        #expect(pod.ending?.reason == .setupFailed && pod.ending?.detail == words)
        #expect(pod.ending?.log?.contains("long ago") == true && fixture.living == 0)
    }
}
