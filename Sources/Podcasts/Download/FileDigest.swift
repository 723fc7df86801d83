import CastCore
import Crypto
package import Foundation

/// The SHA-256 of files.
package enum FileDigest {
    /// Reads the whole file; 64 digits of hexadecimal.
    ///
    /// - Throws: `.unavailable` when it cannot be read.
    package static func sha256(of file: URL) throws -> String {
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            var hash = SHA256()
            while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
            return self.text(hash.finalize())
        } catch {
            throw CastError(.unavailable, "\(file.lastPathComponent) cannot be read.", cause: error)
        }
    }

    static func text(_ digest: SHA256.Digest) -> String { digest.map { String(format: "%02x", $0) }.joined() }
}
