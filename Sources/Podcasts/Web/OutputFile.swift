import CastCore
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that is written to, with the errors that matter told apart.
///
/// It holds a lock on the file while it is open, so that two writers never mix.
final class OutputFile {
    private var descriptor: Int32
    private let name: String

    /// Opens or makes the file; what is in it stays until `truncate`.
    init(_ url: URL) throws {
        self.name = url.lastPathComponent
        self.descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard self.descriptor >= 0 else { throw Self.error(errno, self.name) }
        guard flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            self.close()
            throw CastError(.conflict, "\(self.name) is being written to already.")
        }
    }

    deinit { self.close() }

    /// Lets go of the file and its lock before the object's life ends.
    func close() {
        guard self.descriptor >= 0 else { return }
        // A child process that is being started this moment holds a copy of the descriptor until it executes its
        // program; closing ours would leave the lock with it for so long.
        flock(self.descriptor, LOCK_UN)
        #if canImport(Darwin)
            _ = Darwin.close(self.descriptor)
        #elseif canImport(Musl)
            _ = Musl.close(self.descriptor)
        #else
            _ = Glibc.close(self.descriptor)
        #endif
        self.descriptor = -1
    }

    var size: Int64 {
        get throws {
            var status = stat()
            guard fstat(self.descriptor, &status) == 0 else { throw Self.error(errno, self.name) }
            return Int64(status.st_size)
        }
    }

    /// Cuts the file at `size` and goes on writing there.
    func truncate(to size: Int64) throws {
        // A device has no size to cut; the write itself will say what is wrong.
        guard ftruncate(self.descriptor, off_t(size)) == 0 || errno == EINVAL else {
            throw Self.error(errno, self.name)
        }
        lseek(self.descriptor, off_t(size), SEEK_SET)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            #if canImport(Darwin)
                let count = Darwin.write(self.descriptor, base, rest.count)
            #elseif canImport(Musl)
                let count = Musl.write(self.descriptor, base, rest.count)
            #else
                let count = Glibc.write(self.descriptor, base, rest.count)
            #endif
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.error(errno, self.name) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// The first bytes of the file.
    func start(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(self.descriptor, &bytes, count, 0)
        return Array(bytes.prefix(max(0, got)))
    }

    /// Waits until the disk has what was written.
    func synchronize() throws {
        guard fsync(self.descriptor) == 0 || errno == EINVAL else { throw Self.error(errno, self.name) }
    }

    /// Renames `source` to `destination`, and waits until the disk knows it.
    static func move(_ source: URL, to destination: URL) throws {
        guard rename(source.path, destination.path) == 0 else { throw Self.error(errno, destination.lastPathComponent) }
        // Best effort from here: the file is in place, and some file systems do not synchronize directories.
        let directory = open(destination.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        #if canImport(Darwin)
            _ = Darwin.close(directory)
        #elseif canImport(Musl)
            _ = Musl.close(directory)
        #else
            _ = Glibc.close(directory)
        #endif
    }

    private static func error(_ number: Int32, _ name: String) -> CastError {
        let reason = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT:
            return CastError(.storageFull, "There is no space left for \(name). Free some, then it is tried again.")
        case EFBIG: return CastError(.tooLarge, "The file system takes no file of the size of \(name).")
        default: return CastError(.unavailable, "\(name) cannot be written: \(reason).")
        }
    }
}
