import ArgumentParser
import CastCore
import CastServer
import Foundation
import Logging
import NIOCore

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server: feeds, episodes, the queue, and the pages.",
        discussion: """
            Everything is in the data folder: the database cast2md.db and, unless STORAGE_PATH names another place, \
            the folder storage with audio and transcripts. Stop it with Ctrl-C or SIGTERM.
            """
    )

    @Option(help: "The address to listen on; 0.0.0.0 for every network.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose.")
    var port = 8000

    @Option(help: "The folder for database and storage (default: CAST2MD_DATA, else ./data).")
    var data: String?

    func validate() throws {
        guard (0...65_535).contains(self.port) else { throw ValidationError("--port must be from 0 to 65535.") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var configuration = try ServerConfiguration(
            dataPath: self.data ?? environment["CAST2MD_DATA"] ?? "data", environment: environment)
        configuration.host = self.host
        configuration.port = self.port
        let logger = Logger(label: "cast2md")
        let host = self.host
        try await PodcastSource.withNetwork(configuration, logger: logger) { podcasts in
            let server = try CastServer(
                configuration: configuration, podcasts: podcasts, logger: logger,
                onReady: { port in
                    let shown = ["0.0.0.0", "::"].contains(host) ? "localhost" : host
                    logger.info("ready", metadata: ["url": "http://\(shown):\(port)/", "version": "\(castVersion)"])
                })
            do {
                try await server.run()
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                throw CastError(
                    .unavailable, "Port \(configuration.port) of \(host) is taken. Choose another one with --port.",
                    cause: error)
            }
        }
    }
}
