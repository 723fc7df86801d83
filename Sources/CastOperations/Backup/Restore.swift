import CastCore
import CastServer
import CastStore
package import Foundation

/// Puts a backup in place of a data folder: all of it, or nothing.
///
/// Everything is unpacked and checked beside its place first. What was there is kept under another name.
package struct Restore: Sendable {
    package let dataPath: String
    package let storagePath: String

    package init(dataPath: String, storagePath: String) {
        self.dataPath = URL(fileURLWithPath: dataPath).standardizedFileURL.path
        self.storagePath = URL(fileURLWithPath: storagePath).standardizedFileURL.path
    }

    /// What was done.
    package struct Report: Sendable, Codable, Equatable {
        package var dataPath: String
        package var manifest: BackupManifest
        /// Where what was there before lies now; the storage's place is named only when it is one of its own.
        package var keptData: String?
        package var keptStorage: String?
        /// Files that the database names and that neither the backup holds nor the storage has.
        package var missing: [String]

        enum CodingKeys: String, CodingKey {
            case manifest, missing
            case dataPath = "data_path"
            case keptData = "kept_data"
            case keptStorage = "kept_storage"
        }

        package var sentence: String {
            let counts = self.manifest.counts
            var text =
                "\(self.dataPath) holds the backup of \(self.manifest.madeAt.formatted(.iso8601)): \(counts.feeds) feeds, "
                + "\(counts.episodes) episodes, \(counts.transcripts) transcripts."
            for kept in [self.keptData, self.keptStorage].compactMap(\.self) {
                text += " What was there before is in \(kept); remove it when all is well."
            }
            if !self.missing.isEmpty {
                text += " \(self.missing.count) files that the database names are not there: cast2md doctor lists them."
            }
            return text
        }
    }

    private var hasOwnStorage: Bool { self.storagePath != "\(self.dataPath)/\(BackupManifest.storageName)" }

    /// - Parameter replaces: Whether a data folder that holds something gives way.
    /// - Throws: `.conflict` when a server uses the folder or something is in it, `.invalid` for an archive that is
    ///   damaged, cut off, of a newer version, or none; nothing is changed then.
    package func run(_ file: String, replaces: Bool, at now: Date) async throws -> Report {
        guard FileManager.default.fileExists(atPath: file) else {
            throw CastError(.notFound, "There is no file \(file).")
        }
        let archive = try Archive(path: URL(fileURLWithPath: file).standardizedFileURL.path)
        try Self.makeFolder((self.dataPath as NSString).deletingLastPathComponent)
        let lock = try self.lockOfOld(replaces: replaces)
        defer { withExtendedLifetime(lock) {} }

        let scratch = try ScratchFolder(beside: self.dataPath, purpose: "restore")
        defer { scratch.remove() }
        let members = try await archive.members()
        try await archive.extract(
            [BackupManifest.fileName, BackupManifest.databaseName], to: scratch.path, first: true)
        let manifest = try await self.checked(scratch.path, file)
        let files = members.filter { $0.hasPrefix(BackupManifest.storageName + "/") }
        guard manifest.hasStorage || files.isEmpty else {
            throw CastError(.invalid, "\(file) holds files that its manifest does not know; nothing of it is used.")
        }
        if manifest.hasStorage, self.hasOwnStorage {
            try self.refuseFullStorage(replaces: replaces)
            try Self.makeFolder((self.storagePath as NSString).deletingLastPathComponent)
        }
        let storageScratch =
            manifest.hasStorage && self.hasOwnStorage
            ? try ScratchFolder(beside: self.storagePath, purpose: "restore") : nil
        defer { storageScratch?.remove() }
        if !files.isEmpty {
            try await archive.extract(
                [BackupManifest.storageName], to: storageScratch?.path ?? scratch.path,
                stripping: storageScratch == nil ? 0 : 1)
        }
        try FileManager.default.removeItem(atPath: "\(scratch.path)/\(BackupManifest.fileName)")
        for folder in [scratch.path, storageScratch?.path].compactMap(\.self) { try Self.syncAll(folder) }

        var report = Report(dataPath: self.dataPath, manifest: manifest, missing: [])
        try self.swap(scratch, storageScratch, manifest, at: now, into: &report)
        report.missing = try await self.missing()
        return report
    }

    // MARK: What was there

    /// The lock of the folder that is to give way; nil when there is none.
    private func lockOfOld(replaces: Bool) throws -> DataLock? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: self.dataPath, isDirectory: &isFolder) else { return nil }
        guard isFolder.boolValue else { throw CastError(.conflict, "\(self.dataPath) is a file, not a folder.") }
        let names = try FileManager.default.contentsOfDirectory(atPath: self.dataPath)
        // Before the lock, whose file would be the first that is changed in a folder of somebody else's.
        guard replaces || names.allSatisfy({ ["cast2md.lock", "lost+found"].contains($0) }) else {
            throw CastError(
                .conflict,
                "The data folder \(self.dataPath) is not empty. --replace keeps what is in it under another name.")
        }
        return try DataLock(folder: self.dataPath)
    }

    private func refuseFullStorage(replaces: Bool) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.storagePath)) ?? []
        guard replaces || names.isEmpty else {
            throw CastError(
                .conflict,
                "The storage folder \(self.storagePath) is not empty. --replace keeps what is in it under another name."
            )
        }
    }

    // MARK: What is to come

    private func checked(_ folder: String, _ file: String) async throws -> BackupManifest {
        let manifest = try BackupManifest.read(
            try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(BackupManifest.fileName)")), of: file)
        let copy = "\(folder)/\(BackupManifest.databaseName)"
        guard try Backup.digest(of: copy) == manifest.databaseSHA256 else {
            throw CastError(
                .invalid, "The database in \(file) is not the one that was put into it; use another backup.")
        }
        try await Backup.check(DatabaseFile(path: copy), manifest.counts)
        let unknown = try await DatabaseFile(path: copy).examine().unknownMigrations
        guard unknown.isEmpty else {
            throw CastError(
                .invalid,
                "\(file) was made by a newer version (\(manifest.version.prefix(40))); this is \(castVersion). "
                    + "Upgrade first.")
        }
        return manifest
    }

    private func missing() async throws -> [String] {
        try await DatabaseFile(path: "\(self.dataPath)/\(BackupManifest.databaseName)").namedFiles().map(\.path)
            .filter { !FileManager.default.fileExists(atPath: "\(self.storagePath)/\($0)") }.sorted()
    }

    // MARK: The exchange

    private func swap(
        _ scratch: ScratchFolder, _ storage: ScratchFolder?, _ manifest: BackupManifest, at now: Date,
        into report: inout Report
    ) throws {
        let ending = ".before-\(FileTime.text(now))"
        Self.takeMode(of: self.dataPath, scratch.path)
        if let storage {
            // The lock is a data folder's; a storage has none.
            unlink("\(storage.path)/cast2md.lock")
            Self.takeMode(of: self.storagePath, storage.path)
        }
        if let storage { report.keptStorage = try FolderSwap.put(storage.path, self.storagePath, aside: ending) }
        do {
            report.keptData = try FolderSwap.put(scratch.path, self.dataPath, aside: ending)
        } catch {
            if storage != nil { FolderSwap.undo(self.storagePath, kept: report.keptStorage) }
            throw error
        }
        // A backup of the database alone goes with the files that are there.
        if !manifest.hasStorage, !self.hasOwnStorage, let kept = report.keptData {
            let old = "\(kept)/\(BackupManifest.storageName)"
            if FileManager.default.fileExists(atPath: old), rename(old, self.storagePath) != 0 {
                throw CastError(
                    .unavailable, "The database is restored; move the storage yourself: mv \(old) \(self.storagePath)")
            }
        }
        for path in [self.dataPath, self.storagePath] { Backup.syncFolder(of: path) }
    }

    /// Lets the same people in as before; a folder that is new lets everybody look.
    private static func takeMode(of old: String, _ new: String) {
        let facts = try? FileManager.default.attributesOfItem(atPath: old)
        let mode = (facts?[.posixPermissions] as? NSNumber)?.intValue ?? 0o755
        chmod(new, mode_t(mode))
    }

    private static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CastError(.unavailable, "The folder \(path) cannot be made.", cause: error)
        }
    }

    /// Has everything that was unpacked reach the disk: all at once, as it may be very many files.
    private static func syncAll(_ folder: String) throws {
        sync()
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CastError(.unavailable, "\(folder) cannot be opened.") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw CastError(.storageFull, "\(folder) cannot be written to the disk.")
        }
    }
}
