import CastCore
package import CastStore
import Foundation

/// The data folder that an import goes to.
package struct ImportPlace: Sendable {
    package let database: Database
    package let storage: StorageFolder
    /// A copy of the database that a dry run works on; removed when it ends.
    private let scratch: String?

    /// The folder itself; it is made if it is not there, and what a broken import left is removed.
    package static func open(data: String, storage: String) throws -> ImportPlace {
        try Self.makeFolder(data)
        let folder = try StorageFolder(path: storage)
        folder.removeLeftovers()
        return ImportPlace(database: try Database(path: data + "/cast2md.db"), storage: folder, scratch: nil)
    }

    /// The same, of which nothing is changed or made: the database is a copy, and of the storage only names are asked.
    package static func rehearsal(data: String, storage: String) throws -> ImportPlace {
        let scratch = FileManager.default.temporaryDirectory.path + "/cast2md-import-\(UUID().uuidString)"
        try Self.makeFolder(scratch)
        do {
            for name in ["cast2md.db", "cast2md.db-wal"] where FileManager.default.fileExists(atPath: "\(data)/\(name)")
            {
                do {
                    try FileManager.default.copyItem(atPath: "\(data)/\(name)", toPath: "\(scratch)/\(name)")
                } catch {
                    throw CastError(
                        .unavailable, "The database \(data)/\(name) cannot be copied for the dry run.", cause: error)
                }
            }
            // A storage folder that is not there holds nothing; an empty one stands for it.
            let isThere = FileManager.default.fileExists(atPath: storage)
            return ImportPlace(
                database: try Database(path: scratch + "/cast2md.db"),
                storage: try StorageFolder(path: isThere ? storage : scratch + "/storage"), scratch: scratch)
        } catch {
            try? FileManager.default.removeItem(atPath: scratch)
            throw error
        }
    }

    /// Closes the database; a rehearsal's is removed.
    package func close() {
        // Everything that was committed is in the file, and the next start reads it.
        try? self.database.close()
        if let scratch { try? FileManager.default.removeItem(atPath: scratch) }
    }

    /// Makes the data folder if it is not there; only its user may look into it.
    package static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CastError(.unavailable, "The folder \(path) cannot be made.", cause: error)
        }
    }
}
