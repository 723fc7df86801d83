import CastCore
import Subprocess
import SystemPackage

/// A program that is run to its end, with what it printed.
enum ChildRun {
    struct Outcome: Sendable {
        /// Nil when a signal ended it.
        var status: Int?
        var output: String
        /// What it said on standard error, in one line.
        var complaint: String
        /// Whether it met a full disk.
        var saysDiskIsFull = false
    }

    /// Half a million names of files; no answer that is wanted is longer.
    private static let largestOutput = 128 << 20

    /// - Parameter environment: What is set besides the process's own variables.
    /// - Throws: `.unavailable` when there is no such program.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Outcome {
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let changes = Dictionary(
            uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) })
        do {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: .inherit.updating(changes),
                platformOptions: platform, input: .none, output: .string(limit: Self.largestOutput),
                error: .string(limit: 16 << 20))
            try Task.checkCancellation()
            var status: Int?
            if case .exited(let code) = result.terminationStatus { status = Int(code) }
            let said = result.standardError.split(separator: "\n").suffix(4).joined(separator: " ")
            // tar has both; the second stands alone where a block fits in part.
            let isFull = ["No space left", "Wrote only", "Disk quota exceeded"].contains {
                result.standardError.contains($0)
            }
            return Outcome(
                status: status, output: result.standardOutput, complaint: String(said.prefix(500)),
                saysDiskIsFull: isFull)
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw CastError(.unavailable, "The program \(program) is not installed.", cause: error)
        }
    }
}
