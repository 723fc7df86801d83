package import CastCore
package import Foundation

/// The machine that is looked at: where things are, and who tells the time.
package struct DoctorWorld: Sendable {
    /// The variables, those of files among them.
    package var environment: ProgramEnvironment
    package var home: HomeFolder
    package var dataPath: String
    package var storagePath: String
    /// The server that commands and nodes of this machine speak to.
    package var server: URL
    /// Whether somebody said so, rather than that it is the default.
    package var isServerNamed: Bool
    package var now: @Sendable () -> Date

    package init(
        environment: ProgramEnvironment, dataPath: String, storagePath: String, server: URL, isServerNamed: Bool,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.environment = environment
        self.home = HomeFolder(environment: environment.values)
        self.dataPath = URL(fileURLWithPath: dataPath).standardizedFileURL.path
        self.storagePath = URL(fileURLWithPath: storagePath).standardizedFileURL.path
        self.server = server
        self.isServerNamed = isServerNamed
        self.now = now
    }

    /// Where a program is, by `PATH`; nil when it is nowhere.
    func program(_ name: String) -> String? {
        (self.environment.values["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}
