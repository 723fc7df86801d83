import CastCore
package import CastStore
package import Foundation

/// The files of one batch: all are written under temporary names, then they get their own, and only then may the
/// database name them.
///
/// The disk is waited for once a batch and not several times a file, which on a slow one is most of the time. A kill
/// leaves temporary files that the next start removes, or files that no episode names yet, each of them whole.
package struct FileBatch: ~Copyable {
    private let storage: StorageFolder
    private let links: Bool
    private var waiting: [(temporary: String, final: String)] = []

    /// - Parameter links: Whether files of the old storage get a second name instead of a copy.
    package init(storage: StorageFolder, links: Bool) {
        self.storage = storage
        self.links = links
    }

    deinit {
        // Those that were not installed; linked, one may be its final name's file already, and the name goes as well.
        for file in self.waiting { unlink(file.temporary) }
    }

    /// Adds a file with these bytes.
    ///
    /// - Throws: `.storageFull` when the disk is.
    package mutating func add(_ bytes: Data, as path: String) throws {
        let output = try self.create(path)
        defer { close(output) }
        try bytes.withUnsafeBytes { try Self.write($0, to: output, path) }
    }

    /// Adds one file of the old storage, as a copy or as a second name.
    ///
    /// - Throws: `NotTaken.Reason.fileUnreadable` when that one cannot be read, which is no matter to the others;
    ///   `.storageFull` when the disk is; `.invalid` when it cannot be linked.
    package mutating func add(_ file: OldStorage.File, as path: String) throws {
        // A file of an import that was cut off before the database heard of it: it was whole before it got its name.
        if !self.links, Self.size(of: try self.storage.url(of: path).path) == file.size { return }
        if self.links {
            let temporary = try self.reserve(path)
            guard link(file.path, temporary) == 0 else {
                guard errno != ENOENT else {
                    self.takeBackLast()
                    throw NotTaken.Reason.fileUnreadable
                }
                throw Self.linkFailure(file.path)
            }
            return
        }
        let input = open(file.path, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw NotTaken.Reason.fileUnreadable }
        defer { close(input) }
        let output = try self.create(path)
        defer { close(output) }
        try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
            while true {
                try Task.checkCancellation()
                let count = read(input, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    self.takeBackLast()
                    throw NotTaken.Reason.fileUnreadable
                }
                if count == 0 { break }
                try Self.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: output, path)
            }
        }
    }

    /// Gives all files their names; when it returns they outlive a power cut.
    package func install() throws {
        guard !self.waiting.isEmpty else { return }
        // The disk gets all of it at once and in its own order; then each file is asked for, and mostly there.
        Foundation.sync()
        for file in self.waiting { try Self.sync(file.temporary) }
        for file in self.waiting where rename(file.temporary, file.final) != 0 {
            throw Self.failure("\(file.final) cannot be put in place")
        }
        for folder in Set(self.waiting.map { URL(fileURLWithPath: $0.final).deletingLastPathComponent().path }) {
            try Self.sync(folder)
        }
    }

    /// A temporary name beside the final one, as the storage folder makes them: it removes them at the next start.
    private mutating func reserve(_ path: String) throws -> String {
        try self.storage.makeFolder(of: path)
        let final = try self.storage.url(of: path)
        let temporary = final.deletingLastPathComponent().path + "/.\(UUID().uuidString).tmp"
        self.waiting.append((temporary, final.path))
        return temporary
    }

    private mutating func takeBackLast() {
        if let file = self.waiting.popLast() { unlink(file.temporary) }
    }

    private mutating func create(_ path: String) throws -> Int32 {
        let output = open(try self.reserve(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard output >= 0 else { throw Self.failure("\(path) cannot be made") }
        return output
    }

    /// Waits until what lies at a path, a file or a folder's list of names, is on the disk.
    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("\(path) cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("\(path) cannot be synced") }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to output: Int32, _ target: String) throws {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = Foundation.write(output, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("\(target) cannot be written") }
            written += count
        }
    }

    private static func size(of path: String) -> Int64? {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
    }

    private static func failure(_ what: String) -> CastError {
        let number = errno
        let sentence = "\(what): \(String(cString: strerror(number)))."
        return number == ENOSPC || number == EDQUOT
            ? CastError(
                .storageFull,
                "\(sentence) What was taken before is kept. Free some space, or use --link, and run the import again.")
            : CastError(.unavailable, sentence)
    }

    private static func linkFailure(_ path: String) -> CastError {
        let number = errno
        return number == EXDEV
            ? CastError(
                .invalid,
                "\(path) cannot be linked: the old storage and the new one are on different file systems. "
                    + "Leave --link out, and the files are copied.")
            : CastError(
                .invalid,
                "\(path) cannot be linked: \(String(cString: strerror(number))). Run the import as the user whose files "
                    + "they are, or leave --link out, and the files are copied.")
    }
}
