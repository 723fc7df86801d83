import CastCore
import CastStore
import Crypto
import Foundation
import Hummingbird
import NIOCore
import Synchronization
import _NIOFileSystem

/// Takes an audio file that a person hands in.
struct AudioUpload: Sendable {
    let parts: ServerParts
    /// More than a day of uncompressed speech.
    static let maximumBytes: Int64 = 4 * 1024 * 1024 * 1024
    /// Longest title in characters; podcasts' own are shorter.
    private static let longestTitle = 300

    /// Streams the body to disk and makes an episode of it.
    ///
    /// The episode is named after the bytes: the same file handed in twice is one episode.
    ///
    /// - Throws: `.invalid` for an empty body, `.tooLarge` above the limit, `.conflict` for a file that is there
    ///   already; nothing is left behind then.
    func take(_ body: RequestBody, title: String, fileExtension: String) async throws -> Episode {
        let storage = self.parts.storage
        let feed = try await self.parts.database.feeds.added(
            isFolderTaken: { storage.exists($0) }, at: self.parts.now())
        let folder = "\(feed.folder)/audio"
        let temporary = "\(folder)/.\(UUID().uuidString).tmp"
        let installed = Installed()
        do {
            let written = try await self.write(body, to: temporary)
            let ending = Self.ending(fileExtension)
            return try await self.parts.database.episodes.add(
                EpisodeDraft(guid: written.digest, title: Self.title(title), publishedAt: self.parts.now()),
                to: feed.id, at: self.parts.now()
            ) { episode in
                let path = storage.audioPath(feed: feed, episode: episode, fileExtension: ending)
                try storage.move(temporary, to: path)
                installed.note(path)
                return (path, written.size)
            }
        } catch {
            try? storage.remove(temporary)
            // The file was in place already, but its episode could not be committed.
            if let path = installed.path { try? storage.remove(path) }
            throw WriteFault.error(error, "The file cannot be taken")
        }
    }

    private func write(_ body: RequestBody, to temporary: String) async throws -> (size: Int64, digest: String) {
        try self.parts.storage.makeFolder(of: temporary)
        let file = try self.parts.storage.url(of: temporary)
        var hash = SHA256()
        var size: Int64 = 0
        try await FileSystem.shared.withFileHandle(
            forWritingAt: FilePath(file.path), options: .newFile(replaceExisting: false)
        ) { handle in
            for try await chunk in body {
                guard size + Int64(chunk.readableBytes) <= Self.maximumBytes else {
                    throw CastError(.tooLarge, "The file is larger than \(Self.maximumBytes) bytes.")
                }
                chunk.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
                size += try await handle.write(contentsOf: chunk, toAbsoluteOffset: size)
            }
            try await handle.synchronize()
        }
        guard size > 0 else { throw CastError(.invalid, "The file is empty.") }
        return (size, hash.finalize().map { String(format: "%02x", $0) }.joined())
    }

    /// A title of one line, whatever was sent.
    static func title(_ text: String) -> String {
        let isBreak = { (scalar: Unicode.Scalar) in
            scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
        }
        let words = text.unicodeScalars.split(whereSeparator: isBreak).map { String($0) }
        let title = String(words.joined(separator: " ").prefix(Self.longestTitle))
        return title.isEmpty ? "Untitled" : title
    }

    /// The ending of the file's name if it may be one; it says nothing about the bytes, which the decoder looks at.
    static func ending(_ text: String) -> String {
        let isPlain = (1...8).contains(text.utf8.count) && text.utf8.allSatisfy { Self.plain.contains($0) }
        return isPlain ? text.lowercased() : "mp3"
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)

    /// Where the file was put, for the case that what follows fails.
    private final class Installed: Sendable {
        private let value = Mutex<String?>(nil)
        var path: String? { self.value.withLock { $0 } }
        func note(_ path: String) { self.value.withLock { $0 = path } }
    }
}
