import CastTestSupport
import Foundation
import Testing

/// The real `cast2md`, as a process of its own that a test starts, kills, and starts again.
final class ProgramProcess {
    private let arguments: [String]
    private let environment: [String: String]
    private let log: URL
    private var process: Process?

    /// The program, beside the tests in the build folder.
    static var program: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("cast2md")
    }

    /// - Parameter environment: On top of the tests' own.
    init(_ arguments: [String], environment: [String: String], log: URL) throws {
        self.arguments = arguments
        self.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        self.log = log
        try Data().write(to: log)
    }

    func start() throws {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = self.arguments
        process.environment = self.environment
        let handle = try FileHandle(forWritingTo: self.log)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        self.process = process
    }

    var isRunning: Bool { self.process?.isRunning ?? false }

    /// As the power cut does it.
    func kill() {
        guard let process = self.process else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// - Returns: The exit status.
    @discardableResult
    func stop() -> Int32 {
        guard let process = self.process else { return 0 }
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Runs it to its end.
    ///
    /// - Returns: The exit status.
    func run() throws -> Int32 {
        try self.start()
        self.process?.waitUntilExit()
        return self.process?.terminationStatus ?? -1
    }

    /// The processes whose command line holds both texts; a node's helpers, for one.
    static func running(with one: String, and other: String) -> [String] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return folders.filter { id in
            guard Int(id) != nil, let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") else {
                return false
            }
            let text = String(decoding: line, as: UTF8.self)
            return text.contains(one) && text.contains(other)
        }
    }

    var said: String { (try? String(contentsOf: self.log, encoding: .utf8)) ?? "" }
}
