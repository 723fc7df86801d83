import ArgumentParser
import CastClient
import CastCore
import CastNode
import Foundation
import Logging
import Podcasts
import ServiceLifecycle
import Transcription
import UnixSignals

extension NodeCommand {
    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Work for the server until there is nothing more to do.",
            discussion: """
                Without --persistent the node ends by itself when the queue is empty \
                (NODE_REQUIRED_EMPTY_CHECKS=2 answers in a row, NODE_EMPTY_QUEUE_WAIT=60 seconds apart), when nothing \
                was done for NODE_IDLE_TIMEOUT_MINUTES=10, when the server gave no answer for \
                NODE_SERVER_UNREACHABLE_MINUTES=5, or after NODE_MAX_CONSECUTIVE_FAILURES=3 failures of the recogniser \
                in a row. With --persistent (or NODE_PERSISTENT=1), which is what a machine at home wants, it stays, \
                and rests for a while when the recogniser keeps failing. Ctrl-C or SIGTERM hands its jobs back.
                """)

        @Option(help: "The status page's port; the next free one if it is taken, 0 lets the system choose.")
        var port = 8001

        @Option(help: "The status page's address; 0.0.0.0 for every network, so that the server can test the node.")
        var host = "127.0.0.1"

        @Option(help: "The model (default: WHISPER_MODEL, else the registered one).")
        var model: String?

        @Flag(help: "Stay when there is nothing to do.")
        var persistent = false

        @Flag(help: "End at the first answer that there is nothing to do.")
        var once = false

        @Option(
            name: .customLong("log-format"),
            help: "text, or json for one object a line (default: LOG_FORMAT, else text).")
        var logFormat: String?

        func validate() throws {
            guard (0...65_535).contains(self.port) else { throw ValidationError("--port must be from 0 to 65535.") }
            guard !(self.persistent && self.once) else {
                throw ValidationError("--persistent and --once contradict each other.")
            }
        }

        func run() async throws {
            let environment = try Surroundings.begin(logFormat: self.logFormat)
            let home = HomeFolder(environment: environment)
            let credentials = try NodeCommand.credentials(in: home)
            let settings = try self.settings(environment)
            let lock = try HomeLock(home)
            defer { withExtendedLifetime(lock) {} }
            let logger = Logger(label: "cast2md.node")
            let model = self.model ?? Variables(environment).text("WHISPER_MODEL") ?? credentials.model ?? "base"
            // An engine or a model that is missing is said here, before the server hears of this node.
            let recogniser = try NodeCommand.makeTranscriber(
                model: model, home: home, environment: environment, logger: logger)
            let name = Variables(environment).text("NODE_NAME") ?? credentials.name
            let (host, port) = (self.host, self.port)
            try await Connections.with(to: credentials.server, environment: environment) { connections in
                if let proxy = connections.proxy { logger.info("through a proxy", metadata: ["proxy": "\(proxy)"]) }
                let client = CastClient(server: credentials.server, key: credentials.key, connections: connections)
                let addresses: AddressPolicy = settings.allowsPrivateAddresses ? .anything : .publicOnly
                try await PublisherAudio.withNetwork(addresses, logger: logger) { publishers in
                    let runner = NodeRunner(
                        api: .live(client, node: credentials.nodeID), publishers: publishers,
                        transcriber: recogniser.transcriber, name: name, server: credentials.server, home: home,
                        settings: settings, logger: logger)
                    let page = StatusPage(
                        host: host, port: port, logger: logger,
                        onReady: { NodeAddress.save(host: host, port: $0, to: home) },
                        status: { runner.status })
                    defer { NodeAddress.remove(from: home) }
                    // They stop in the reverse order: the worker first, the recogniser last.
                    let group = ServiceGroup(
                        configuration: .init(
                            services: [
                                .init(service: recogniser.service),
                                .init(service: page),
                                .init(
                                    service: runner, successTerminationBehavior: .gracefullyShutdownGroup,
                                    failureTerminationBehavior: .gracefullyShutdownGroup),
                            ],
                            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
                    try await group.run()
                }
            }
        }

        private func settings(_ environment: [String: String]) throws -> NodeSettings {
            var settings = try NodeSettings(environment: environment)
            if self.persistent { settings.leave.isPersistent = true }
            if self.once {
                settings.leave.isPersistent = false
                settings.leave.requiredEmptyChecks = 1
            }
            return settings
        }
    }

    /// What recognises on this machine, and the service that has to run beside it.
    ///
    /// - Throws: `.notFound` for a model that no engine can serve, `.unavailable` that says which command installs what
    ///   is missing.
    static func makeTranscriber(
        model: String, home: HomeFolder, environment: [String: String], logger: Logger
    ) throws -> (transcriber: any Transcriber, service: any Service) {
        let speech = try LocalSpeech(model: model, home: home, environment: environment, logger: logger)
        return (speech.pipeline, speech.engine)
    }
}
