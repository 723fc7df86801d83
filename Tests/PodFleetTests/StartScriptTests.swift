import CastCore
import CastTestSupport
import Foundation
import Logging
import PodFleet
import RunPod
import Synchronization
import Testing

struct StartScriptTests {
    /// The request for a pod under these settings.
    private func request(_ settings: [String: String] = [:]) async throws -> PodRequest {
        let fixture = Fixture(settings: settings)
        let asked = Mutex<PodRequest?>(nil)
        var provider = GPUProvider.of(fixture.world)
        let create = provider.create
        provider.create = { request throws(ProviderFailure) in
            asked.withLock { $0 = request }
            return try await create(request)
        }
        let controller = FleetController(
            provider: provider, store: fixture.store, surroundings: .of(fixture.world), server: "me",
            clock: ManualClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await controller.start()
        await controller.turn()
        return try #require(asked.withLock { $0 })
    }

    @Test func `a pod is sent the start script with its digest, within RunPod's limits`() async throws {
        let request = try await self.request()
        #expect(request.entrypoint == ["/bin/bash", "-c"] && request.command == [StartScript.text])
        #expect(StartScript.text.hasPrefix("#!/bin/bash\n") && StartScript.digest.count == 64)
        #expect(request.environment.values["CAST2MD_START_SHA256"] == StartScript.digest)
        // A request may have 102,400 bytes and fifty variables; an argument of a program 131,072 bytes.
        #expect(try JSONEncoder().encode(request.command).count < 80_000)
        #expect(request.environment.values.count <= 40)
    }

    @Test func `a start command of the operator's goes in its place`() async throws {
        let request = try await self.request(["RUNPOD_START_COMMAND": "sleep 1"])
        #expect(request.entrypoint == ["/bin/sh", "-c"] && request.command == ["sleep 1"])
        #expect(request.environment.values["CAST2MD_START_SHA256"] == nil)
    }

    @Test func `the script is sound for bash`() throws {
        let bash = Process()
        bash.executableURL = URL(fileURLWithPath: "/bin/bash")
        bash.arguments = ["-n", "-c", StartScript.text]
        try bash.run()
        bash.waitUntilExit()
        #expect(bash.terminationStatus == 0)
    }

    @Test func `what a pod could not report is read in the provider's log`() async throws {
        let world = World()
        world.change { $0.outcomes = [.setupHangs] }
        let lines = ["starts", "10:00 cast2md pod failed: Tailscale failed after 60 s: no key", "it waits"]
        var provider = GPUProvider.of(world)
        provider.logs = { _, _ throws(ProviderFailure) in
            lines.map { PodLogLine(time: nil, source: .container, text: $0) }
        }
        let store = MemoryFleetStore()
        let controller = FleetController(
            provider: provider, store: store, surroundings: .of(world), server: "me", clock: ManualClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let instance = try await controller.start()
        for _ in 0..<20 {
            _ = world.change { $0.move(by: 15) }
            await controller.turn()
        }
        let pod = try #require(try await store.books(at: world.now).pods[instance])
        #expect(pod.ending?.reason == .setupFailed)
        #expect(pod.ending?.detail == "Tailscale failed after 60 s: no key")
        #expect(pod.ending?.log == lines.joined(separator: "\n"))
        #expect(!pod.isOpen)
    }
}
