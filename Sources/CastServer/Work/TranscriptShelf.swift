import CastCore
import CastStore
import Foundation

/// Reads transcripts back from the storage.
struct TranscriptShelf: Sendable {
    let storage: StorageFolder

    /// The native form if it is there, else what the Markdown says.
    ///
    /// - Throws: `.notFound` when the episode has none, or its file is gone.
    func read(_ episode: Episode) throws -> Transcript {
        guard let path = episode.transcriptPath else {
            throw CastError(.notFound, "Episode has no transcript yet; its state is \(episode.state.rawValue).")
        }
        let native = TranscriptIntake.nativePath(of: path)
        if self.storage.exists(native) {
            do {
                return try JSONDecoder().decode(Transcript.self, from: try self.storage.read(native))
            } catch let error as DecodingError {
                throw CastError(.internalFault, "The transcript \(native) is damaged.", cause: error)
            }
        }
        return TranscriptMarkdown.parse(String(decoding: try self.storage.read(path), as: UTF8.self))
    }
}
