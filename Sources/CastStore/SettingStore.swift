import CastCore
package import Foundation
import GRDB

/// Settings that a person made on the page or through the API; they outlive a restart.
package struct SettingStore: Sendable {
    let access: StoreAccess

    /// Every setting that was made, by name.
    package func all() async throws -> [String: String] {
        try await self.access.read(Self.all)
    }

    /// The same for the time before anything runs.
    package static func all(of database: Database) throws -> [String: String] {
        try database.writer.read(Self.all)
    }

    private static func all(_ db: GRDB.Database) throws -> [String: String] {
        let rows = try Row.fetchAll(db, sql: "SELECT name, value FROM setting")
        return Dictionary(rows.map { ($0["name"], $0["value"]) }) { first, _ in first }
    }

    /// Makes and unmakes settings, all or none; nil unmakes one.
    package func set(_ values: [String: String?], at now: Date) async throws {
        try await self.access.write { db in
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                if let value {
                    try db.execute(
                        sql: """
                            INSERT INTO setting (name, value, updatedAt) VALUES (?, ?, ?)
                            ON CONFLICT (name) DO UPDATE SET value = excluded.value, updatedAt = excluded.updatedAt
                            """,
                        arguments: [name, value, now.stored])
                } else {
                    try db.execute(sql: "DELETE FROM setting WHERE name = ?", arguments: [name])
                    if db.changesCount == 0 { continue }
                }
                try EventStore.note(
                    db, .settingChanged,
                    detail: ["name": .string(name), "value": value.map { .string($0) } ?? .null], at: now)
            }
        }
    }
}
