package import CastCore
package import Foundation
import GRDB

extension JobStore {
    /// Lets others go before a queued job: it is not handed out before `time`, and no try is counted.
    ///
    /// Harmless when somebody has claimed it meanwhile.
    package func postpone(_ id: JobID, until time: Date) async throws {
        try await self.access.write(.soon) { db in
            try db.execute(
                sql: "UPDATE job SET notBefore = max(notBefore, ?) WHERE id = ? AND state = 'queued'",
                arguments: [time.stored, id.rawValue])
        }
    }
}
