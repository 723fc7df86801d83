import CastCore
import Foundation
import Subprocess
import SystemPackage

/// One start of the `cast2md` program that lies beside this one.
struct ChildProgram: Sendable {
    var arguments: [String]
    /// Variables on top of this program's own; nil takes one away.
    var environment: [String: String?]

    /// Runs it to its end with its output on this program's.
    func run() async throws {
        let result = try await Subprocess.run(
            .path(Self.path), arguments: Arguments(self.arguments), environment: self.variables,
            platformOptions: Self.ownGroup, output: .currentStandardOutput, error: .currentStandardError)
        try Task.checkCancellation()
        guard result.terminationStatus.isSuccess else {
            throw CastError(.unavailable, "cast2md \(self.arguments.joined(separator: " ")) failed.")
        }
    }

    /// Runs it to its end with its output in a file.
    func run(log: String) async throws {
        let status = try await self.runLogged(to: log)
        try Task.checkCancellation()
        guard status.isSuccess else { throw self.failure("failed", log: log) }
    }

    /// Runs it beside the body and stops it, with all that it started, when the body has ended or failed.
    ///
    /// - Parameter log: The file that gets its output.
    /// - Throws: What the body throws, or a `CastError` if the program ends first.
    func whileRunning<Result: Sendable>(
        log: String, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                _ = try await self.runLogged(to: log)
                try Task.checkCancellation()
                throw self.failure("ended", log: log)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    private func runLogged(to log: String) async throws -> TerminationStatus {
        let file = try FileDescriptor.open(
            FilePath(log), .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite, .groupRead])
        return try await file.closeAfter {
            try await Subprocess.run(
                .path(Self.path), arguments: Arguments(self.arguments),
                environment: self.variables, platformOptions: Self.ownGroup,
                output: .fileDescriptor(file, closeAfterSpawningProcess: false),
                error: .fileDescriptor(file, closeAfterSpawningProcess: false)
            ).terminationStatus
        }
    }

    /// The error of a program that ended, with the last lines of its log.
    private func failure(_ what: String, log: String) -> CastError {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").suffix(8).map { "\n    \($0)" }.joined()
        return CastError(.unavailable, "cast2md \(self.arguments.joined(separator: " ")) \(what):\(lines)")
    }

    private var variables: Environment {
        .inherit.updating(
            Dictionary(uniqueKeysWithValues: self.environment.map { (Environment.Key(stringLiteral: $0), $1) }))
    }

    /// The program's path.
    static var location: String {
        let own = Bundle.main.executablePath ?? CommandLine.arguments[0]
        return URL(filePath: own).deletingLastPathComponent().appending(path: "cast2md").path
    }

    private static var path: FilePath { FilePath(self.location) }

    /// A process group of its own: Ctrl-C reaches this program only, which then ends the whole group.
    private static var ownGroup: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(8))
        ]
        return options
    }
}

extension FileDescriptor {
    fileprivate func closeAfter<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            try self.close()
            return result
        } catch {
            try? self.close()
            throw error
        }
    }
}
