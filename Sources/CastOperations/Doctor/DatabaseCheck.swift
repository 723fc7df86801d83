import CastCore
import CastServer
import CastStore
import Foundation

/// The database: damage, the version of its schema, and whether it and the storage name the same files.
enum DatabaseCheck {
    /// Younger files may belong to what the server is doing this moment.
    static let youngest: TimeInterval = 3600

    static func findings(_ world: DoctorWorld) async -> [Finding] {
        let database = DatabaseFile(path: world.dataPath + "/cast2md.db")
        let restore = "Restore the newest backup: cast2md restore FILE --replace"
        do {
            let examination = try await database.examine()
            var findings = Self.findings(examination, path: database.path)
            guard examination.damage.isEmpty, examination.counts != nil else { return findings }
            findings += try await Self.files(world, database)
            return findings
        } catch let error as CastError where error.code == .unavailable {
            return [.failed(.database, error, mend: "Run the doctor as the user that runs the server.")]
        } catch {
            return [.failed(.database, error, mend: restore)]
        }
    }

    static func findings(_ examination: DatabaseFile.Examination, path: String) -> [Finding] {
        let restore = "Restore the newest backup: cast2md restore FILE --replace"
        guard let counts = examination.counts else {
            return [.problem(.database, "\(path) is a database, but not one of cast2md.", mend: restore)]
        }
        var findings: [Finding] = []
        if !examination.damage.isEmpty {
            let what = examination.damage.prefix(3).joined(separator: "; ")
            findings.append(.problem(.database, "The database is damaged: \(what).", mend: restore))
        }
        if examination.danglingRows > 0 {
            findings.append(
                .problem(
                    .database, "\(examination.danglingRows) rows of the database belong to rows that are not there.",
                    mend: restore))
        }
        if !examination.unknownMigrations.isEmpty {
            findings.append(
                .problem(
                    .database,
                    "A newer version has changed the database (\(examination.unknownMigrations.joined(separator: ", "))).",
                    mend: "Use that version again, or restore a backup from before it."))
        }
        if !examination.pendingMigrations.isEmpty {
            findings.append(
                .warning(
                    .database, "The database is that of an older version.",
                    mend: "Make a backup, then start the server: it brings the database up to date."))
        }
        guard findings.isEmpty else { return findings }
        return [
            .ok(
                .database,
                "The database is whole: \(counts.feeds) feeds, \(counts.episodes) episodes, "
                    + "\(counts.transcripts) transcripts.")
        ]
    }

    // MARK: Files

    private static func files(_ world: DoctorWorld, _ database: DatabaseFile) async throws -> [Finding] {
        // The disk first: what is named later was there before.
        guard let stored = try? StoredFiles(in: world.storagePath) else { return [] }
        let first = try await database.namedFiles()
        let isThere: (DatabaseFile.NamedFile) -> Bool = {
            FileManager.default.fileExists(atPath: "\(world.storagePath)/\($0.path)")
        }
        var missing = first.filter { !isThere($0) }
        if !missing.isEmpty {
            // The server forgets a file before it removes it: what it forgot meanwhile is not missed.
            let still = Set(try await database.namedFiles())
            missing = missing.filter { still.contains($0) && !isThere($0) }
        }
        let named =
            first.map(\.path)
            + first.filter(\.isTranscript).flatMap {
                [TranscriptIntake.nativePath(of: $0.path), TranscriptIntake.otherPath(of: $0.path)]
            }
        return Self.findings(missing: missing, named: Set(named), stored: stored, at: world.now())
    }

    static func findings(
        missing: [DatabaseFile.NamedFile], named: Set<String>, stored: StoredFiles, at now: Date
    ) -> [Finding] {
        var findings: [Finding] = []
        let transcripts = missing.filter(\.isTranscript)
        if !transcripts.isEmpty {
            findings.append(
                .problem(
                    .files, "\(transcripts.count) transcripts are not on disk: \(Self.list(transcripts.map(\.path))).",
                    mend: "Take them from a backup, or have them made again: cast2md episode queue "
                        + Self.numbers(transcripts)))
        }
        let audio = missing.filter { !$0.isTranscript }
        if !audio.isEmpty {
            findings.append(
                .problem(
                    .files, "\(audio.count) audio files are not on disk: \(Self.list(audio.map(\.path))).",
                    mend: "Take them from a backup, or hand them in or add their episodes again."))
        }
        let nobodys = stored.files.filter {
            !named.contains($0.path) && now.timeIntervalSince($0.modifiedAt) > Self.youngest
        }
        if !nobodys.isEmpty {
            let size = FileSize.text(nobodys.reduce(0) { $0 + $1.size })
            findings.append(
                .warning(
                    .files,
                    "\(nobodys.count) files (\(size)) belong to no episode any more: "
                        + "\(Self.list(nobodys.map(\.path))).",
                    mend: "They are those of removed feeds; delete what you do not want to keep."))
        }
        guard findings.isEmpty else { return findings }
        return [.ok(.files, "All files that the database names are there.")]
    }

    private static func list(_ paths: [String]) -> String {
        let shown = paths.prefix(5).joined(separator: ", ")
        return paths.count > 5 ? "\(shown) and \(paths.count - 5) more" : shown
    }

    private static func numbers(_ files: [DatabaseFile.NamedFile]) -> String {
        files.prefix(5).map { "\($0.episode)" }.joined(separator: " ") + (files.count > 5 ? " …" : "")
    }
}
