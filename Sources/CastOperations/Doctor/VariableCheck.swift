import CastCore
import CastServer

/// Variables: unknown ones, values that cannot be, files with secrets that others may read.
enum VariableCheck {
    static func findings(_ environment: ProgramEnvironment) -> [Finding] {
        var findings = environment.unknown.map {
            Finding.warning(
                .variables, $0.sentence,
                mend: $0.nearest.map { "Set \($0) instead, or remove the other." } ?? "Remove it, or see the README.")
        }
        findings += environment.openFiles.map {
            Finding.warning(
                .variables, "\($0) holds secrets, and others on this machine may read it.", mend: "chmod 600 \($0)")
        }
        for read in Self.readers {
            do {
                try read(environment.values)
            } catch {
                findings.append(.failed(.variables, error, mend: "Correct the value, or unset the variable."))
            }
        }
        guard findings.isEmpty else { return findings }
        let files = environment.files.isEmpty ? "" : " Read: \(environment.files.joined(separator: ", "))."
        return [.ok(.variables, "All variables that are set can be used.\(files)")]
    }

    private static let readers: [@Sendable ([String: String]) throws -> Void] = [
        { _ = try ServerConfiguration(dataPath: "data", environment: $0) },
        { _ = try NodeSettings(environment: $0) },
        { _ = try LogSettings(environment: $0) },
    ]
}
