import CastCore
import Foundation

/// A backup's file, made and read by GNU tar.
struct Archive: Sendable {
    let path: String
    private let form: ArchiveForm
    /// The last member: an archive without it was cut off.
    static let endName = "complete"

    /// - Throws: `.invalid` for a name whose ending says nothing.
    init(path: String, named name: String? = nil) throws {
        self.path = path
        self.form = try ArchiveForm(path: name ?? path)
    }

    /// Packs the files of the scratch folder and those of the storage, and syncs the result.
    ///
    /// A file of the storage that goes away meanwhile is left out: whoever removed it meant to.
    ///
    /// - Parameter storage: The storage folder and the files below it that are to come along.
    func make(from scratch: String, storage: (root: String, files: [String])?) async throws {
        try Data().write(to: URL(fileURLWithPath: "\(scratch)/\(Self.endName)"))
        var arguments =
            ["--create", "--file=\(self.path)"] + self.form.option + [
                "--null", "--no-recursion", "--ignore-failed-read", "--numeric-owner", "--warning=no-file-changed",
                "--transform=flags=r;s,^\\./,\(BackupManifest.storageName)/,", "-C", scratch,
                BackupManifest.fileName, BackupManifest.databaseName,
            ]
        if let storage {
            let list = "\(scratch)/files"
            try Data(storage.files.map { "./\($0)\0" }.joined().utf8).write(to: URL(fileURLWithPath: list))
            arguments += ["-C", storage.root, "--verbatim-files-from", "--files-from=\(list)"]
        }
        arguments += ["-C", scratch, Self.endName]
        let outcome = try await self.tar(arguments)
        // 1 says that a file changed or went while it was read.
        guard let status = outcome.status, status <= 1 else {
            throw self.failure(outcome, "The backup cannot be written", code: .unavailable)
        }
        // The keys of nodes are in it, if only as digests, and what people listen to.
        chmod(self.path, 0o600)
        try Self.sync(self.path)
    }

    /// The names of all members, in order.
    ///
    /// - Throws: `.invalid` when the archive is damaged, cut off, or holds what no backup holds.
    func members() async throws -> [String] {
        let names = try await self.list([])
        let rows = try await self.list(["--verbose", "--numeric-owner"])
        guard names.count == rows.count, rows.allSatisfy({ $0.hasPrefix("-") }),
            names.allSatisfy(Self.isMember)
        else {
            throw CastError(.invalid, "\(self.path) holds other things than files of a backup; nothing of it is used.")
        }
        guard names.first == BackupManifest.fileName, names.contains(BackupManifest.databaseName),
            names.last == Self.endName
        else {
            throw CastError(.invalid, "\(self.path) is no backup of cast2md, or it was cut off.")
        }
        return names
    }

    /// Unpacks members into a folder.
    ///
    /// - Parameter first: Stop reading once each was found.
    func extract(_ names: [String], to folder: String, stripping: Int = 0, first: Bool = false) async throws {
        var arguments =
            ["--extract", "--file=\(self.path)"] + self.form.option + [
                "--no-same-owner", "--no-same-permissions", "--keep-old-files", "--strip-components=\(stripping)",
            ]
        if first { arguments.append("--occurrence=1") }
        let outcome = try await self.tar(arguments + ["-C", folder] + names)
        guard outcome.status == 0 else {
            throw self.failure(outcome, "\(self.path) cannot be unpacked", code: .invalid)
        }
    }

    private func failure(_ outcome: ChildRun.Outcome, _ what: String, code: CastError.Code) -> CastError {
        if outcome.saysDiskIsFull {
            return CastError(.storageFull, "\(what): there is not enough space. Free some, or choose another disk.")
        }
        return CastError(code, "\(what): \(outcome.complaint)")
    }

    private func list(_ options: [String]) async throws -> [String] {
        let outcome = try await self.tar(
            ["--list", "--file=\(self.path)", "--quoting-style=literal"] + self.form.option + options)
        guard outcome.status == 0 else {
            throw CastError(.invalid, "\(self.path) is damaged or no backup: \(outcome.complaint)")
        }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    private func tar(_ arguments: [String]) async throws -> ChildRun.Outcome {
        // Its options from the environment would be somebody else's; its words are looked at.
        try await ChildRun.run("tar", arguments, environment: ["TAR_OPTIONS": "", "LC_ALL": "C.UTF-8"])
    }

    /// Whether a name is one that `make` gives: it leads nowhere else when it is unpacked.
    private static func isMember(_ name: String) -> Bool {
        if [BackupManifest.fileName, BackupManifest.databaseName, Self.endName].contains(name) { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == BackupManifest.storageName
            && ["audio", "transcripts"].contains(parts[2])
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw CastError(.unavailable, "\(path) cannot be opened.") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw CastError(.storageFull, "\(path) cannot be written to the disk.") }
    }
}
