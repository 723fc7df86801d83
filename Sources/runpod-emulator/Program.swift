import ArgumentParser
import CastCore
import Foundation
import Logging
import RunPodEmulator
import ServiceLifecycle
import UnixSignals

/// A stand-in for RunPod on this machine.
@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runpod-emulator",
        abstract: "Stands in for RunPod: its REST v2 and GraphQL interfaces on loopback, pods as real processes.",
        discussion: """
            Point a client at it with RUNPOD_API_BASE_URL=http://127.0.0.1:PORT and one of the keys. \
            GET /emulator/ledger tells what was billed; POST /emulator/faults makes something go wrong.
            """, version: castVersion)

    @Option(help: "The port on loopback; 0 takes a free one.")
    var port = 8690

    @Option(help: "A JSON file that says how it shall behave: faults, secrets, balance, createSeconds, pullSeconds, …")
    var scenario: String?

    @Option(help: "How many of its seconds pass in a real one.")
    var speed = 1.0

    @Option(help: "Keys and the accounts that they open: key1=alice,key2=bob.")
    var keys = "emulator-key=main"

    @Option(help: "Where pods have their directories and logs; without it a temporary folder that is removed.")
    var home: String?

    func validate() throws {
        guard (0...65_535).contains(self.port) else { throw ValidationError("A port is a number up to 65535.") }
        guard (0.001...1_000_000).contains(self.speed) else {
            throw ValidationError("The speed is a number from 0.001 to 1000000.")
        }
    }

    func run() async throws {
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent(
            "runpod-emulator-\(UUID().uuidString)", isDirectory: true)
        defer { if self.home == nil { try? FileManager.default.removeItem(at: temporary) } }
        let folder = self.home.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? temporary
        var options = EmulatorOptions(home: folder)
        options.accounts = try EmulatorOptions.accounts(self.keys)
        if let scenario {
            guard let file = FileManager.default.contents(atPath: scenario) else {
                throw ValidationError("The scenario \(scenario) cannot be read.")
            }
            try Scenario.apply(file, to: &options)
        }
        let logger = Logger(label: "runpod-emulator") { StreamLogHandler.standardError(label: $0) }
        let server = EmulatorServer(
            options, time: EmulatorTime(speed: self.speed), port: self.port, logger: logger
        ) { port in
            print("listening on http://127.0.0.1:\(port)")
            fflush(nil)
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}
