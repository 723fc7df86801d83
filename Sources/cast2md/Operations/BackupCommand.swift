import ArgumentParser
import CastCore
import CastOperations
import CastServer
import Foundation

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back the server up while it runs: its database and, with --storage, transcripts and audio.",
        discussion: """
            The file's ending says how it is packed: .tar.gz, .tar.zst or .tar. In a folder it gets a name with the \
            time. The file has its name only when it is whole, on disk, and has been read back. The search index is not \
            in it; the server makes it again.
            """)

    @Argument(help: "The file to make, or a folder that is there.") var file: String
    @Flag(help: "Transcripts and audio as well.") var storage = false
    @Option(help: "In a folder: remove all but so many of the backups that were made there by this command.")
    var keep: Int?
    @Option(help: "The server's data folder (default: CAST2MD_DATA, else ./data).") var data: String?
    @Flag(help: "Print JSON instead of a sentence.") var json = false

    func validate() throws {
        guard let keep else { return }
        if keep < 1 { throw ValidationError("--keep must be 1 or more.") }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: self.file, isDirectory: &isFolder), isFolder.boolValue else {
            throw ValidationError("--keep goes with a folder that is there.")
        }
    }

    func run() async throws {
        let environment = try Surroundings.variables()
        let places = try Surroundings.places(data: self.data, environment)
        let report = try await Backup(dataPath: places.dataPath, storagePath: places.storagePath)
            .make(self.file, includesStorage: self.storage, keep: self.keep, at: Date())
        try Output.show(report, asJSON: self.json) { $0.sentence }
    }
}
