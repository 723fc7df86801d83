import CastCore
import Subprocess
import SystemPackage

/// Runs one of the programs that this library needs: ffmpeg, and those that unpack Debian's packages.
enum Tool {
    /// - Returns: What it wrote to its standard output.
    /// - Throws: `CastError` with what it wrote to its standard error.
    @discardableResult
    static func run(_ name: String, _ arguments: [String], in folder: String? = nil) async throws -> String {
        do {
            let result = try await Subprocess.run(
                .name(name), arguments: Arguments(arguments), workingDirectory: folder.map { FilePath($0) },
                output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
            guard result.terminationStatus.isSuccess else {
                let said = result.standardError.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " ")
                throw CastError(.unavailable, "\(name) failed: \(said)")
            }
            return result.standardOutput
        } catch let error as SubprocessError {
            throw CastError(.unavailable, "\(name) could not be run. Is it installed?", cause: error)
        }
    }
}
