import CastCore
import CastStore
import Foundation
import Hummingbird
import NIOCore
import _NIOFileSystem

/// Takes an audio file that a person hands in.
struct AudioUpload: Sendable {
    let parts: ServerParts
    /// More than a day of uncompressed speech.
    static let maximumBytes: Int64 = 4 * 1024 * 1024 * 1024

    /// Streams the body to disk and makes an episode of it.
    ///
    /// - Throws: `.invalid` for an empty body, `.tooLarge` above the limit; nothing is left behind then.
    func take(_ body: RequestBody, title: String, fileExtension: String) async throws -> Episode {
        let feed = try await self.parts.database.feeds.added(at: self.parts.now())
        let folder = "\(feed.folder)/audio"
        try self.parts.storage.makeFolder(of: "\(folder)/any")
        let temporary = "\(folder)/.\(UUID().uuidString).tmp"
        let file = try self.parts.storage.url(of: temporary)
        do {
            let size = try await self.write(body, to: file)
            let ending = fileExtension.isEmpty ? "mp3" : fileExtension.lowercased()
            let episode = try await self.parts.database.episodes.add(
                EpisodeDraft(guid: UUID().uuidString.lowercased(), title: title, publishedAt: self.parts.now()),
                to: feed.id, at: self.parts.now())
            let path = self.parts.storage.audioPath(feed: feed, episode: episode, fileExtension: ending)
            do {
                try self.parts.storage.move(temporary, to: path)
                try await self.parts.database.episodes.setAudio(
                    episode.id, path: path, size: size, duration: nil, at: self.parts.now())
            } catch {
                try await self.parts.database.episodes.remove(episode.id)
                throw error
            }
            return try await self.parts.database.episodes.get(episode.id)
        } catch {
            try? self.parts.storage.remove(temporary)
            throw error
        }
    }

    private func write(_ body: RequestBody, to file: URL) async throws -> Int64 {
        let size = try await FileSystem.shared.withFileHandle(
            forWritingAt: FilePath(file.path), options: .newFile(replaceExisting: false)
        ) { handle in
            var offset: Int64 = 0
            for try await chunk in body {
                guard offset + Int64(chunk.readableBytes) <= Self.maximumBytes else {
                    throw CastError(.tooLarge, "The file is larger than \(Self.maximumBytes) bytes.")
                }
                offset += try await handle.write(contentsOf: chunk, toAbsoluteOffset: offset)
            }
            try await handle.synchronize()
            return offset
        }
        guard size > 0 else { throw CastError(.invalid, "The file is empty.") }
        return size
    }
}
