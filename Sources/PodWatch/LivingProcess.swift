package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A process of this machine, as `/proc` shows it.
package struct LivingProcess: Sendable, Equatable {
    package var pid: Int32
    package var startedAt: Date

    /// Nil when there is no such process, or when it has ended and only waits to be reaped.
    package init?(pid: Int32) {
        guard let stat = Self.text("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        // What follows the name, which may hold anything: state, parent, …, and as the 20th the start in ticks.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, !["Z", "X"].contains(fields[0]), let ticks = Double(fields[19]),
            let boot = Self.bootTime
        else { return nil }
        self.pid = pid
        self.startedAt = Date(timeIntervalSince1970: boot + ticks / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))))
    }

    /// Whether it may be the process of whose number somebody took note at that time.
    ///
    /// Numbers begin anew when a container is restarted: one that was written down before may be another program's now.
    package func mayBe(notedAt: Date) -> Bool {
        // The machine's start is known to the second.
        self.startedAt <= notedAt + 2
    }

    private static var bootTime: Double? {
        let lines = Self.text("/proc/stat")?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst("btime ".count)) }
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
