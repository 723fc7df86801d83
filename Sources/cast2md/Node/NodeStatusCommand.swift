import ArgumentParser
import CastAPI
import CastClient
import CastCore
import CastNode
import Foundation

extension NodeCommand {
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show this machine's node: what it does, and how the server sees it.")

        @Flag(help: "Print JSON instead of a table.")
        var json = false

        /// What both sides say.
        struct Report: Encodable {
            var name: String
            var server: String
            var nodeID: String
            /// What the node here says; nil when none runs.
            var node: NodeStatus?
            /// `online`, `busy` or `offline`; nil when the server does not answer or does not know it.
            var serverStatus: String?
            var serverError: String?

            enum CodingKeys: String, CodingKey {
                case name, server, node
                case nodeID = "node_id"
                case serverStatus = "server_status"
                case serverError = "server_error"
            }
        }

        func run() async throws {
            let environment = try Surroundings.variables()
            let home = HomeFolder(environment: environment)
            let credentials = try NodeCommand.credentials(in: home)
            var report = Report(
                name: credentials.name, server: credentials.server.absoluteString, nodeID: "\(credentials.nodeID)")
            report.node = await Self.local(home, name: credentials.name)
            do {
                let nodes = try await Connections.with(to: credentials.server, environment: environment) {
                    try await CastClient(server: credentials.server, connections: $0)
                        .get("/api/nodes", as: NodeListResponse.self, timeout: .seconds(10))
                }
                report.serverStatus = nodes.nodes.first { $0.id == credentials.nodeID }?.status
                if report.serverStatus == nil {
                    report.serverError = "The server does not know this node. Register it again."
                }
            } catch let error as CastError {
                report.serverError = error.message
            }
            try Output.show(report, asJSON: self.json, text: Self.text)
        }

        /// What the node on this machine says, if one runs.
        private static func local(_ home: HomeFolder, name: String) async -> NodeStatus? {
            guard let text = NodeAddress.load(from: home), let url = try? CastClient.address(text) else { return nil }
            // Straight to this machine, whatever proxy there is.
            let status = try? await Connections.with(to: url, environment: [:]) {
                try await CastClient(server: url, connections: $0)
                    .get("/status", as: NodeStatus.self, timeout: .seconds(3))
            }
            return status
        }

        private static func text(_ report: Report) -> String {
            var table = Output.table(["Node", report.name])
            table.add(["Server", report.server])
            table.add(["Seen by the server", report.serverStatus ?? report.serverError ?? ""])
            guard let node = report.node else {
                table.add(["Here", "not running; start it with: cast2md node start"])
                return table.text
            }
            table.add(["Here", node.running ? "running" : "leaving"])
            table.add(["Model", node.model])
            if let job = node.currentJob {
                table.add(["In recognition", "\(job.episodeTitle ?? "job \(job.jobID)"), \(job.progressPercent) %"])
            }
            table.add(["Fetching, waiting", "\(node.fetching), \(node.prefetched)"])
            table.add(["To be handed in", "\(node.spool)"])
            table.add(["Done, failed", "\(node.jobsDone), \(node.jobsFailed)"])
            return table.text
        }
    }
}
