import CastAPI
import CastClient
import CastCore
import CastStore
import CastTestSupport
import Foundation
import GRDB
import Logging
import RunPodEmulator
import Testing

/// A real server beside RunPod's stand-in; the test plays the pods' part and may kill the server.
///
/// The pods' processes only sleep: what a pod's setup and worker say, the test says, so that nothing moves on by itself.
struct FleetSite {
    let emulator: EmulatorServer
    let server: ProgramProcess
    private let connections: Connections
    let client: CastClient
    let runPod: CastClient
    let data: URL

    static let key = "emulator-key"

    /// - Parameter prepare: Fills the database before anything runs.
    static func run(
        _ settings: [String: String] = [:], prepare: @escaping @Sendable (CastStore.Database) async throws -> Void,
        _ body: @escaping @Sendable (FleetSite) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let data = folder.appendingPathComponent("data")
            try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
            let database = try CastStore.Database(path: data.appendingPathComponent("cast2md.db").path)
            try await prepare(database)
            try database.close()
            let quiet = Logger(label: "emulator") { _ in SwiftLogNoOpLogHandler() }
            let options = EmulatorOptions(home: folder.appendingPathComponent("emulator"))
            try await EmulatorServer.with(options, logger: quiet) { emulator, base in
                let port = try FreePort.find(from: 18_900)
                let url = try CastClient.address("http://127.0.0.1:\(port)")
                try await Connections.with(to: url, environment: [:]) { connections in
                    let server = try ProgramProcess(
                        ["serve", "--port", "\(port)", "--data", data.path],
                        environment: [
                            "RUNPOD_ENABLED": "true", "RUNPOD_API_KEY": Self.key,
                            "RUNPOD_API_BASE_URL": base.absoluteString, "RUNPOD_SERVER_URL": url.absoluteString,
                            "RUNPOD_SERVER_IP": "127.0.0.1", "RUNPOD_START_COMMAND": "exec sleep infinity",
                            "RUNPOD_WHISPER_MODEL": "base", "FEED_REFRESH_MINUTES": "0",
                        ].merging(settings) { $1 },
                        log: folder.appendingPathComponent("server.log"))
                    defer { server.stop() }
                    try await body(
                        FleetSite(
                            emulator: emulator, server: server, connections: connections,
                            client: CastClient(server: url, connections: connections),
                            runPod: CastClient(server: base, connections: connections), data: data))
                }
            }
        }
    }

    // MARK: The server

    var admin: ServerAdmin { ServerAdmin(self.client) }

    func start() async throws {
        try self.server.start()
        let answers: Bool? = try await eventually { (try? await self.admin.fleetStatus()) == nil ? nil : true }
        try #require(answers == true, "\(self.server.said.suffix(2000))")
    }

    func open() async throws -> [SetupStateMessage] {
        try await self.admin.fleetStatus().setupStates.filter { $0.state != "gone" }
    }

    /// Wakes the controller, which else looks every quarter of a minute: a person's click on a pod that is there.
    func poke() async throws {
        for pod in try await self.open().prefix(1) {
            do {
                let _: MessageResponse = try await self.client.patch(
                    "/api/runpod/pods/\(pod.instanceID)/persistent", ["persistent": pod.persistent])
            } catch let error as CastError where error.code == .notFound {
                // Gone in between.
            }
        }
    }

    /// Pokes until something is true of the pods that are not gone.
    func until(_ what: String, _ isTrue: ([SetupStateMessage]) async throws -> Bool) async throws {
        let answer: Bool? = try await eventually(within: .seconds(90)) {
            if try await isTrue(try await self.open()) { return true }
            try await self.poke()
            return nil
        }
        if answer != true {
            let events = try await self.admin.fleetEvents(limit: 40).events.map(\.message)
            Issue.record("never: \(what); \(events)")
            throw CastError(.timedOut, what)
        }
    }

    func until(_ state: String) async throws { try await self.until(state) { $0.map(\.state) == [state] } }

    // MARK: What a pod does

    func report(_ phase: String, _ message: String = "") async throws {
        for pod in try await self.books().openPods {
            let _: OKResponse = try await self.client.post(
                "/api/runpod/pods/\(pod.instance)/setup-progress", SetupProgressRequest(phase: phase, message: message),
                headers: ["X-Setup-Token": pod.setupToken])
        }
    }

    /// The worker registers and is heard.
    @discardableResult
    func register() async throws -> NodeAPI {
        let pod = try #require(try await self.open().first)
        let answer: RegisterNodeResponse = try await self.client.post(
            "/api/nodes/register", ["name": pod.nodeName, "url": "http://127.0.0.1:9"])
        let worker = CastClient(server: self.client.server, key: answer.apiKey, connections: self.connections)
        let node = NodeAPI.live(worker, node: answer.nodeID)
        _ = try await node.heartbeat(HeartbeatRequest(claimedJobIDs: []))
        return node
    }

    // MARK: The disk

    /// What is written down, read by another process than the server.
    func books() async throws -> FleetBooks {
        try await self.reading { try await $0.fleet.books(at: Date()) }
    }

    func reading<Result>(_ body: (CastStore.Database) async throws -> Result) async throws -> Result {
        let database = try CastStore.Database(path: self.file)
        defer { try? database.close() }
        return try await body(database)
    }

    func execute(_ sql: String) throws {
        let queue = try DatabaseQueue(path: self.file)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private var file: String { self.data.appendingPathComponent("cast2md.db").path }
}
