import Foundation

/// What one way did with one engine.
struct SpeechBenchRow: Sendable {
    /// Seconds of audio of all files.
    var audio: Double
    var took: Duration
    var engine: PacedEngine.Account
    /// Processor time of this process, in seconds; not of its ffmpegs.
    var processor: Double
    /// The most memory that this process had, in bytes.
    var memory: Int

    static let header = [
        "engine", "way", "delivered", "of engine", "of two ffmpeg", "engine waits", "calls", "fed a call", "padding",
        "own CPU / h", "peak memory",
    ]

    func cells(_ way: String, _ speed: Double, _ ceiling: Double) -> [String] {
        let seconds = self.took / .seconds(1)
        func percent(_ share: Double) -> String { CutsReport.number(share * 100, digits: 1) + " %" }
        return [
            "\(Int(speed))x", way, "\(Int(self.audio / seconds))x", percent(self.engine.fed / seconds / speed),
            percent(self.audio / seconds / ceiling), percent(self.engine.waitingShare), "\(self.engine.calls)",
            "\(Int(self.engine.fed / Double(max(1, self.engine.calls)))) s",
            percent(1 - self.engine.fed / max(1, self.engine.padded)),
            CutsReport.number(self.processor / (self.audio / 3600), digits: 2) + " s",
            "\(self.memory >> 20) MB",
        ]
    }

    static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let fill = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < 2 ? cell.0 + fill : fill + cell.0
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

/// What this process has used.
enum OwnUse {
    /// Processor time so far, in seconds.
    static var processor: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// Forgets how much memory there was at most; Linux only.
    static func resetPeak() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }

    /// The most memory that a process had since then, in bytes.
    static func peak(of process: String = "self") -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }

    /// Processes that this one started and whose command line has a word in it.
    static func children(running word: String) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { id in
            guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8),
                status.contains("\nPPid:\t\(getpid())\n"),
                let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline")
            else { return false }
            return String(decoding: line, as: UTF8.self).contains(word)
        }
    }
}
