import ArgumentParser
import CastAPI
import CastClient
import CastCore
import CastNode
import Foundation
import Logging
import ServiceLifecycle
import Transcription
import UnixSignals

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Make this machine a worker of a server.",
        subcommands: [Register.self, Start.self, Status.self, Unregister.self])

    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Register this machine with a server.")

        @Option(help: "The server's address (default: CAST2MD_SERVER, else http://127.0.0.1:8000).")
        var server: String?

        @Option(help: "This node's name (default: NODE_NAME, else the machine's).")
        var name: String?

        @Option(help: "The model to recognise with (default: WHISPER_MODEL, else base).")
        var model: String?

        @Option(help: "Where the server finds this node's status page.")
        var url = "http://localhost:8001"

        func run() async throws {
            let environment = ProcessInfo.processInfo.environment
            let home = HomeFolder(environment: environment)
            let address = self.server ?? environment["CAST2MD_SERVER"] ?? "http://127.0.0.1:8000"
            let name = self.name ?? environment["NODE_NAME"] ?? ProcessInfo.processInfo.hostName
            let model = self.model ?? environment["WHISPER_MODEL"] ?? "base"
            _ = try ModelCatalog.model(model)
            let answer = try await CastClient.withClient(address) { client in
                try await NodeAPI.register(
                    RegisterNodeRequest(
                        name: name, url: self.url, whisperModel: model, whisperBackend: Backend(model: model).rawValue),
                    at: client)
            }
            try NodeCredentials(
                server: address, nodeID: answer.nodeID, apiKey: answer.apiKey, name: name, model: model
            ).save(in: home)
            print("\(answer.message).")
            print("The key is in \(home.path)/node.json. Start working with: cast2md node start")
        }
    }

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Work for the server until the queue is empty, or it is stopped.",
            discussion: """
                The node ends itself when the queue stays empty (NODE_REQUIRED_EMPTY_CHECKS, NODE_EMPTY_QUEUE_WAIT), \
                after NODE_IDLE_TIMEOUT_MINUTES without a job, NODE_SERVER_UNREACHABLE_MINUTES without the server, and \
                NODE_MAX_CONSECUTIVE_FAILURES failures in a row. --persistent keeps it going through all of that.
                """)

        @Option(help: "The status page's port; the next free one if it is taken.")
        var port = 8001

        @Option(help: "The address that the status page listens on.")
        var host = "0.0.0.0"

        @Flag(help: "Never end by itself (NODE_PERSISTENT=1 does the same).")
        var persistent = false

        func run() async throws {
            let environment = ProcessInfo.processInfo.environment
            let home = HomeFolder(environment: environment)
            let credentials = try NodeCredentials.load(from: home)
            var settings = try NodeSettings(environment: environment)
            if self.persistent { settings.leaving.isPersistent = true }
            var logger = Logger(label: "cast2md.node")
            logger[metadataKey: "node"] = "\(credentials.name)"
            // What is missing here is said before a job is taken that could not be done.
            let speech = try LocalSpeech(
                model: environment["WHISPER_MODEL"] ?? credentials.model, home: home, environment: environment,
                logger: logger)
            let port = try FreePort.find(from: self.port)
            let (host, plainLogger, nodeSettings) = (self.host, logger, settings)
            try await CastClient.withClient(credentials.server, key: credentials.apiKey) { client in
                let runner = try NodeRunner(
                    credentials: credentials, server: NodeServer(NodeAPI(client, node: credentials.nodeID)),
                    transcriber: speech.pipeline, settings: nodeSettings, home: home, clock: ContinuousClock(),
                    logger: plainLogger)
                var quiet = plainLogger
                quiet.logLevel = .warning
                let page = StatusPage(name: credentials.name, state: runner.state)
                    .application(host: host, port: port, logger: quiet)
                plainLogger.info(
                    "node starts",
                    metadata: [
                        "server": "\(credentials.server)", "model": "\(speech.pipeline.model)",
                        "status": "http://localhost:\(port)/",
                    ])
                let group = ServiceGroup(
                    configuration: .init(
                        services: [
                            .init(service: page),
                            .init(service: speech.engine),
                            // The worker's end is the end of everything: it decides when the work is done.
                            .init(
                                service: runner, successTerminationBehavior: .gracefullyShutdownGroup,
                                failureTerminationBehavior: .gracefullyShutdownGroup),
                        ], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
                try await group.run()
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show this machine's registration and what it does.")

        @Option(help: "The status page's port.")
        var port = 8001

        @Flag(help: "Print JSON instead of a table.")
        var json = false

        struct Row: Encodable {
            var server: String
            var nodeID: NodeID
            var name: String
            var model: String
            var serverAnswers: Bool
            var running: StatusPage.Status?
        }

        func run() async throws {
            let home = HomeFolder(environment: ProcessInfo.processInfo.environment)
            let credentials = try NodeCredentials.load(from: home)
            let answers =
                (try? await CastClient.withClient(credentials.server) {
                    try await $0.get("/api/health", as: HealthResponse.self, timeout: .seconds(5))
                }) != nil
            let running = try? await CastClient.withClient("http://127.0.0.1:\(self.port)", environment: [:]) {
                try await $0.get("/status", as: StatusPage.Status.self, timeout: .seconds(5))
            }
            let row = Row(
                server: credentials.server, nodeID: credentials.nodeID, name: credentials.name,
                model: credentials.model, serverAnswers: answers, running: running)
            try Output.show(row, asJSON: self.json) { row in
                var table = Output.table(["NODE", row.name])
                table.add(["Id", "\(row.nodeID)"])
                table.add(["Server", "\(row.server) (\(row.serverAnswers ? "answers" : "does not answer"))"])
                table.add(["Model", row.model])
                guard let running = row.running else {
                    table.add(["State", "not running on port \(self.port)"])
                    return table.text
                }
                table.add([
                    "State",
                    running.currentJob.map { "\($0.episodeTitle), \($0.progressPercent) %" } ?? "waiting for work",
                ])
                table.add(["Fetched ahead", "\(running.prefetched)"])
                table.add(["Not handed in", "\(running.unsent)"])
                table.add(["Done", "\(running.completed)"])
                table.add(["Failed", "\(running.failed)"])
                return table.text
            }
        }
    }

    struct Unregister: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget the registration, here and at the server.")

        func run() async throws {
            let home = HomeFolder(environment: ProcessInfo.processInfo.environment)
            let credentials = try NodeCredentials.load(from: home)
            do {
                try await CastClient.withClient(credentials.server) {
                    try await NodeAPI($0, node: credentials.nodeID).unregister()
                }
                print("The server has forgotten \(credentials.name).")
            } catch let error as CastError where error.code != .notFound {
                print("The server could not be told: \(error.message)")
            } catch let error as CastError {
                print("The server did not know \(credentials.name) any more (\(error.message)).")
            }
            NodeCredentials.remove(from: home)
            print("\(home.path)/node.json is removed.")
        }
    }
}
