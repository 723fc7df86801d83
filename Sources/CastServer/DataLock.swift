import CastCore
import Foundation

/// Keeps a second server away from a data folder for as long as this one lives.
///
/// The lock is the kernel's: it goes with the process, however that ends.
package final class DataLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `.conflict` when another server has the folder.
    package init(folder: String) throws {
        let path = folder + "/cast2md.lock"
        self.descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else {
            throw CastError(.unavailable, "\(path) cannot be opened: \(String(cString: strerror(errno))).")
        }
        guard flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(self.descriptor)
            throw CastError(
                .conflict, "Another server uses the data folder \(folder). Stop it, or choose another with --data.")
        }
    }

    deinit {
        // Not only closed: a child process that is being started this moment may hold a copy of the descriptor.
        flock(self.descriptor, LOCK_UN)
        close(self.descriptor)
    }
}
