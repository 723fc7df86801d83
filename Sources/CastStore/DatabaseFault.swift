package import CastCore
import GRDB

extension CastError {
    /// What a database's error means for whoever asked; nil for errors of others, and for faults of ours.
    package init?(databaseError error: any Error) {
        guard let error = error as? DatabaseError else { return nil }
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                .storageFull, "There is no space left for the database. Free some; the work goes on by itself.",
                cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.unavailable, "The database is in use by another program. Try again in a moment.", cause: error)
        default:
            return nil
        }
    }
}
