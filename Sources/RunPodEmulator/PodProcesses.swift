import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Finds what belongs to a pod: every process that inherited the pod's id in its environment.
///
/// A process group alone is not enough, since a program may leave it; a container ends all of it.
enum PodProcesses {
    static let marker = "RUNPOD_POD_ID"

    /// The living processes of a pod.
    static func of(podID: String) -> [pid_t] {
        let wanted = Array("\(self.marker)=\(podID)\0".utf8)
        let own = getpid()
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.compactMap { pid_t($0) }.filter { pid in
            // A process that has ended and was not yet reaped has no environment any more.
            guard pid != own, let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
                return false
            }
            return environment.starts(with: wanted) || environment.range(of: Data([0] + wanted)) != nil
        }
    }

    /// Kills all of a pod, again and again until nothing of it is left.
    ///
    /// - Returns: False when something is left after ten seconds.
    @discardableResult
    static func end(podID: String) async -> Bool {
        // To its end, also when whoever wanted it is cancelled.
        await Task.detached {
            for _ in 0..<1000 {
                let living = self.of(podID: podID)
                if living.isEmpty { return true }
                for pid in living { kill(pid, SIGKILL) }
                try? await Task.sleep(for: .milliseconds(10))
            }
            return false
        }.value
    }
}
