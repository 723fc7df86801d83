import CastCore
import CastTestSupport
import Foundation

/// The real server, as a process of its own.
final class ServerProcess: @unchecked Sendable {
    private let arguments: [String]
    private let environment: [String: String]
    private let log: URL
    // Only the test's own task starts and stops it.
    private var process: Process?

    /// The program, beside the tests in the build folder.
    static var program: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("cast2md")
    }

    init(folder: URL, port: Int, provider: URL, settings: [String: String] = [:]) {
        self.log = folder.appendingPathComponent("server.log")
        self.arguments = ["serve", "--host", "127.0.0.1", "--port", "\(port)", "--data", "\(folder.path)/data"]
        self.environment = [
            "CAST2MD_HOME": RealEngine.home.path, "FEED_REFRESH_MINUTES": "0", "RUNPOD_ENABLED": "true",
            "RUNPOD_API_KEY": "emulator-key", "RUNPOD_API_BASE_URL": provider.absoluteString,
            "RUNPOD_WHISPER_MODEL": "base", "RUNPOD_SERVER_URL": "http://your-server:\(port)",
            "RUNPOD_SERVER_IP": PodStage.serverAddress, "RUNPOD_BUDGET_PER_DAY": "50.00",
        ].merging(settings) { $1 }
        _ = FileManager.default.createFile(atPath: self.log.path, contents: nil)
    }

    func start() throws {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = self.arguments
        process.environment = ProcessInfo.processInfo.environment.merging(self.environment) { $1 }
        let handle = try FileHandle(forWritingTo: self.log)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        self.process = process
    }

    func stop() {
        guard let process = self.process else { return }
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        self.process = nil
    }

    var said: String { (try? String(contentsOf: self.log, encoding: .utf8)) ?? "" }
}
