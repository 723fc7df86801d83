package import CastCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The folder in which the start script, the watchdog and `pod-end` tell each other where the pod stands.
///
/// - `phase`: its first word is `ready` once the worker was started, `failed` when the set-up failed, anything else while the
///   set-up goes on. The start script writes it, before it starts the watchdog and at every step.
/// - `worker.pid`: the worker's process. The start script writes it.
/// - `ending`: why the pod is being ended; whoever begins that writes it, and it is final. A start script that finds it
///   starts nothing any more.
/// - `setup-since`: since when the set-up has been going on, over restarts of the container. The watchdog's own.
/// - `watchdog.pid`, `watchdog.lock`: the watchdog's own.
package struct PodState: Sendable {
    package let folder: URL

    package static let variable = "CAST2MD_POD_STATE"
    package static let standardFolder = "/run/cast2md-pod"

    package init(folder: URL) { self.folder = folder }

    package init(environment: [String: String]) {
        self.init(
            folder: URL(
                fileURLWithPath: Variables(environment).text(Self.variable) ?? Self.standardFolder, isDirectory: true))
    }

    package func make() throws {
        do {
            try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        } catch {
            throw CastError(
                .storageFull, "The folder \(self.folder.path) cannot be made. \(Self.variable) names another.",
                cause: error)
        }
    }

    /// What the start script says of itself.
    package var phase: WatchPolicy.Phase {
        switch self.read("phase")?.split(whereSeparator: \.isWhitespace).first {
        case "ready": .ready
        case "failed": .failed
        default: .settingUp
        }
    }

    /// Why the pod is being ended; nil while nobody wants that.
    package var ending: String? {
        guard let text = self.read("ending") else { return nil }
        return text.isEmpty ? "somebody in the pod wants its end" : text
    }

    /// Notes that the pod is being ended; the first reason stays.
    package func begin(ending reason: String) {
        guard self.ending == nil else { return }
        try? self.write(reason, to: "ending")
    }

    /// The worker's process as the start script named it, and when it did.
    package var namedWorker: (pid: Int32, at: Date)? {
        guard let text = self.read("worker.pid"), let pid = Int32(text), pid > 1 else { return nil }
        return (pid, self.changedAt("worker.pid") ?? .distantPast)
    }

    /// Since when the set-up has been going on; begins now where nothing is written down.
    package func setupSince(_ now: Date) -> Date {
        if let text = self.read("setup-since"), let seconds = Double(text),
            (0...max(0, now.timeIntervalSince1970)).contains(seconds)
        {
            return Date(timeIntervalSince1970: seconds)
        }
        try? self.write(String(Int(now.timeIntervalSince1970)), to: "setup-since")
        return now
    }

    /// The set-up is done: another one, after a restart, has its whole time.
    package func endSetup() { try? FileManager.default.removeItem(at: self.file("setup-since")) }

    package func file(_ name: String) -> URL { self.folder.appendingPathComponent(name) }

    private func read(_ name: String) -> String? {
        guard let file = try? FileHandle(forReadingFrom: self.file(name)) else { return nil }
        defer { try? file.close() }
        let data = (try? file.read(upToCount: 4096)) ?? Data()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    package func write(_ text: String, to name: String) throws {
        try self.make()
        try Data("\(text)\n".utf8).write(to: self.file(name), options: .atomic)
    }

    private func changedAt(_ name: String) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: self.file(name).path))?[.modificationDate] as? Date
    }
}

/// Makes sure that a pod has one watchdog.
package final class WatchLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `.conflict` when one runs already. The lock ends with the process, however it ends.
    package init(_ state: PodState) throws {
        try state.make()
        let path = state.file("watchdog.lock").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CastError(.storageFull, "\(path) cannot be written.") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CastError(.conflict, "A watchdog watches \(state.folder.path) already.")
        }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }
}
