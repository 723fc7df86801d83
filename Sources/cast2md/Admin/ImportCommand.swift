import ArgumentParser
import CastCore
import CastServer
import CastStore
import Foundation
import LibraryImport
import Logging
import Podcasts

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over the library of the existing Python server (cast2md 2026.8.0).",
        discussion: """
            Feeds, episodes, audio, transcripts, settings, nodes with their keys, and open jobs come from its PostgreSQL \
            database, which is read with the program psql, and from its storage folder. Stop both servers first. The \
            existing server's database and files are only read. The import can be repeated: what is here already stays \
            as it is, and what is new or was cut off is added.

            The database's address is in DATABASE_URL, as for the existing server; its password may be in PGPASSWORD or \
            ~/.pgpass instead.
            """
    )

    @Option(help: "The database's address, without the password (default: DATABASE_URL).")
    var database: String?

    @Option(
        name: .customLong("old-storage"),
        help: "The existing server's storage folder, as it lies on this machine; it holds audio and transcripts.")
    var oldStorage: String

    @Option(help: "The folder of this server's database (default: CAST2MD_DATA, else ./data).")
    var data: String?

    @Option(
        name: .customLong("time-zone"),
        help: "The time zone of the existing server's machine, for example Europe/Berlin (default: this machine's).")
    var timeZone: String?

    @Flag(name: .customLong("dry-run"), help: "Say what would come and what could not; write nothing.")
    var dryRun = false

    @Flag(help: "Give audio files a second name instead of copying them; both storages must be on one file system.")
    var link = false

    @Flag(help: "Name all that is not taken, not only the first of each reason.")
    var all = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let timeZone, TimeZone(identifier: timeZone) == nil {
            throw ValidationError("--time-zone “\(timeZone)” is not known; write it like Europe/Berlin or UTC.")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let connection = try self.connection(environment)
        let configuration = try ServerConfiguration(
            dataPath: self.data ?? environment["CAST2MD_DATA"] ?? "data", environment: environment)
        let oldStorage = try OldStorage(path: self.oldStorage)
        guard !oldStorage.isSame(as: configuration.storagePath) else {
            throw CastError(
                .invalid,
                "This server's storage is the old one, \(configuration.storagePath), whose files are not to be touched. "
                    + "STORAGE_PATH may still be the existing server's: unset it, or name another folder; on the same "
                    + "file system, --link takes no room.")
        }
        let library = try await OldLibrary.open(try Psql(connection: connection, environment: environment))

        let lock = try self.lock(configuration.dataPath)
        defer { withExtendedLifetime(lock) {} }
        let place =
            self.dryRun
            ? try ImportPlace.rehearsal(data: configuration.dataPath, storage: configuration.storagePath)
            : try ImportPlace.open(data: configuration.dataPath, storage: configuration.storagePath)
        defer { place.close() }
        let zone = self.timeZone.flatMap(TimeZone.init(identifier:)) ?? .current
        let importer = LibraryImporter(
            library: library, oldStorage: oldStorage, database: place.database, storage: place.storage,
            mapping: Mapping(
                clock: OldClock(zone: zone), plainText: PlainText.paragraphs, plainLine: PlainText.line),
            mode: self.dryRun ? .dryRun : self.link ? .link : .copy, logger: Logger(label: "cast2md.import"),
            setSetting: try Self.settings(of: configuration, place.database))
        let report = try await importer.run()
        try Output.show(report, asJSON: self.json) { $0.text(longest: self.all ? nil : 10) }
    }

    /// Makes settings as the server itself does: under the names and within the bounds that it knows.
    private static func settings(
        of configuration: ServerConfiguration, _ database: Database
    ) throws -> @Sendable (String, String) async throws -> NotTaken.Reason? {
        let keeper = try SettingsKeeper(start: configuration, database: database)
        return { name, value in
            do {
                try await keeper.set([name: value], at: Date())
                return nil
            } catch let error as CastError where error.code == .notFound {
                return .unknownSetting
            } catch let error as CastError where error.code == .invalid {
                return .invalidValue
            }
        }
    }

    /// The address from the flag or the variable; on the command line every user of the machine would see a password.
    private func connection(_ environment: [String: String]) throws -> ConnectionURL {
        if let database {
            let connection = try ConnectionURL(database)
            guard !connection.hasPassword else {
                throw CastError(
                    .invalid,
                    "--database holds a password, which every user of this machine can see while the command runs. "
                        + "Put the whole address into the variable DATABASE_URL, or the password into PGPASSWORD.")
            }
            return connection
        }
        guard let text = environment["DATABASE_URL"], !text.isEmpty else {
            throw CastError(
                .invalid,
                "Where the existing server's database is, is not known. Set DATABASE_URL to the value that the existing "
                    + "server has, for example postgresql://cast2md:password@localhost:5432/cast2md, or use --database."
            )
        }
        return try ConnectionURL(text)
    }

    /// Keeps servers away; a dry run makes no lock where there is none, since no server ever ran there then.
    private func lock(_ folder: String) throws -> DataLock? {
        if self.dryRun {
            guard FileManager.default.fileExists(atPath: folder + "/cast2md.lock") else { return nil }
            return try DataLock(folder: folder)
        }
        try ImportPlace.makeFolder(folder)
        return try DataLock(folder: folder)
    }
}
