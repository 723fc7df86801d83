import CastAPI
import CastClient
import CastCore
import CastStore
import CastTestSupport
import Foundation
import HumanSpeech
import Logging
import RunPodEmulator
import Synchronization
import Testing

/// Everything around a pod but the pod: the real server, RunPod's stand-in, a tailnet's stand-in, an image.
///
/// Pods run the bytes that the server sends with the create call, and nothing else. The server is in no network that a
/// pod is in: it is known to the tailnet's proxy alone, as `100.101.1.7`.
struct PodStage: Sendable {
    struct Setup: Sendable {
        /// What is in RunPod's secret `ts_auth_key`; nil: nobody made it.
        var secret: String? = "tskey-auth-pods"
        var tailnet: [String: JSONValue] = [:]
        /// On top of what every pod's image sets here.
        var image: [String: String] = [:]
        /// What stands in front of the program in the image: a script for bash, with the program in `$real`.
        var inFront: String?
        var episodes = 0
        var seconds = 5.0
        /// On top of what every server is set to here.
        var server: [String: String] = [:]
        /// The server's port here is in every pod's environment, for start commands that know no tailnet.
        var knowsPort = false
        /// Whether the image has the program at all.
        var hasProgram = true
        /// Until a pod's container starts.
        var pull = Duration.zero
        /// With nothing in it but what the start script says that it needs.
        var isSmall = false
    }

    static let serverAddress = "100.101.1.7"
    static let podAddress = "100.101.1.9"

    let folder: URL
    let port: Int
    let admin: ServerAdmin
    let emulator: EmulatorServer
    let base: URL
    let server: ServerProcess

    private static let ports = Mutex(Int.random(in: 20_000...30_000))

    /// The first of ten ports that no other stage is given, and that the system gives to no connection: these come from
    /// 32,768 on, and may take a port at any moment.
    private static func takePorts() -> Int {
        self.ports.withLock { next in
            defer { next += 10 }
            return next
        }
    }

    static func run(_ setup: Setup = Setup(), _ body: @escaping @Sendable (PodStage) async throws -> Void) async throws
    {
        try await RealEngine.install()
        try await withTemporaryFolder { folder in
            let port = try FreePort.find(from: Self.takePorts(), tries: 5)
            try Self.write(setup, port: port, to: folder)
            try await Self.fill(setup, folder)
            let log = Logger(label: "emulator") { _ in SwiftLogNoOpLogHandler() }
            try await EmulatorServer.with(Self.options(setup, folder, port: port), logger: log) { emulator, base in
                let server = ServerProcess(folder: folder, port: port, provider: base, settings: setup.server)
                try server.start()
                defer { server.stop() }
                let url = try CastClient.address("http://127.0.0.1:\(port)")
                try await Connections.with(to: url, environment: [:]) { connections in
                    let admin = ServerAdmin(CastClient(server: url, connections: connections))
                    let isUp: Bool? = try await eventually {
                        (try? await admin.queueStatus()) == nil ? nil : true
                    }
                    try #require(isUp == true, "\(server.said.suffix(2000))")
                    if setup.episodes > 0 {
                        for feed in try await admin.feeds() { _ = try await admin.queueFeed(feed.id, newest: nil) }
                    }
                    try await body(
                        PodStage(
                            folder: folder, port: port, admin: admin, emulator: emulator, base: base, server: server))
                }
            }
        }
    }

    private static func options(_ setup: Setup, _ folder: URL, port: Int) throws -> EmulatorOptions {
        var options = EmulatorOptions(home: folder.appendingPathComponent("emulator"))
        options.pullTime = setup.pull
        if let secret = setup.secret { options.secrets = ["ts_auth_key": secret] }
        let proxyPort = try FreePort.find(from: port + 1, tries: 5)
        options.image = EmulatorOptions.Image(
            files: folder.appendingPathComponent("image"),
            environment: [
                "PATH": "\(folder.path)/bin:\(setup.isSmall ? folder.path + "/small" : Self.ownPath)",
                "FAKE_TAILNET": "\(folder.path)/tailnet", "CAST2MD_POD_PROXY": "localhost:\(proxyPort)",
                // All of it in the pod's own directory, since pods here share a file system.
                "CAST2MD_POD_STATE": "state", "CAST2MD_NODE_LOG": "node.log", "CAST2MD_WATCHDOG_LOG": "watchdog.log",
                "TS_SOCKET": "ts.sock", "NODE_EMPTY_QUEUE_WAIT": "1", "CAST2MD_POD_LOG_SECONDS": "0.5",
                "CAST2MD_POD_END_SECONDS": "5",
            ].merging(setup.image) { $1 }.merging(setup.knowsPort ? ["PORT": "\(port)"] : [:]) { $1 })
        return options
    }

