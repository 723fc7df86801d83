import CastCore
import Foundation

/// The existing server's database as the import sees it; a test gives recorded rows instead.
package struct OldLibrary: Sendable {
    /// Feeds, settings, nodes, jobs and episodes in this order, all as of one moment.
    package var snapshot: @Sendable () async throws -> RowFile
    /// What the search index holds of some episodes, by episode and time.
    package var segments: @Sendable ([Int64]) async throws -> RowFile

    package init(
        snapshot: @escaping @Sendable () async throws -> RowFile,
        segments: @escaping @Sendable ([Int64]) async throws -> RowFile
    ) {
        self.snapshot = snapshot
        self.segments = segments
    }

    /// Looks at the database and says what is wrong with it, before anything else is done.
    ///
    /// - Throws: What `Psql` and `OldSchema.check` throw.
    package static func open(_ psql: Psql) async throws -> OldLibrary {
        let answer = try RowFile()
        try await psql.run([OldSchema.catalogueQuery], into: answer)
        let catalogue = try Self.catalogue(answer)
        try OldSchema.check(catalogue)
        return OldLibrary(
            snapshot: {
                let rows = try RowFile()
                try await psql.run(OldSchema.snapshot(catalogue), into: rows)
                return rows
            },
            segments: { episodes in
                let rows = try RowFile()
                if !episodes.isEmpty {
                    try await psql.run(OldSchema.segments(catalogue, of: episodes), into: rows)
                }
                return rows
            })
    }

    static func catalogue(_ file: RowFile) throws -> [String: Set<String>] {
        guard let line = try file.lines().first else { return [:] }
        do {
            return try JSONDecoder().decode([String: Set<String>].self, from: Data(line.utf8))
        } catch {
            throw CastError(.invalid, "The database's list of tables cannot be read.", cause: error)
        }
    }
}
