package import CastCore
package import Foundation
import GRDB

extension JobStore {
    /// When the last try at a job began; nil for a job that nobody ever had.
    package func lastStart(of id: JobID) async throws -> Date? {
        try await self.access.read { db in
            Date(
                stored: try Double.fetchOne(
                    db, sql: "SELECT max(startedAt) FROM attempt WHERE jobID = ?", arguments: [id.rawValue]))
        }
    }
}