    private static var ownPath: String { ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin" }

    /// What the start script says that an image must have: curl, python3 (no jq), and coreutils.
    private static let tools = [
        "bash", "curl", "python3", "env", "ffmpeg", "ffprobe", "sed", "grep", "find", "setsid", "cat", "chmod", "cut",
        "dirname", "head", "mkdir", "mv", "realpath", "rm", "sha256sum", "sleep", "stat", "tail", "tee", "timeout",
        "touch", "tr", "uname", "wc",
    ]

    private static func write(_ setup: Setup, port: Int, to folder: URL) throws {
        let files = FileManager.default
        for path in ["bin", "tailnet", "image/.cast2md", "data"] {
            try files.createDirectory(
                at: folder.appendingPathComponent(path), withIntermediateDirectories: true)
        }
        let programs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Programs")
        for name in ["tailscaled", "tailscale"] {
            try files.createSymbolicLink(
                atPath: "\(folder.path)/bin/\(name)", withDestinationPath: "\(programs.path)/tailnet.py")
        }
        if setup.isSmall {
            try files.createDirectory(atPath: "\(folder.path)/small", withIntermediateDirectories: true)
            for tool in Self.tools {
                let places = ["/usr/bin", "/bin"] + Self.ownPath.split(separator: ":").map(String.init)
                let found = places.map { "\($0)/\(tool)" }.first { files.isExecutableFile(atPath: $0) }
                try files.createSymbolicLink(
                    atPath: "\(folder.path)/small/\(tool)", withDestinationPath: try #require(found, "\(tool)"))
            }
        }
        let program = "\(folder.path)/bin/cast2md"
        if let inFront = setup.inFront {
            try Data("#!/bin/bash\nreal='\(ServerProcess.program.path)'\n\(inFront)\nexec \"$real\" \"$@\"\n".utf8)
                .write(to: URL(fileURLWithPath: program))
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        } else if setup.hasProgram {
            try files.createSymbolicLink(atPath: program, withDestinationPath: ServerProcess.program.path)
        }
        for part in ["engines", "models"] {
            try files.createSymbolicLink(
                atPath: "\(folder.path)/image/.cast2md/\(part)",
                withDestinationPath: "\(RealEngine.home.path)/\(part)")
        }
        let tailnet: [String: JSONValue] = [
            "hosts": .object([Self.serverAddress: .string("127.0.0.1")]),
            "names": .object(["your-server": .string(Self.serverAddress)]),
            "keys": .object(["tskey-auth-pods": .string("reusable"), "tskey-auth-once": .string("once")]),
            "address": .string(Self.podAddress),
        ]
        try JSONEncoder().encode(JSONValue.object(tailnet.merging(setup.tailnet) { $1 }))
            .write(to: folder.appendingPathComponent("tailnet/tailnet.json"))
    }

    /// Episodes that have their audio, before the server starts.
    private static func fill(_ setup: Setup, _ folder: URL) async throws {
        guard setup.episodes > 0 else { return }
        let prompts = try await HumanPrompts.load(cache: RealEngine.cache)
        let database = try Database(path: folder.path + "/data/cast2md.db")
        let storage = try StorageFolder(path: folder.path + "/data/storage")
        let now = Date()
        let (feed, episodes) = try await database.makeFeed(episodes: setup.episodes, at: now)
        for (seed, episode) in episodes.enumerated() {
            let path = storage.audioPath(feed: feed, episode: episode, fileExtension: "mp3")
            try storage.makeFolder(of: path)
            let recording = try await prompts.compose(
                .init(seed: UInt64(seed), seconds: setup.seconds), to: try storage.url(of: path).path)
            let size = try FileManager.default.attributesOfItem(atPath: recording.path)[.size] as? Int64 ?? 0
            try await database.episodes.setAudio(
                episode.id, path: path, size: size, duration: recording.duration, at: now)
        }
        try database.close()
    }
}

extension PodStage {
    /// A pod's state once it fits.
    func status(
        of instance: String, within limit: Duration = .seconds(60), where fits: (SetupStateMessage) -> Bool
    ) async throws -> SetupStateMessage? {
        try await eventually(within: limit) {
            guard let state = try? await self.admin.setupStatus(instance) else { return nil }
            return fits(state) ? state : nil
        }
    }

    /// The pod's state once nothing of it is left, at the server and at RunPod.
    func end(of instance: String, within limit: Duration = .seconds(60)) async throws -> SetupStateMessage {
        let state = try await self.status(of: instance, within: limit) { $0.state == "gone" }
        let last = try? await self.admin.setupStatus(instance)
        let gone = try #require(
            state, "\(String(describing: last))\n\(self.podSaid)\n\(self.server.said.suffix(2000))")
        #expect(await self.emulator.ledger().stillBilling == 0)
        return gone
    }

    /// The directory of the only pod.
    var pod: URL? {
        let pods = self.folder.appendingPathComponent("emulator/pods")
        return (try? FileManager.default.contentsOfDirectory(at: pods, includingPropertiesForKeys: nil))?.first
    }

    /// A file of the only pod, while it is there.
    func text(of name: String) -> String? {
        self.pod.flatMap { try? String(contentsOf: $0.appendingPathComponent(name), encoding: .utf8) }
    }

    /// What the containers wrote.
    var podSaid: String {
        let logs = self.folder.appendingPathComponent("emulator/logs")
        let files = (try? FileManager.default.contentsOfDirectory(at: logs, includingPropertiesForKeys: nil)) ?? []
        return files.compactMap { try? String(contentsOf: $0, encoding: .utf8) }.joined(separator: "\n")
    }

    /// What passed the tailnet's proxy.
    var proxied: [JSONValue] {
        let file = self.folder.appendingPathComponent("tailnet/requests")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
    }

    /// Those requests to the server, as `GET /api/health`.
    var requests: [String] {
        self.proxied.compactMap { entry in
            guard case .object(let fields) = entry, case .string("request")? = fields["kind"],
                case .string(let method)? = fields["method"], case .string(let path)? = fields["path"]
            else { return nil }
            return "\(method) \(path)"
        }
    }

    /// The nodes that are in the tailnet.
    var nodesInTailnet: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: self.folder.path + "/tailnet/nodes")) ?? []
    }
}

