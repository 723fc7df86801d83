import CastCore
import Foundation

/// Files that are either there and whole, or not there.
enum DurableFile {
    /// Writes a file under a temporary name, waits for the disk, and renames it.
    ///
    /// - Parameter mode: The file's permissions from its first moment, for example 0o600.
    static func write(_ data: Data, to url: URL, mode: mode_t = 0o644) throws {
        let temporary = url.deletingLastPathComponent()
            .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).tmp")
        do {
            let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            // What the process's mask took away or the folder's defaults added does not count.
            guard fchmod(descriptor, mode) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            try file.write(contentsOf: data)
            try file.synchronize()
            try file.close()
            guard rename(temporary.path, url.path) == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
            Self.synchronize(folder: url.deletingLastPathComponent())
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw CastError(
                .storageFull, "\(url.path) cannot be written. Free some space, or check who owns it.", cause: error)
        }
    }

    /// Makes a rename last; some file systems cannot, and then the file is in place all the same.
    static func synchronize(folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
