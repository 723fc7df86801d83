import CastCore
import CastTestSupport
import Foundation
import Testing

/// A real `cast2md node`, as a process of its own with a home of its own.
final class NodeProcess {
    let home: URL
    private let process = Process()
    private let log: URL

    /// The program, beside the tests in the build folder.
    static var program: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("cast2md")
    }

    /// Registers a node; engine and model are those of the shared cache.
    static func register(_ name: String, port: Int, in folder: URL) throws -> NodeProcess {
        let node = try NodeProcess(name, in: folder)
        let registration = Process()
        registration.executableURL = Self.program
        registration.arguments = ["node", "register", "--server", "http://127.0.0.1:\(port)", "--name", name]
        registration.environment = node.process.environment
        registration.standardOutput = FileHandle.nullDevice
        try registration.run()
        registration.waitUntilExit()
        try #require(registration.terminationStatus == 0)
        return node
    }

    private init(_ name: String, in folder: URL) throws {
        self.home = folder.appendingPathComponent("home-\(name)", isDirectory: true)
        self.log = folder.appendingPathComponent("\(name).log")
        try FileManager.default.createDirectory(at: self.home, withIntermediateDirectories: true)
        for part in ["engines", "models"] {
            try FileManager.default.createSymbolicLink(
                atPath: self.home.appendingPathComponent(part).path,
                withDestinationPath: "\(RealEngine.home.path)/\(part)")
        }
        try Data().write(to: self.log)
        self.process.executableURL = Self.program
        self.process.arguments = ["node", "start", "--port", "18001", "--host", "127.0.0.1"]
        self.process.environment = ProcessInfo.processInfo.environment.merging(["CAST2MD_HOME": self.home.path]) { $1 }
        let handle = try FileHandle(forWritingTo: self.log)
        self.process.standardOutput = handle
        self.process.standardError = handle
    }

    func start() throws { try self.process.run() }

    /// As the power cut does it.
    func kill() {
        Foundation.kill(self.process.processIdentifier, SIGKILL)
        self.process.waitUntilExit()
    }

    /// - Returns: The exit status.
    func stop() -> Int32 {
        if self.process.isRunning { self.process.terminate() }
        self.process.waitUntilExit()
        return self.process.terminationStatus
    }

    /// The helpers that this node started and that still run.
    var helpers: [String] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return folders.filter { pid in
            guard Int(pid) != nil, let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
                return false
            }
            let text = String(decoding: line, as: UTF8.self)
            return text.contains("helper.py") && text.contains(self.home.path)
        }
    }

    var said: String { (try? String(contentsOf: self.log, encoding: .utf8)) ?? "" }
}
