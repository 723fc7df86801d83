import CastCore
import Crypto
import EmbeddedEngine
import Foundation

/// A file that ships inside the program.
struct EmbeddedFile: Sendable {
    let name: String
    let bytes: Data

    init(_ name: String) throws {
        var count = 0
        guard let start = embedded_engine_file(name, &count) else {
            throw CastError(.internalFault, "The program was built without its file \(name).")
        }
        self.name = name
        self.bytes = Data(bytes: start, count: count)
    }

    /// The start of the SHA-256, as a name for what depends on the content.
    static func digest(of files: [EmbeddedFile]) -> String {
        var hash = SHA256()
        for file in files { hash.update(data: file.bytes) }
        return hash.finalize().prefix(6).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }.joined()
    }
}
