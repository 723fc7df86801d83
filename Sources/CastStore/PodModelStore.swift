package import CastCore
import GRDB

/// The models that pods may run.
package struct PodModelStore: Sendable {
    let access: StoreAccess

    package struct Model: Sendable, Equatable {
        package var id: String
        package var displayName: String
        package var backend: Backend
        package var isEnabled: Bool
        package var sortOrder: Int
    }

    private static let columns = "id, displayName, backend, isEnabled, sortOrder"

    /// In the order in which they are shown.
    package func list(includingDisabled: Bool = false) async throws -> [Model] {
        try await self.access.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Self.columns) FROM podModel WHERE isEnabled OR ? ORDER BY sortOrder, id
                    """,
                arguments: [includingDisabled]
            ).map { row in
                Model(
                    id: row["id"], displayName: row["displayName"],
                    backend: Backend(rawValue: row["backend"]) ?? .whisper, isEnabled: row["isEnabled"],
                    sortOrder: row["sortOrder"])
            }
        }
    }

    /// Adds a model behind the others, or renames the one that is there.
    package func add(id: String, displayName: String, backend: Backend) async throws {
        try await self.access.write { db in
            try db.execute(
                sql: """
                    INSERT INTO podModel (id, displayName, backend, isEnabled, sortOrder)
                    VALUES (?, ?, ?, 1, (SELECT coalesce(max(sortOrder), 0) + 10 FROM podModel))
                    ON CONFLICT (id) DO UPDATE SET displayName = excluded.displayName, backend = excluded.backend,
                    isEnabled = 1
                    """,
                arguments: [id, displayName, backend.rawValue])
        }
    }

    /// - Throws: `.notFound`.
    package func remove(_ id: String) async throws {
        try await self.access.write { db in
            try db.execute(sql: "DELETE FROM podModel WHERE id = ?", arguments: [id])
            if db.changesCount == 0 { throw CastError(.notFound, "Model '\(id.prefix(100))' not found.") }
        }
    }

    /// The models that there are without anybody's doing.
    package static let standard: [Model] = [
        ("parakeet-tdt-0.6b-v3", "Parakeet TDT 0.6B v3 (fast, 25 EU languages)", Backend.parakeet),
        ("large-v3-turbo", "Whisper large-v3-turbo", .whisper), ("large-v3", "Whisper large-v3", .whisper),
        ("large-v2", "Whisper large-v2", .whisper), ("medium", "Whisper medium", .whisper),
        ("small", "Whisper small", .whisper),
    ].enumerated().map { index, model in
        Model(id: model.0, displayName: model.1, backend: model.2, isEnabled: true, sortOrder: (index + 1) * 10)
    }

    /// Puts the standard ones in place of all that are there.
    package func reset() async throws {
        try await self.access.write { db in
            try db.execute(sql: "DELETE FROM podModel")
            for model in Self.standard {
                try db.execute(
                    sql: "INSERT INTO podModel (\(Self.columns)) VALUES (?, ?, ?, 1, ?)",
                    arguments: [model.id, model.displayName, model.backend.rawValue, model.sortOrder])
            }
        }
    }
}