extension PodStage {
    /// The process that a pod's container runs; with a worker that has started, if that is wanted.
    func mainProcess(whenWorking: Bool) async throws -> pid_t? {
        try await eventually {
            guard
                let worker = self.text(of: "state/worker.pid").flatMap({
                    pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines))
                })
            else { return nil }
            if whenWorking, self.text(of: "node.log")?.contains("job claimed") != true { return nil }
            let stat = try String(contentsOfFile: "/proc/\(worker)/stat", encoding: .utf8)
            return stat.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap { pid_t($0) }
        }
    }

    /// Whether the server's address in the tailnet leads to it without the proxy.
    var reachesServerDirectly: Bool {
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        curl.arguments = [
            "curl", "--silent", "--fail", "--noproxy", "*", "--max-time", "2", "-o", "/dev/null",
            "http://\(Self.serverAddress):\(self.port)/api/health",
        ]
        guard (try? curl.run()) != nil else { return false }
        curl.waitUntilExit()
        return curl.terminationStatus == 0
    }

    /// A recording for the smoke test, in every pod that is bought from now on.
    func addClip() async throws {
        let prompts = try await HumanPrompts.load(cache: RealEngine.cache)
        let made = self.folder.appendingPathComponent("image/clip.mp3")
        _ = try await prompts.compose(.init(seed: 7, seconds: 5), to: made.path)
        try FileManager.default.moveItem(at: made, to: self.folder.appendingPathComponent("image/clip.wav"))
    }
}
