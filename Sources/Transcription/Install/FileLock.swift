import CastCore
import Foundation

/// A lock between processes, and between tasks of one; the system lets it go when its holder dies.
final class FileLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(self.descriptor) }

    /// Takes the lock, and waits while somebody else has it.
    ///
    /// - Parameter onWait: Called once if there is somebody to wait for.
    /// - Returns: The lock; it is held as long as this lives.
    static func take(_ path: String, onWait: () -> Void) async throws -> FileLock {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CastError(.storageFull, "\(path) cannot be written.") }
        let lock = FileLock(descriptor: descriptor)
        var isWaiting = false
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if !isWaiting { onWait() }
            isWaiting = true
            try await Task.sleep(for: .milliseconds(200))
        }
        return lock
    }
}
