import ArgumentParser
import CastClient
import CastCore
import Foundation

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Serves what the newest demo made, until it is interrupted.")

    @Option(help: "The folder for what is made and fetched.")
    var cache = ".cache"

    @Option(help: "The server's port, or the first after it that is free.")
    var port = 8000

    func run() async throws {
        let data = URL(filePath: self.cache).standardizedFileURL.path + "/demo/latest/data"
        guard FileManager.default.fileExists(atPath: data) else {
            throw CastError(.notFound, "There is no demo to show yet. Make one: make demo")
        }
        let port = try FreePort.find(from: self.port)
        Console.line("Open http://127.0.0.1:\(port)/ in a browser; Ctrl-C ends it.")
        let server = ChildProgram(
            arguments: ["serve", "--host", "127.0.0.1", "--port", "\(port)", "--data", data],
            environment: ["STORAGE_PATH": nil, "DATABASE_URL": nil])
        do {
            try await untilInterrupted { try await server.run() }
        } catch is Interrupted {
            Console.line("Stopped.")
        }
    }
}
