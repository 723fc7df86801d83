import CastCore
package import Foundation

/// Music that people have made, in which nobody sings: what podcasts begin and end with.
///
/// It is Debian's `asterisk-moh-opsound-g722` (five pieces, CC-BY-SA 3.0), eighteen minutes.
package enum RecordedMusic {
    /// Finds the pieces, or fetches them.
    ///
    /// - Parameter cache: A folder for what is fetched and decoded; a second call finds everything there.
    /// - Returns: Files of 16 kHz, mono, 16 bits, little-endian, without a header; in the order of their names.
    /// - Throws: `CastError` that says which package to install.
    package static func load(cache: String = ".cache") async throws -> [URL] {
        let source = try await SoundPackages.locateMusic(cache: cache)
        let folder = cache + "/music"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var pieces: [URL] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: source).sorted()
        where name.hasSuffix(".g722") {
            let piece = "\(folder)/\(name.dropLast(5)).raw"
            if !FileManager.default.fileExists(atPath: piece) {
                let draft = "\(folder)/\(UUID().uuidString).raw"
                try await Tool.run(
                    "ffmpeg",
                    [
                        "-v", "error", "-nostdin", "-f", "g722", "-i", "\(source)/\(name)", "-f", "s16le", "-ac", "1",
                        "-ar", "16000", draft,
                    ])
                // Whole or not at all, also when two tests come at once.
                try HumanPrompts.rename(draft, to: piece)
            }
            pieces.append(URL(fileURLWithPath: piece))
        }
        return pieces
    }
}
