import ArgumentParser
import CastCore
import CastOperations
import CastServer
import Foundation

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in place of the data folder, all of it or nothing; the server must not run.",
        discussion: """
            The backup is unpacked and checked beside the data folder before anything changes. With --replace what was \
            there is kept under another name, which the command says. Run it as the user that runs the server.
            """)

    @Argument(help: "A file that cast2md backup made.") var file: String
    @Flag(help: "Also when something is in the data folder; it is kept under another name.") var replace = false
    @Option(help: "The server's data folder (default: CAST2MD_DATA, else ./data).") var data: String?
    @Flag(help: "Print JSON instead of sentences.") var json = false

    func run() async throws {
        let environment = try Surroundings.variables()
        let places = try Surroundings.places(data: self.data, environment)
        let report = try await Restore(dataPath: places.dataPath, storagePath: places.storagePath)
            .run(self.file, replaces: self.replace, at: Date())
        try Output.show(report, asJSON: self.json) { $0.sentence }
    }
}
