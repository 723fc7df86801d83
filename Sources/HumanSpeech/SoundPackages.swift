import CastCore
import Foundation

/// Finds Debian's packages of recorded prompts, or fetches them.
///
/// Installed files are used where they are. Without them (no root, or an image that leaves documentation out) the
/// packages are downloaded and unpacked into the cache folder; apt compares their digests with its signed lists.
struct SoundPackages {
    /// Folder of the recordings, `NAME.g722`.
    var sounds: String
    /// The list of their words, gzipped.
    var list: String

    private static let packages = ["asterisk-core-sounds-en-g722", "asterisk-core-sounds-en"]

    /// - Parameter root: The folder that packages are unpacked to, `/` for those that are installed.
    private init?(below root: String) {
        self.sounds = root + "usr/share/asterisk/sounds/en_US_f_Allison"
        self.list = root + "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
        let isThere = [self.sounds + "/vm-toreply.g722", self.list].allSatisfy(FileManager.default.fileExists)
        if !isThere { return nil }
    }

    static func locate(cache: String) async throws -> SoundPackages {
        let unpacked = cache + "/sounds/"
        if let found = SoundPackages(below: "/") ?? SoundPackages(below: unpacked) { return found }
        do {
            try await self.fetch(to: unpacked)
        } catch let error as CastError {
            throw CastError(
                .unavailable,
                "The recorded prompts are missing. Install them: apt install \(Self.packages.joined(separator: " "))",
                cause: error)
        }
        guard let found = SoundPackages(below: unpacked) else {
            throw CastError(.unavailable, "The packages of recorded prompts do not hold the files expected.")
        }
        return found
    }

    private static func fetch(to folder: String) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await Tool.run("apt-get", ["download", "-q"] + Self.packages, in: folder)
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) where file.hasSuffix(".deb") {
            try await Tool.run("dpkg", ["-x", folder + file, folder])
        }
    }
}
