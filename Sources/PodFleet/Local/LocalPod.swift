import CastCore
import Foundation
import Subprocess
import SystemPackage

/// A pod on this machine: its folder, its process group, and how it is told to end.
struct LocalPod: Sendable {
    static let prefix = "local-"

    var shown: ProviderPod
    var isStopping = false
    let folder: String
    private let variables: [String: String]
    private let stops: AsyncStream<Void>
    private let stopping: AsyncStream<Void>.Continuation

    init(_ request: PodRequest, options: LocalProvider.Options, at now: Date) {
        let id = Self.prefix + UUID().uuidString.prefix(8).lowercased()
        self.shown = ProviderPod(
            id: PodID(id), name: request.name, status: .provisioning, gpu: request.gpu, cloud: request.cloud,
            pricePerHour: options.pricePerHour, createdAt: now, environment: request.environment)
        self.folder = "\(options.folder)/\(id)"
        self.variables = Self.inherited(options.environment)
            .merging(request.environment.values) { $1 }
            .merging([
                LocalProcesses.marker: id, "CAST2MD_HOME": self.folder, "CAST2MD_PROGRAM": options.program,
                // There is no tailnet to join here.
                "TS_AUTH_KEY": "",
            ]) { $1 }
        (self.stops, self.stopping) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func stop() { self.stopping.yield() }

    /// A pod gets no credentials of the server's.
    private static func inherited(_ environment: [String: String]) -> [String: String] {
        environment.filter { name, _ in
            let name = name.uppercased()
            return !name.hasPrefix("RUNPOD_")
                && !["KEY", "TOKEN", "SECRET", "PASSWORD"].contains(where: { name.hasSuffix($0) })
        }
    }

    private static let worker = [
        "/bin/sh", "-c", #""$CAST2MD_PROGRAM" node register && exec "$CAST2MD_PROGRAM" node start --port 0"#,
    ]

    /// Runs until it ends by itself or is stopped; then nothing of it is left.
    ///
    /// - Returns: Whether it failed.
    func run(_ options: LocalProvider.Options, onStart: @Sendable (Date) -> Void) async -> Bool {
        let isFailure = await withTaskGroup(of: Bool?.self) { group in
            group.addTask {
                for await _ in self.stops { return nil }
                return nil
            }
            group.addTask { await self.runProcess(options) }
            onStart(Date())
            let first = await group.next() ?? nil
            group.cancelAll()
            await group.waitForAll()
            return first ?? false
        }
        await LocalProcesses.end(self.shown.id.rawValue)
        return isFailure
    }

    private func runProcess(_ options: LocalProvider.Options) async -> Bool {
        do {
            try self.prepare(options)
            let log = try FileDescriptor.open(
                FilePath(self.logPath), .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
            defer { try? log.close() }
            var platform = PlatformOptions()
            platform.processGroupID = 0
            platform.teardownSequence = [
                .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(10))
            ]
            let command = options.command ?? Self.worker
            let variables = Dictionary(
                uniqueKeysWithValues: self.variables.map { (Environment.Key(stringLiteral: $0), $1) })
            let result = try await Subprocess.run(
                .path(FilePath(command.first ?? "/bin/false")), arguments: Arguments(Array(command.dropFirst())),
                environment: .custom(variables), workingDirectory: FilePath(self.folder), platformOptions: platform,
                output: .fileDescriptor(log, closeAfterSpawningProcess: false),
                error: .fileDescriptor(log, closeAfterSpawningProcess: false))
            return !result.terminationStatus.isSuccess
        } catch {
            return true
        }
    }

    /// Makes its folder, in which it finds the engines and models that are here already.
    private func prepare(_ options: LocalProvider.Options) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        for (shared, name) in [(options.home.enginesPath, "engines"), (options.home.modelsPath, "models")] {
            try files.createDirectory(atPath: shared, withIntermediateDirectories: true)
            try files.createSymbolicLink(atPath: "\(self.folder)/\(name)", withDestinationPath: shared)
        }
    }

    private var logPath: String { "\(self.folder)/pod.log" }
    private static let longestTail: UInt64 = 262_144

    func lastLines(_ count: Int) -> [String] {
        guard let file = FileHandle(forReadingAtPath: self.logPath) else { return [] }
        defer { try? file.close() }
        let size = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: size > Self.longestTail ? size - Self.longestTail : 0)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").suffix(max(0, count)).map(String.init)
    }
}
