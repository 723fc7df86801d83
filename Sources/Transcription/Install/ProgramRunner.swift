import CastCore
import Foundation
import Subprocess
import SystemPackage

/// Runs a program to its end and passes on what it says, line by line.
package enum ProgramRunner {
    package struct Outcome: Sendable {
        package var isSuccess: Bool
        /// The last lines of standard error, for a person.
        package var complaint: String
    }

    /// - Throws: `SubprocessError` when there is no such program.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        onLine: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Outcome {
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let changes = Dictionary(
            uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) })
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: .inherit.updating(changes),
            platformOptions: platform, input: .none, output: .sequence, error: .sequence
        ) { child in
            try await withThrowingTaskGroup(of: [String].self) { group in
                group.addTask {
                    var last: [String] = []
                    for try await line in child.standardError.strings() {
                        last.append(line)
                        if last.count > 8 { last.removeFirst() }
                    }
                    return last
                }
                for try await line in child.standardOutput.strings() { onLine(line) }
                return try await group.next() ?? []
            }
        }
        return Outcome(
            isSuccess: result.terminationStatus.isSuccess,
            complaint: result.closureResult.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
                .filter { !$0.isEmpty }.joined(separator: " "))
    }
}
