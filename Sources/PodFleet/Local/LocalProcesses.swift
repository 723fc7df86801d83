import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Finds what belongs to a local pod: every process that inherited its id.
///
/// The process group is ended with the pod's first process. This is for what left the group, and for what a server that
/// was killed left behind. Where there is no `/proc` it finds nothing.
enum LocalProcesses {
    static let marker = "CAST2MD_LOCAL_POD"

    static func of(_ pod: String) -> [pid_t] {
        let wanted = Data("\(Self.marker)=\(pod)\0".utf8)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            guard pid != getpid(), let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
                return false
            }
            return environment.starts(with: wanted) || environment.range(of: Data([0]) + wanted) != nil
        }
    }

    /// Kills all of a pod, again and again until nothing of it is left, for ten seconds at most.
    static func end(_ pod: String) async {
        // To its end, also when whoever wanted it is cancelled.
        await Task.detached {
            for _ in 0..<500 {
                let living = self.of(pod)
                if living.isEmpty { return }
                for pid in living { kill(pid, SIGKILL) }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }.value
    }
}
