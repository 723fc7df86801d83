import CastCore
package import CastStore
package import Foundation

/// What a backup says of itself: `manifest.json`, the first file in it.
package struct BackupManifest: Sendable, Codable, Equatable {
    /// The form of the archive; another one is refused.
    package var form: Int
    package var madeAt: Date
    /// The program's version.
    package var version: String
    package var counts: DatabaseFile.Counts
    package var databaseSHA256: String
    /// Whether transcripts and audio are in it.
    package var hasStorage: Bool
    package var files: Int
    package var bytes: Int64

    package static let currentForm = 1
    static let fileName = "manifest.json"
    static let databaseName = "cast2md.db"
    static let storageName = "storage"

    enum CodingKeys: String, CodingKey {
        case form, version, counts, files, bytes
        case madeAt = "made_at"
        case databaseSHA256 = "database_sha256"
        case hasStorage = "has_storage"
    }

    /// - Throws: `.invalid` when the text is no manifest, or one of a form that this version does not know.
    static func read(_ bytes: Data, of archive: String) throws -> BackupManifest {
        guard let manifest = try? Self.decoder.decode(BackupManifest.self, from: bytes) else {
            throw CastError(.invalid, "\(archive) is no backup of cast2md: its manifest cannot be read.")
        }
        guard manifest.form == Self.currentForm else {
            throw CastError(
                .invalid,
                "\(archive) is a backup of form \(manifest.form); this version (\(castVersion)) reads form "
                    + "\(Self.currentForm). Use the version that made it: \(manifest.version.prefix(40)).")
        }
        return manifest
    }

    var encoded: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return try encoder.encode(self)
        }
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}
