import CastCore
import Foundation
import GRDB

/// Where the audio that is here was fetched, and what its bytes are.
///
/// A row is of the very file that the episode has: a trigger removes it with every change of the episode's audio.
enum AudioOrigins {
    static func store(_ db: GRDB.Database, _ origin: AudioSource, of id: EpisodeID) throws {
        guard let digest = Data(hexadecimal: origin.sha256) else {
            throw CastError(.internalFault, "The digest of an episode's audio has a wrong form.")
        }
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO audioOrigin (episodeID, url, size, sha256, etag, lastModified)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [id.rawValue, origin.url, origin.size, digest, origin.etag, origin.lastModified])
    }

    static func fetch(_ db: GRDB.Database, of id: EpisodeID) throws -> AudioSource? {
        let statement = try db.cachedStatement(
            sql: "SELECT url, size, sha256, etag, lastModified FROM audioOrigin WHERE episodeID = ?")
        return try Row.fetchOne(statement, arguments: [id.rawValue]).map { row in
            let digest: Data = row["sha256"]
            return AudioSource(
                url: row["url"], size: row["size"], sha256: digest.map { String(format: "%02x", $0) }.joined(),
                etag: row["etag"], lastModified: row["lastModified"])
        }
    }
}

extension Data {
    /// Nil for what is no whole number of bytes in hexadecimal.
    fileprivate init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        self.init(bytes)
    }
}
