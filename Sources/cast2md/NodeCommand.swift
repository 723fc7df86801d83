import ArgumentParser
import CastAPI
import CastClient
import CastCore
import CastNode
import Foundation
import Logging
import ServiceLifecycle
import Transcription

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Make this machine a worker of a server.",
        discussion: """
            A node fetches jobs from its server, recognises the speech, and hands the transcripts in. Register once, \
            then start. Credentials and unsent results are in ~/.cast2md (CAST2MD_HOME moves it). The variables \
            http_proxy, https_proxy and no_proxy are honoured.
            """,
        subcommands: [Register.self, Start.self, Status.self, Unregister.self])

    /// The credentials of this machine, or an error that says how to get some.
    static func credentials(in home: HomeFolder) throws -> NodeCredentials {
        guard let credentials = try NodeCredentials.load(from: home) else {
            throw CastError(
                .notFound, "This machine is no node yet. Register it: cast2md node register --server http://HOST:8000")
        }
        return credentials
    }

    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register this machine at a server; repeat it to get a new key.")

        @Option(help: "The server's address, for example http://host:8000 (default: CAST2MD_SERVER).")
        var server: String?

        @Option(help: "The node's name (default: NODE_NAME, else this machine's name).")
        var name: String?

        @Option(help: "The model (default: WHISPER_MODEL, else base).")
        var model: String?

        @Option(help: "Where the server reaches this node's status page.")
        var url = "http://localhost:8001"

        func run() async throws {
            let environment = try Surroundings.variables()
            let variables = Variables(environment)
            let home = HomeFolder(environment: environment)
            guard let address = self.server ?? variables.text("CAST2MD_SERVER") else {
                throw CastError(.invalid, "Which server? Say --server http://HOST:8000, or set CAST2MD_SERVER.")
            }
            let server = try CastClient.address(address)
            let name = self.name ?? variables.text("NODE_NAME") ?? ProcessInfo.processInfo.hostName
            // A model that nothing here can serve is refused before the server hears of it.
            let model = try ModelCatalog.model(self.model ?? variables.text("WHISPER_MODEL") ?? "base").name
            let url = self.url
            let (credentials, message) = try await Connections.with(to: server, environment: environment) {
                try await NodeRegistration.register(
                    CastClient(server: server, connections: $0), name: name, model: model, url: url, home: home)
            }
            print(message)
            print("Server: \(credentials.server.absoluteString), model: \(model), credentials: \(home.nodeFile.path)")
            print("Start it with: cast2md node start")
        }
    }

    struct Unregister: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete this node at its server, and its credentials here.")

        func run() async throws {
            let environment = try Surroundings.variables()
            let home = HomeFolder(environment: environment)
            // Not under a running node: it would come back with its next heartbeat's error.
            let lock = try HomeLock(home)
            defer { withExtendedLifetime(lock) {} }
            let credentials = try NodeCommand.credentials(in: home)
            let removal = try await Connections.with(to: credentials.server, environment: environment) {
                try await NodeRegistration.unregister(
                    CastClient(server: credentials.server, key: credentials.key, connections: $0), credentials,
                    home: home)
            }
            switch removal {
            case .deleted: print("Node '\(credentials.name)' is deleted at the server and here.")
            case .notKnown: print("The server did not know the node any more; its credentials here are deleted.")
            case .serverSilent(let reason):
                print("The credentials here are deleted, but the server still lists the node: \(reason)")
                print("Delete it there later: DELETE /api/nodes/\(credentials.nodeID)")
            }
        }
    }
}
