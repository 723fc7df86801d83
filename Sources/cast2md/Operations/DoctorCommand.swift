import ArgumentParser
import CastClient
import CastCore
import CastNode
import CastOperations
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at everything that a server or a node needs, and say how to mend what is wrong.",
        discussion: """
            It changes nothing and may run beside the server. Exit status: 0 when nothing is a problem (warnings are \
            none), 1 otherwise.
            """)

    @Option(help: "The server's data folder (default: CAST2MD_DATA, else ./data).") var data: String?
    @Option(help: "The server's address (default: CAST2MD_SERVER, else the node's, else http://127.0.0.1:8000).")
    var server: String?
    @Flag(help: "Print JSON instead of a list.") var json = false

    func run() async throws {
        let environment = try Surroundings.environment()
        // A variable that cannot be used is itself a finding.
        let variables = Variables(environment.values)
        let dataPath = self.data ?? variables.text("CAST2MD_DATA") ?? "data"
        let credentials = try? NodeCredentials.load(from: HomeFolder(environment: environment.values))
        let named = self.server ?? variables.text("CAST2MD_SERVER")
        let address = try CastClient.address(
            named ?? credentials?.server.absoluteString ?? "http://127.0.0.1:8000")
        let findings = await Doctor(
            DoctorWorld(
                environment: environment, dataPath: dataPath,
                storagePath: variables.text("STORAGE_PATH") ?? dataPath + "/storage", server: address,
                isServerNamed: named != nil)
        ).examine()
        try Output.show(findings, asJSON: self.json, text: Self.text)
        if findings.hasProblem { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private static func text(_ findings: [Finding]) -> String {
        var lines = findings.map { finding in
            let sign =
                switch finding.level {
                case .ok: "ok      "
                case .warning: "warning "
                case .problem: "PROBLEM "
                }
            let mend = finding.mend.map { "\n          → \(TerminalText.plain($0))" } ?? ""
            return "\(sign)\(TerminalText.plain(finding.sentence))\(mend)"
        }
        let problems = findings.count { $0.level == .problem }
        let warnings = findings.count { $0.level == .warning }
        lines.append("\(problems) problems, \(warnings) warnings.")
        return lines.joined(separator: "\n")
    }
}
