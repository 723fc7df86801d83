import CastCore
import Synchronization

/// Which jobs' audio is on its way to a node this moment.
///
/// A fact about open connections, so it lives in memory: a heartbeat that leaves such a job out does not free it.
final class AudioReaders: Sendable {
    private let open = Mutex<[JobID: Int]>([:])

    func begin(_ job: JobID) { self.open.withLock { $0[job, default: 0] += 1 } }

    func end(_ job: JobID) {
        self.open.withLock { open in
            let left = (open[job] ?? 1) - 1
            open[job] = left > 0 ? left : nil
        }
    }

    var jobs: Set<JobID> { self.open.withLock { Set($0.keys) } }
}
