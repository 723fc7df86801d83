package import CastCore
import Foundation
import Subprocess
import SystemPackage

/// PostgreSQL's own client program: it knows every way of signing in, so we need not.
package struct Psql: Sendable {
    private let program: String
    private let connection: ConnectionURL

    /// - Throws: `.unavailable` that says how to install it when it is not there.
    package init(connection: ConnectionURL, environment: [String: String]) throws {
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        let places: [String] = folders.map { "\($0)/psql" }
        guard let program = places.first(where: { access($0, X_OK) == 0 }) else {
            throw CastError(
                .unavailable,
                "The program psql is needed to read the existing server's database, and it is not here. Install it "
                    + "with: apt install postgresql-client (Debian, Ubuntu), dnf install postgresql (Fedora), "
                    + "brew install libpq (macOS).")
        }
        self.program = program
        self.connection = connection
    }

    /// Runs statements one after another in one session; what they write goes to the file.
    ///
    /// - Throws: `.unavailable` with what `psql` says when the database cannot be reached, `.invalid` when it refuses
    ///   a statement.
    package func run(_ statements: [String], into file: RowFile) async throws {
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
        let result = try await Subprocess.run(
            .path(FilePath(self.program)), arguments: Arguments(Self.arguments(statements)),
            environment: .inherit.updating(self.variables), platformOptions: platform, input: .none,
            output: .fileDescriptor(FileDescriptor(rawValue: file.descriptor), closeAfterSpawningProcess: false),
            error: .string(limit: 1 << 20))
        try Task.checkCancellation()
        guard case .exited(let status) = result.terminationStatus else {
            throw CastError(.unavailable, "psql was ended from outside: \(result.terminationStatus).")
        }
        if status != 0 { throw Self.failure(status, self.connection, said: result.standardError) }
    }

    static func arguments(_ statements: [String]) -> [String] {
        // No start-up file of the person's, no question for a password, the end at the first fault, nothing but rows.
        ["-X", "-w", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
            + (["SET lock_timeout = '10s'", "SET statement_timeout = 0"] + statements).flatMap { ["-c", $0] }
    }

    private var variables: [Environment.Key: String?] {
        let own = ["PGCLIENTENCODING": "UTF8", "PGAPPNAME": "cast2md import", "PGCONNECT_TIMEOUT": "10"]
        let all = own.merging(self.connection.variables) { _, given in given }
        return Dictionary(
            uniqueKeysWithValues: all.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) })
    }

    /// What an exit status of `psql` means: 2 is a connection that failed, 3 and 1 are statements that did.
    package static func failure(_ status: Int32, _ connection: ConnectionURL, said: String) -> CastError {
        let words = said.split(whereSeparator: \.isNewline).prefix(4)
            .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
        let reason = words.isEmpty ? "psql ended with status \(status)." : "psql says: \(words)"
        if status == 2 {
            return CastError(
                .unavailable,
                "The database \(connection.place) cannot be reached or refuses the user or password. \(reason)")
        }
        return CastError(.invalid, "The database \(connection.place) cannot be read. \(reason)")
    }
}
