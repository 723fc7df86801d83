import CastCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A process of this machine, as `/proc` shows it.
package struct LivingProcess: Sendable, Equatable {
    package var pid: Int32
    /// Since the machine's start, in its ticks: with the number it is one process, whatever becomes of the clock.
    package var startTicks: UInt64
    /// By the clock as it is now; a clock that is set moves it.
    package var startedAt: Date

    /// Nil when there is no such process, or when it has ended and only waits to be reaped.
    package init?(pid: Int32, in folder: String = "/proc") {
        guard let stat = Self.text("\(folder)/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        // What follows the name, which may hold anything: state, parent, …, and as the 20th the start in ticks.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, !["Z", "X"].contains(fields[0]), let ticks = UInt64(fields[19]),
            let boot = Self.bootTime(folder)
        else { return nil }
        self.pid = pid
        self.startTicks = ticks
        self.startedAt = Date(
            timeIntervalSince1970: boot + Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))))
    }

    /// Whether it may be the process of whose number somebody took note at that time.
    ///
    /// Numbers begin anew when a container is restarted: one that was written down before may be another program's now.
    package func mayBe(notedAt: Date) -> Bool {
        // The machine's start is known to the second.
        self.startedAt <= notedAt + 2
    }

    /// Whether both are one process; a number that was given again is another.
    package func isSame(as other: LivingProcess) -> Bool {
        self.pid == other.pid && self.startTicks == other.startTicks
    }

    /// As the kernel reckons it from the clock and the time since then: it moves when the clock is set.
    private static func bootTime(_ folder: String) -> Double? {
        let lines = Self.text("\(folder)/stat")?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst("btime ".count)) }
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Which process is the worker, from look to look.
struct WorkerSight {
    /// Where processes are shown.
    let folder: String
    private var known: LivingProcess?

    init(folder: String = "/proc") { self.folder = folder }

    /// The living worker: the one that the start script named, else the one that writes the pulse.
    mutating func look(named: (pid: Int32, at: Date)?, pulse: Pulse?) -> Int32? {
        if let named, let worker = self.worker(named.pid, notedAt: named.at) { return worker }
        return pulse.flatMap { self.worker($0.pid, notedAt: Date(timeIntervalSince1970: $0.startedAt)) }
    }

    /// Once seen, it is known by its start and not by dates: a clock that is set must not make a worker look gone.
    private mutating func worker(_ pid: Int32, notedAt: Date) -> Int32? {
        guard let process = LivingProcess(pid: pid, in: self.folder) else { return nil }
        guard self.known?.isSame(as: process) == true || process.mayBe(notedAt: notedAt) else { return nil }
        self.known = process
        return pid
    }
}
