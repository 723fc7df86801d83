import CastCore
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A pod's main process, the first of a process group of its own.
///
/// It is spawned here and not through a library, since its group must be killed without a moment in which its number
/// could belong to somebody else: the process is reaped only after its group is dead.
final class PodProcess: Sendable {
    struct Launch: Sendable {
        var podID: String
        var arguments: [String]
        var environment: [String: String]
        var directory: URL
    }

    let pid: pid_t
    private let podID: String
    private let isReaped = Mutex(false)
    private let end = Mutex(End())

    private static let spawning = Mutex(())

    private struct End {
        var status: Int32?
        var waiting: [CheckedContinuation<Int32, Never>] = []
    }

    /// Starts a process; its output goes line by line into the log.
    ///
    /// - Throws: When it cannot be started.
    init(_ launch: Launch, log: PodLog) throws {
        self.podID = launch.podID
        let program = try Self.find(launch)
        // One at a time: no other pod may inherit this one's pipe and keep it open.
        let reading: Int32
        (self.pid, reading) = try Self.spawning.withLock { _ in
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw Self.fault("pipe", errno) }
            defer { close(ends[1]) }
            do {
                for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) != 0 { throw Self.fault("fcntl", errno) }
                return (try Self.spawn(program, launch, output: ends[1]), ends[0])
            } catch {
                close(ends[0])
                throw error
            }
        }
        Thread.detachNewThread { Self.read(reading, into: log) }
        Thread.detachNewThread { [self] in
            let status = self.waitAndReap()
            let waiting = self.end.withLock { end in
                end.status = status
                defer { end.waiting = [] }
                return end.waiting
            }
            for continuation in waiting { continuation.resume(returning: status) }
        }
    }

    /// How the main process ended: its exit status, or minus the signal.
    ///
    /// Then its group is dead as well. Waits for the process whatever becomes of the task: kill it first.
    func exit() async -> Int32 {
        await withCheckedContinuation { continuation in
            let known = self.end.withLock { end in
                if end.status == nil { end.waiting.append(continuation) }
                return end.status
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Sends a signal to the group, and to those that left it.
    func signal(_ number: Int32) {
        self.isReaped.withLock { isReaped in
            if !isReaped { kill(-self.pid, number) }
        }
        for pid in PodProcesses.of(podID: self.podID) { kill(pid, number) }
    }

    private func waitAndReap() -> Int32 {
        var info = siginfo_t()
        while waitid(P_PID, id_t(self.pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return self.isReaped.withLock { isReaped in
            // The container ends with its main process.
            kill(-self.pid, SIGKILL)
            var status: Int32 = 0
            while waitpid(self.pid, &status, 0) < 0, errno == EINTR {}
            isReaped = true
            let signal = status & 0x7F
            return signal == 0 ? (status >> 8) & 0xFF : -signal
        }
    }

    private static func read(_ descriptor: Int32, into log: PodLog) {
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var line: [UInt8] = []
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in buffer[..<count] {
                if byte != UInt8(ascii: "\n"), line.count < 65_536 {
                    line.append(byte)
                } else {
                    log.add("container", String(decoding: line, as: UTF8.self))
                    line.removeAll(keepingCapacity: true)
                }
            }
        }
        if !line.isEmpty { log.add("container", String(decoding: line, as: UTF8.self)) }
    }

    /// The program as the pod's own `PATH` finds it.
    private static func find(_ launch: Launch) throws -> String {
        guard let name = launch.arguments.first, !name.isEmpty else {
            throw CastError(.invalid, "There is no command.")
        }
        if name.contains("/") { return name }
        for folder in (launch.environment["PATH"] ?? "").split(separator: ":") {
            let path = "\(folder)/\(name)"
            if access(path, X_OK) == 0 { return path }
        }
        throw CastError(.notFound, "exec: \"\(name)\": executable file not found in $PATH")
    }

    private static func spawn(_ program: String, _ launch: Launch, output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // The server may ignore signals that the pod's programs rely on.
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // env(1) goes to the folder and becomes the program: the same process, and nothing added to its environment.
        let command = ["env", "-C", launch.directory.path, "--", program] + launch.arguments.dropFirst()
        let arguments = command.map { strdup($0) } + [nil]
        let environment = launch.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/usr/bin/env", &actions, &attributes, arguments, environment)
        guard code == 0 else { throw Self.fault("exec: \"\(program)\"", code) }
        return pid
    }

    private static func fault(_ what: String, _ code: Int32) -> CastError {
        CastError(.unavailable, "\(what): \(String(cString: strerror(code)))")
    }
}
