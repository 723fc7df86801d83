package import CastCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The folder that holds audio and transcripts: `<feed>/audio|transcripts/YYYY-MM-DD_<title>.<ext>`.
///
/// Every file is written under a temporary name, synced, and renamed: a reader, or a crash, sees the old file or the new
/// one, never half of one. Paths in the database are relative to this folder, so that it can be moved.
package struct StorageFolder: Sendable {
    package let root: URL

    /// Makes the folder if it is not there.
    ///
    /// - Throws: `.unavailable` that names the folder when it cannot be made or written to.
    package init(path: String) throws {
        self.root = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
        do {
            try FileManager.default.createDirectory(at: self.root, withIntermediateDirectories: true)
        } catch {
            throw CastError(.unavailable, "The storage folder \(path) cannot be made.", cause: error)
        }
    }

    /// Whether the folder can be written to; for the health check.
    package var isWritable: Bool { access(self.root.path, W_OK) == 0 }

    package func audioPath(feed: Feed, episode: Episode, fileExtension: String) -> String {
        "\(feed.folder)/audio/\(episode.stem).\(StorageName.safe(fileExtension))"
    }

    package func transcriptPath(feed: Feed, episode: Episode) -> String {
        "\(feed.folder)/transcripts/\(episode.stem).md"
    }

    /// The place of a stored path, which never leaves the folder.
    ///
    /// - Throws: `.internalFault` for a path that would.
    package func url(of path: String) throws -> URL {
        let url = self.root.appendingPathComponent(path).standardizedFileURL
        guard url.path.hasPrefix(self.root.path + "/") else {
            throw CastError(.internalFault, "The stored path \(path) leads out of the storage folder.")
        }
        return url
    }

    package func makeFolder(of path: String) throws {
        let folder = try self.url(of: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw Self.failure("The folder \(folder.path) cannot be made")
        }
    }

    package func read(_ path: String) throws -> Data {
        do {
            return try Data(contentsOf: try self.url(of: path))
        } catch let error as CastError {
            throw error
        } catch {
            throw CastError(.notFound, "The file \(path) is not in the storage any more.", cause: error)
        }
    }

    package func exists(_ path: String) -> Bool {
        guard let url = try? self.url(of: path) else { return false }
        return FileManager.default.fileExists(atPath: url.path)
    }

    /// A finished file that waits under a temporary name for its commit.
    package struct Staged: Sendable {
        fileprivate let temporary: URL
        fileprivate let final: URL

        /// Puts the file in place; atomic.
        ///
        /// - Parameter isSynced: False leaves it to `StorageFolder.sync()` that a power cut finds it there.
        package func install(isSynced: Bool = true) throws {
            guard rename(self.temporary.path, self.final.path) == 0 else {
                throw StorageFolder.failure("\(self.final.lastPathComponent) cannot be put in place")
            }
            if isSynced { StorageFolder.syncFolder(self.final.deletingLastPathComponent()) }
        }

        /// Forgets the file when it was not wanted; harmless after `install`.
        package func discard() { unlink(self.temporary.path) }
    }

    /// Brings everything that was written to the storage's file system to the disk, in one go.
    ///
    /// For many files that become true together: one wait for the disk instead of two for each of them.
    package func sync() throws {
        let descriptor = open(self.root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("The storage folder cannot be opened") }
        defer { close(descriptor) }
        guard FileSystemSync.run(descriptor) == 0 else { throw Self.failure("The storage cannot be synced") }
    }

    /// Writes bytes beside their final place.
    ///
    /// - Parameter isSynced: False leaves it to `sync()` that a power cut finds them whole.
    /// - Throws: `.storageFull` when the disk is; nothing is left then.
    package func stage(_ bytes: Data, for path: String, isSynced: Bool = true) throws -> Staged {
        try self.makeFolder(of: path)
        let final = try self.url(of: path)
        let temporary = final.deletingLastPathComponent()
            .appendingPathComponent(".\(UUID().uuidString).tmp", isDirectory: false)
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("\(path) cannot be written") }
        defer { close(descriptor) }
        do {
            try bytes.withUnsafeBytes { buffer in
                var written = 0
                while written < buffer.count {
                    let count = write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw Self.failure("\(path) cannot be written") }
                    written += count
                }
            }
            guard !isSynced || fsync(descriptor) == 0 else { throw Self.failure("\(path) cannot be synced") }
        } catch {
            unlink(temporary.path)
            throw error
        }
        return Staged(temporary: temporary, final: final)
    }

    /// A second name for what lies at a path now, so that it can be put back; nil when nothing does.
    ///
    /// - Parameter place: Where `install` puts it; back to where it was unless said otherwise.
    package func keepAside(_ path: String, for place: String? = nil) throws -> Staged? {
        let source = try self.url(of: path)
        let final = try self.url(of: place ?? path)
        let temporary = source.deletingLastPathComponent()
            .appendingPathComponent(".\(UUID().uuidString).tmp", isDirectory: false)
        if link(source.path, temporary.path) == 0 { return Staged(temporary: temporary, final: final) }
        guard errno == ENOENT else { throw Self.failure("\(path) cannot be kept aside") }
        return nil
    }

    /// Puts a finished, synced file under its final name; atomic.
    package func move(_ temporary: String, to path: String) throws {
        try self.makeFolder(of: path)
        try Staged(temporary: try self.url(of: temporary), final: try self.url(of: path)).install()
    }

    /// Removes a file; one that is not there is no error.
    package func remove(_ path: String) throws {
        let url = try self.url(of: path)
        if unlink(url.path) != 0, errno != ENOENT { throw Self.failure("\(path) cannot be removed") }
    }

    /// Removes what a crash left under temporary names; called at start, before anybody writes.
    package func removeLeftovers() {
        guard let files = FileManager.default.enumerator(at: self.root, includingPropertiesForKeys: nil) else { return }
        for case let url as URL in files where Self.isLeftover(url) { unlink(url.path) }
    }

    /// Whether a file is one that we began and did not finish; the folder may hold other people's files as well.
    private static func isLeftover(_ url: URL) -> Bool {
        let name = url.lastPathComponent
        let folder = url.deletingLastPathComponent().lastPathComponent
        return ["audio", "transcripts"].contains(folder) && name.hasPrefix(".") && name.hasSuffix(".tmp")
            && UUID(uuidString: String(name.dropFirst().dropLast(4))) != nil
    }

    fileprivate static func syncFolder(_ folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    fileprivate static func failure(_ what: String) -> CastError {
        let number = errno
        let reason = String(cString: strerror(number))
        return number == ENOSPC || number == EDQUOT
            ? CastError(.storageFull, "\(what): \(reason). Free some space; the work goes on by itself.")
            : CastError(.unavailable, "\(what): \(reason).")
    }
}
