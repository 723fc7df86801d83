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
        if let transcript = try self.native(at: native) { return transcript }
        return TranscriptMarkdown.parse(String(decoding: try self.storage.read(path), as: UTF8.self))
    }

    /// The transcript that a second try left over; nil when there is none.
    func other(_ episode: Episode) throws -> Transcript? {
        try episode.transcriptPath.flatMap { try self.native(at: TranscriptIntake.otherPath(of: $0)) }
    }

    private func native(at path: String) throws -> Transcript? {
        guard self.storage.exists(path) else { return nil }
        do {
            return try JSONDecoder().decode(Transcript.self, from: try self.storage.read(path))
        } catch let error as DecodingError {
            throw CastError(.internalFault, "The transcript \(path) is damaged.", cause: error)
        }
    }
}
