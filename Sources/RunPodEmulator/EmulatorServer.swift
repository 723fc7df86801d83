import CastCore
package import Foundation
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// RunPod's interfaces on loopback, with pods that are real processes on this machine.
///
/// When it ends, everything that it started ends with it.
package struct EmulatorServer: Service {
    private let world: PodWorld
    private let host: String
    private let port: Int
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - onListening: Gets the port once it can be called.
    package init(
        _ options: EmulatorOptions, time: EmulatorTime = EmulatorTime(), host: String = "127.0.0.1", port: Int = 0,
        logger: Logger, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.world = PodWorld(options, time: time, logger: logger)
        self.host = host
        self.port = port
        self.logger = logger
        self.onListening = onListening
    }

    package func run() async throws {
        await self.endLeftovers()
        var quiet = self.logger
        quiet.logLevel = max(quiet.logLevel, .error)
        let application = Application(
            responder: EmulatorResponder(world: self.world),
            configuration: .init(address: .hostname(self.host, port: self.port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                await self.world.listens(at: "http://127.0.0.1:\(port)")
                await self.onListening(port)
            }, logger: quiet)
        let outcome: Result<Void, any Error>
        do {
            try await application.run()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await self.endAll()
        try outcome.get()
    }

    /// What was billed, and what still bills.
    package func ledger() async -> Ledger { await self.world.ledger() }

    /// Arms faults, as `POST /emulator/faults` does.
    package func arm(_ faults: Fault...) async { await self.world.arm(faults) }

    /// Takes away the faults that are still armed, as `DELETE /emulator/faults` does.
    package func clearFaults() async { await self.world.clearFaults() }

    /// How many faults are still armed.
    package func armedFaults() async -> Int { await self.world.faults.faults.count }

    /// Returns once a request of this kind is held.
    package func untilHeld(_ operation: Operation) async { await self.world.untilHeld(operation) }

    /// Holds such requests no more, and lets go on those that were held.
    package func release(_ operation: Operation) async { await self.world.release(operation) }

    /// Ends what an emulator with this home left behind when it was killed.
    private func endLeftovers() async {
        let folder = self.world.options.home.appendingPathComponent("pods")
        for id in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
            await PodProcesses.end(podID: id)
            try? FileManager.default.removeItem(at: folder.appendingPathComponent(id))
        }
    }

    private func endAll() async {
        for id in await self.world.close() { await self.world.remove(id) }
    }
}

extension EmulatorServer {
    /// Runs an emulator on a free port of loopback for as long as a body takes.
    package static func with<Result: Sendable>(
        _ options: EmulatorOptions, time: EmulatorTime = EmulatorTime(), logger: Logger,
        _ body: @escaping @Sendable (EmulatorServer, URL) async throws -> Result
    ) async throws -> Result {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let server = EmulatorServer(options, time: time, logger: logger) { found.yield($0) }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                defer { found.finish() }
                try await server.run()
                return nil
            }
            group.addTask {
                for await port in ports {
                    guard let url = URL(string: "http://127.0.0.1:\(port)") else { break }
                    return try await body(server, url)
                }
                throw CastError(.unavailable, "The emulator did not start.")
            }
            var result: Result?
            do {
                while let next = try await group.next() {
                    if let next {
                        result = next
                        break
                    }
                }
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            // Its processes are gone when this returns.
            while let _ = try? await group.next() {}
            guard let result else { throw CancellationError() }
            return result
        }
    }
}
