import CastCore
import CastStore
import Foundation

/// Brings one file of the old storage into ours: as a copy, or as a second name of the same file.
struct AudioPlacing: Sendable {
    let storage: StorageFolder
    let links: Bool

    /// Puts the file in place; a crash leaves the whole file or a leftover that the next start removes.
    ///
    /// - Returns: The file's size as it is here.
    /// - Throws: `.storageFull` when the disk is; `.invalid` when it cannot be linked.
    func place(_ file: OldStorage.File, at path: String) throws -> Int64 {
        let final = try self.storage.url(of: path)
        // A file of an import that was cut off before the database heard of it: it was whole before it got its name.
        if !self.links, Self.size(of: final.path) == file.size { return file.size }
        try self.storage.makeFolder(of: path)
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        let temporary = "\(folder)/.\(UUID().uuidString).tmp"
        // Linked, both names may be one file already, and then a rename removes neither.
        defer { try? self.storage.remove(temporary) }
        let place = try self.storage.url(of: temporary).path
        if self.links {
            guard link(file.path, place) == 0 else { throw Self.linkFailure(file.path) }
        } else {
            try Self.copy(file.path, to: place)
        }
        try self.storage.move(temporary, to: path)
        return Self.size(of: final.path) ?? file.size
    }

    private static func size(of path: String) -> Int64? {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
    }

    private static func copy(_ source: String, to target: String) throws {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw Self.failure("\(source) cannot be read") }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard output >= 0 else { throw Self.failure("\(target) cannot be made") }
        defer { close(output) }
        try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
            while true {
                try Task.checkCancellation()
                let count = read(input, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw Self.failure("\(source) cannot be read") }
                if count == 0 { break }
                try Self.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: output, target)
            }
        }
        guard fsync(output) == 0 else { throw Self.failure("\(target) cannot be synced") }
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

    private static func failure(_ what: String) -> CastError {
        let number = errno
        let sentence = "\(what): \(String(cString: strerror(number)))."
        return number == ENOSPC || number == EDQUOT
            ? CastError(
                .storageFull,
                "\(sentence) What was taken so far is kept. Free some space, or use --link, and run the import again.")
            : CastError(.unavailable, sentence)
    }

    private static func linkFailure(_ path: String) -> CastError {
        let number = errno
        return number == EXDEV
            ? CastError(
                .invalid,
                "\(path) cannot be linked: the old storage and the new one are on different file systems. "
                    + "Leave --link out, and the files are copied.")
            : CastError(.invalid, "\(path) cannot be linked: \(String(cString: strerror(number))).")
    }
}
