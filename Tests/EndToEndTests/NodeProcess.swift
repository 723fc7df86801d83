import CastCore
import CastTestSupport
import Foundation
import Testing

/// A real `cast2md node`, with a home of its own.
final class NodeProcess {
    let home: URL
    private let process: ProgramProcess

    /// Registers a node; engine and model are those of the shared cache.
    static func register(
        _ name: String, port: Int, in folder: URL, environment: [String: String] = [:]
    ) throws -> NodeProcess {
        let node = try NodeProcess(name, in: folder, environment: environment)
        let registration = try ProgramProcess(
            ["node", "register", "--server", "http://127.0.0.1:\(port)", "--name", name],
            environment: ["CAST2MD_HOME": node.home.path], log: folder.appendingPathComponent("\(name)-register.log"))
        let status = try registration.run()
        try #require(status == 0, "\(registration.said)")
        return node
    }

    private init(_ name: String, in folder: URL, environment: [String: String]) throws {
        self.home = folder.appendingPathComponent("home-\(name)", isDirectory: true)
        try FileManager.default.createDirectory(at: self.home, withIntermediateDirectories: true)
        for part in ["engines", "models"] {
            try FileManager.default.createSymbolicLink(
                atPath: self.home.appendingPathComponent(part).path,
                withDestinationPath: "\(RealEngine.home.path)/\(part)")
        }
        self.process = try ProgramProcess(
            ["node", "start", "--port", "18001", "--host", "127.0.0.1"],
            environment: environment.merging(["CAST2MD_HOME": self.home.path]) { $1 },
            log: folder.appendingPathComponent("\(name).log"))
    }

    func start() throws { try self.process.start() }

    func kill() { self.process.kill() }

    /// - Returns: The exit status.
    @discardableResult
    func stop() -> Int32 { self.process.stop() }

    /// The helpers that this node started and that still run.
    var helpers: [String] { ProgramProcess.running(with: "helper.py", and: self.home.path) }

    var said: String { self.process.said }
}
