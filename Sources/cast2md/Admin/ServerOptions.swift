import ArgumentParser
import CastAPI
import CastClient
import CastCore
import Foundation

/// The flags of every command that talks to a server.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's address (default: CAST2MD_SERVER, else http://127.0.0.1:8000).")
    var server: String?

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    /// Runs a body with a connection to the server.
    func withServer<Result: Sendable>(_ body: @Sendable (ServerAdmin) async throws -> Result) async throws -> Result {
        let environment = ProcessInfo.processInfo.environment
        let address = try CastClient.address(
            self.server ?? Variables(environment).text("CAST2MD_SERVER") ?? "http://127.0.0.1:8000")
        do {
            return try await Connections.with(to: address, environment: environment) { connections in
                try await body(ServerAdmin(CastClient(server: address, connections: connections)))
            }
        } catch let error as CastError where error.code == .unavailable && error.answeredStatus == nil {
            throw CastError(
                error.code,
                "\(error.message) Is it running (cast2md serve)? Another one is named by --server or CAST2MD_SERVER.",
                cause: error)
        }
    }

    func show<Value: Encodable>(_ value: Value, text: (Value) -> String) throws {
        try Output.show(value, asJSON: self.json, text: text)
    }
}

/// How values look in a table.
enum Shown {
    static func date(_ date: WireDate?) -> String {
        guard let date = date?.date else { return "–" }
        return date.formatted(Date.ISO8601FormatStyle(timeZone: .current).year().month().day())
    }

    static func time(_ date: WireDate?) -> String {
        guard let date = date?.date else { return "–" }
        let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .current)
        return date.formatted(
            style.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
    }

    static func duration(_ seconds: Int?) -> String {
        guard let seconds else { return "–" }
        let minutes = String(seconds / 60 % 60)
        let rest = String(seconds % 60)
        let padded = rest.count == 1 ? "0\(rest)" : rest
        if seconds < 3600 { return "\(minutes):\(padded)" }
        return "\(seconds / 3600):\(minutes.count == 1 ? "0\(minutes)" : minutes):\(padded)"
    }
}
