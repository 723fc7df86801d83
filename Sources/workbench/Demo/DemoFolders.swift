import CastCore
import Foundation

/// Where the demo keeps what it makes.
struct DemoFolders: Sendable {
    /// `CAST2MD_HOME` of everybody here: the engine and the models, which are fetched once.
    var home: String
    /// This run's own folder: the server's data, the node's credentials, the logs.
    var run: String
    private var demo: String

    var data: String { self.run + "/data" }
    var nodeHome: String { self.run + "/node" }
    /// Leads to the newest run, for `make show`.
    var latest: String { self.demo + "/latest" }

    /// - Parameter cache: The folder that survives from one run to the next.
    static func prepare(cache: String, now: Date = Date()) throws -> DemoFolders {
        let root = URL(filePath: cache).standardizedFileURL.path
        let stamp = now.formatted(
            Date.VerbatimFormatStyle(
                format: """
                    \(year: .defaultDigits)\(month: .twoDigits)\(day: .twoDigits)-\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\(minute: .twoDigits)\(second: .twoDigits)
                    """, timeZone: .gmt, calendar: Calendar(identifier: .gregorian)))
        let demo = root + "/demo"
        let folders = DemoFolders(home: root + "/home", run: "\(demo)/run-\(stamp)", demo: demo)
        try FileManager.default.createDirectory(atPath: demo, withIntermediateDirectories: true)
        try folders.removeOldRuns()
        for path in [folders.home, folders.data, folders.nodeHome] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        return folders
    }

    private init(home: String, run: String, demo: String) {
        (self.home, self.run, self.demo) = (home, run, demo)
    }

    /// Lets the node find the engine and the models while its credentials stay in this run.
    ///
    /// To be called when both are installed.
    func linkEngine() throws {
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: self.home) where name != "node.json" {
            try files.createSymbolicLink(
                atPath: "\(self.nodeHome)/\(name)", withDestinationPath: "\(self.home)/\(name)")
        }
    }

    /// Names this run the newest.
    func finish() throws {
        try? FileManager.default.removeItem(atPath: self.latest)
        try FileManager.default.createSymbolicLink(
            atPath: self.latest, withDestinationPath: URL(filePath: self.run).lastPathComponent)
    }

    /// Removes what older runs left, but for the newest two and the one that `make show` shows.
    private func removeOldRuns() throws {
        let files = FileManager.default
        let shown = try? files.destinationOfSymbolicLink(atPath: self.latest)
        let runs = try files.contentsOfDirectory(atPath: self.demo).filter { $0.hasPrefix("run-") && $0 != shown }
        for old in runs.sorted().dropLast(2) { try files.removeItem(atPath: "\(self.demo)/\(old)") }
    }
}
