import CastCore
import Foundation

/// Finds files of Debian's packages, or fetches them.
///
/// Installed files are used where they are. Without them (no root, or an image that leaves documentation out) the
/// packages are downloaded and unpacked into the cache folder; apt compares their digests with its signed lists.
struct SoundPackages {
    private static let prompts = SoundPackages(
        names: ["asterisk-core-sounds-en-g722", "asterisk-core-sounds-en"],
        files: [Self.sounds + "/vm-toreply.g722", Self.list])
    private static let music = SoundPackages(
        names: ["asterisk-moh-opsound-g722"], files: [Self.pieces + "/macroform-cold_day.g722"])

    private static let sounds = "usr/share/asterisk/sounds/en_US_f_Allison"
    private static let list = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    private static let pieces = "usr/share/asterisk/moh"

    private let names: [String]
    /// What is in them, below the root folder.
    private let files: [String]

    /// The folder of the recorded prompts, `NAME.g722`, and the list of their words, gzipped.
    static func locatePrompts(cache: String) async throws -> (sounds: String, list: String) {
        let root = try await self.prompts.locate(cache: cache)
        return (root + self.sounds, root + self.list)
    }

    /// The folder of the recorded music, `NAME.g722`.
    static func locateMusic(cache: String) async throws -> String {
        try await self.music.locate(cache: cache) + self.pieces
    }

    private func areThere(below root: String) -> Bool {
        self.files.allSatisfy { FileManager.default.fileExists(atPath: root + $0) }
    }

    /// - Returns: The folder that the packages are unpacked to, `/` for those that are installed.
    private func locate(cache: String) async throws -> String {
        let unpacked = cache + "/sounds/"
        if let root = ["/", unpacked].first(where: self.areThere) { return root }
        do {
            try await self.fetch(to: unpacked)
        } catch let error as CastError {
            throw CastError(
                .unavailable,
                "Recorded sounds are missing. Install them: apt install \(self.names.joined(separator: " "))",
                cause: error)
        }
        guard self.areThere(below: unpacked) else {
            throw CastError(.unavailable, "The packages of recorded sounds do not hold the files expected.")
        }
        return unpacked
    }

    private func fetch(to folder: String) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await Tool.run("apt-get", ["download", "-q"] + self.names, in: folder)
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) where file.hasSuffix(".deb") {
            try await Tool.run("dpkg", ["-x", folder + file, folder])
        }
    }
}
