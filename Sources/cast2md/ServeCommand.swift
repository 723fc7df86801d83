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
            the folder storage with audio and transcripts. Variables may stand in the file .env of the working folder or \
            of ~/.cast2md; those of the process win. LOG_LEVEL=debug says more. Stop it with Ctrl-C or SIGTERM.
            """
    )

    @Option(help: "The address to listen on; 0.0.0.0 for every network.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose.")
    var port = 8000

    @Option(help: "The folder for database and storage (default: CAST2MD_DATA, else ./data).")
    var data: String?

    @Option(
        name: .customLong("log-format"), help: "text, or json for one object a line (default: LOG_FORMAT, else text).")
    var logFormat: String?

    /// Why the port cannot be listened on, in a sentence.
    private static func explained(_ error: IOError, _ configuration: ServerConfiguration) -> CastError {
        let place = "port \(configuration.port) of \(configuration.host)"
        let sentence =
            switch error.errnoCode {
            case EADDRINUSE:
                "Port \(configuration.port) of \(configuration.host) is taken. Choose another one with --port."
            case EACCES:
                "Port \(configuration.port) needs rights that this user has not. Choose one above 1023 with --port."
            case EADDRNOTAVAIL:
                "\(configuration.host) is no address of this machine. Choose one that is with --host."
            default: "The server cannot listen on \(place): \(String(cString: strerror(error.errnoCode)))."
            }
        return CastError(.unavailable, sentence, cause: error)
    }

    func validate() throws {
        guard (0...65_535).contains(self.port) else { throw ValidationError("--port must be from 0 to 65535.") }
    }

    func run() async throws {
        let environment = try Surroundings.begin(logFormat: self.logFormat)
        var configuration = try Surroundings.places(data: self.data, environment)
        configuration.host = self.host
        configuration.port = self.port
        let logger = Logger(label: "cast2md")
        let places = configuration
        try await PodcastSource.withNetwork(places, logger: logger) { podcasts in
            try await FleetProvider.with(environment, data: places.dataPath, logger: logger) { provider in
                try await NoticePost.withNetwork { post in
                    try await Self.serve(places, podcasts, provider, post, logger)
                }
            }
        }
    }

    private static func serve(
        _ configuration: ServerConfiguration, _ podcasts: PodcastSource, _ provider: FleetProvider?,
        _ post: NoticePost, _ logger: Logger
    ) async throws {
        let host = configuration.host
        do {
            let server = try CastServer(
                configuration: configuration, podcasts: podcasts, provider: provider, post: post, logger: logger,
                onReady: { port in
                    let shown = ["0.0.0.0", "::"].contains(host) ? "localhost" : host
                    logger.info("ready", metadata: ["url": "http://\(shown):\(port)/", "version": "\(castVersion)"])
                })
            try await server.run()
        } catch let error as IOError {
            throw Self.explained(error, configuration)
        } catch let error as SocketAddressError.UnknownHost {
            throw CastError(
                .unavailable, "The host \(host) is not known. Choose an address of this machine with --host.",
                cause: error)
        }
    }
}
