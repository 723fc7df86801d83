package import CastCore
import Foundation

/// Makes sure that one home folder has one node: two would send the same results.
package final class HomeLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `.conflict` when a node of this home runs already. The lock ends with the process, however it ends.
    package init(_ home: HomeFolder) throws {
        try home.make(home.url)
        let path = home.url.appendingPathComponent("node.lock").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CastError(.storageFull, "\(path) cannot be written.") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CastError(
                .conflict,
                "A node runs in \(home.path) already. Stop it, or give this one a folder of its own in CAST2MD_HOME.")
        }
        self.descriptor = descriptor
    }

    deinit {
        // Not only closed: a child process that is being started this moment may hold a copy of the descriptor.
        flock(self.descriptor, LOCK_UN)
        close(self.descriptor)
    }
}
