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
    func withServer<Result: Sendable>(_ body: (ServerAdmin) async throws -> Result) async throws -> Result {
        let named = Variables(ProcessInfo.processInfo.environment).text("CAST2MD_SERVER")
        let address = self.server ?? named ?? "http://127.0.0.1:8000"
        var isAddress = false
        do {
            return try await CastClient.withClient(address) {
                isAddress = true
                return try await body(ServerAdmin($0))
            }
        } catch let error as CastError where !isAddress || Self.isAboutTheConnection(error) {
            throw CastError(
                error.code, "\(error.message) Another server is named by --server or the variable CAST2MD_SERVER.",
                cause: error)
        }
    }

    /// Whether there was no answer at all; the server's own refusals have no cause.
    private static func isAboutTheConnection(_ error: CastError) -> Bool {
        error.code == .unavailable && error.cause != nil
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
