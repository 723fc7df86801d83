import CastCore
import CastStore
import Crypto
package import Foundation

/// Makes a backup while the server runs: the database as it is at one moment and, if wanted, the storage.
///
/// The file gets its name when it is whole, on disk, and has been read back; until then everything is in a hidden folder
/// beside it.
package struct Backup: Sendable {
    package let dataPath: String
    package let storagePath: String

    package init(dataPath: String, storagePath: String) {
        self.dataPath = URL(fileURLWithPath: dataPath).standardizedFileURL.path
        self.storagePath = URL(fileURLWithPath: storagePath).standardizedFileURL.path
    }

    /// What was made.
    package struct Report: Sendable, Codable, Equatable {
        package var file: String
        package var bytes: Int64
        package var manifest: BackupManifest
        /// Files that the database names and that are not on disk: they are not in the backup either.
        package var missing: [String]
        /// Older backups that were removed to make room.
        package var removed: [String]

        enum CodingKeys: String, CodingKey {
            case file, bytes, manifest, missing, removed
        }

        package var sentence: String {
            let counts = self.manifest.counts
            var text =
                "\(self.file): \(counts.feeds) feeds, \(counts.episodes) episodes, \(counts.transcripts) transcripts"
                + (self.manifest.hasStorage ? ", \(self.manifest.files) files" : ", without transcripts and audio")
                + "; \(FileSize.text(self.bytes)), checked."
            if !self.missing.isEmpty {
                text += " \(self.missing.count) files that the database names are not on disk: cast2md doctor."
            }
            return text
        }
    }

    /// - Parameters:
    ///   - target: The file, whose ending says how it is packed; or a folder that is there, in which it gets a name with
    ///     the time.
    ///   - includesStorage: Whether transcripts and audio come along.
    ///   - keep: In a folder: remove all but so many of the backups that this command made there.
    /// - Throws: `.notFound` without a database, `.conflict` when the file is there already, `.storageFull`.
    package func make(_ target: String, includesStorage: Bool, keep: Int? = nil, at now: Date) async throws -> Report {
        let file = Self.file(target, at: now)
        let final = URL(fileURLWithPath: file.path).standardizedFileURL.path
        guard !FileManager.default.fileExists(atPath: final) else {
            throw CastError(.conflict, "\(final) is there already. Name another file; nothing is overwritten.")
        }
        let scratch = try ScratchFolder(beside: final, purpose: "backup")
        defer { scratch.remove() }
        let archive = try Archive(path: "\(scratch.path)/archive", named: final)

        // The database first: what it names was in the storage before it was named.
        let copy = "\(scratch.path)/\(BackupManifest.databaseName)"
        let counts = try await DatabaseFile(path: "\(self.dataPath)/\(BackupManifest.databaseName)").copy(to: copy)
        try await Self.check(DatabaseFile(path: copy), counts)
        let stored = includesStorage ? try StoredFiles(in: self.storagePath) : nil
        let manifest = BackupManifest(
            form: BackupManifest.currentForm, madeAt: Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded()),
            version: castVersion, counts: counts,
            databaseSHA256: try Self.digest(of: copy), hasStorage: includesStorage, files: stored?.files.count ?? 0,
            bytes: stored?.bytes ?? 0)
        try manifest.encoded.write(to: URL(fileURLWithPath: "\(scratch.path)/\(BackupManifest.fileName)"))
        let named = try await DatabaseFile(path: copy).namedFiles()
        try await archive.make(
            from: scratch.path, storage: stored.map { (self.storagePath, $0.files.map(\.path)) })
        let missing = try await self.verify(archive, manifest, stored, named, in: scratch.path)

        // Not with `rename`: it would take the place of a file that came meanwhile.
        guard link(archive.path, final) == 0 else {
            throw CastError(
                errno == EEXIST ? .conflict : .unavailable,
                "\(final) cannot be put in place: \(String(cString: strerror(errno))).")
        }
        Self.syncFolder(of: final)
        let size = (try? FileManager.default.attributesOfItem(atPath: final)[.size] as? NSNumber)?.int64Value ?? 0
        let removed = try keep.map { try Self.removeOld(in: target, keep: $0, suffix: file.suffix) } ?? []
        return Report(file: final, bytes: size, manifest: manifest, missing: missing, removed: removed)
    }

    // MARK: Names

    private static let prefix = "cast2md-"

    /// The file itself, or one in a folder, named by the time.
    private static func file(_ target: String, at now: Date) -> (path: String, suffix: String) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: target, isDirectory: &isFolder), isFolder.boolValue else {
            return (target, "")
        }
        let suffix = ArchiveForm.gzip.rawValue
        return ("\(target)/\(Self.prefix)\(FileTime.text(now))\(suffix)", suffix)
    }

    /// Removes the oldest of those backups in a folder that got their names from this command.
    private static func removeOld(in folder: String, keep: Int, suffix: String) throws -> [String] {
        guard !suffix.isEmpty else {
            throw CastError(.invalid, "Only in a folder are older backups removed; \(folder) is a file.")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.wholeMatch(of: /cast2md-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.tar\.gz/) != nil
        }.sorted()
        let old = names.dropLast(max(1, keep)).map { "\(folder)/\($0)" }
        for path in old { try FileManager.default.removeItem(atPath: path) }
        return old
    }

    // MARK: Verification

    /// Reads the archive back: its list, its database, and that nothing of the storage was left out.
    ///
    /// - Returns: Files that the database names and that were not on disk.
    private func verify(
        _ archive: Archive, _ manifest: BackupManifest, _ stored: StoredFiles?, _ named: [DatabaseFile.NamedFile],
        in scratch: String
    ) async throws -> [String] {
        let members = Set(try await archive.members())
        for file in stored?.files ?? [] where !members.contains("\(BackupManifest.storageName)/\(file.path)") {
            guard !FileManager.default.fileExists(atPath: "\(self.storagePath)/\(file.path)") else {
                throw CastError(.unavailable, "\(file.path) could not be read; there is no backup.")
            }
        }
        let folder = "\(scratch)/check"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try await archive.extract([BackupManifest.databaseName], to: folder, first: true)
        guard try Self.digest(of: "\(folder)/\(BackupManifest.databaseName)") == manifest.databaseSHA256 else {
            throw CastError(.unavailable, "What was written is not what is read back; look at the disk. No backup.")
        }
        guard stored != nil else { return [] }
        return named.map(\.path).filter { !members.contains("\(BackupManifest.storageName)/\($0)") }.sorted()
    }

    /// - Throws: `.invalid` when a copy is damaged or holds other rows than it should.
    static func check(_ copy: DatabaseFile, _ counts: DatabaseFile.Counts) async throws {
        let found = try await copy.examine()
        guard found.damage.isEmpty else {
            throw CastError(
                .invalid,
                "The database is damaged: \(found.damage.prefix(3).joined(separator: "; ")). "
                    + "See what cast2md doctor says, and restore an older backup.")
        }
        guard found.counts == counts else {
            throw CastError(.invalid, "The copy of the database holds other rows than it should.")
        }
    }

    static func digest(of path: String) throws -> String {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw CastError(.notFound, "There is no file \(path).")
        }
        defer { try? file.close() }
        var hash = SHA256()
        while let chunk = try file.read(upToCount: 4 << 20), !chunk.isEmpty { hash.update(data: chunk) }
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func syncFolder(of path: String) {
        let descriptor = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// A time as part of a file's name, in UTC.
enum FileTime {
    static func text(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(timeZone: .gmt)).replacing(":", with: "-")
    }
}

/// A size as a person reads it.
enum FileSize {
    static func text(_ bytes: Int64) -> String {
        let units = ["bytes", "KB", "MB", "GB", "TB"]
        var size = Double(bytes)
        var unit = 0
        while size >= 1000, unit < units.count - 1 {
            size /= 1000
            unit += 1
        }
        return unit == 0 ? "\(bytes) bytes" : "\((size * 10).rounded() / 10) \(units[unit])"
    }
}
