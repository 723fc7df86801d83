package import CastCore
package import Foundation

/// Turns audio files into transcripts; what a worker and `cast2md transcribe` are written against.
///
/// The real one is `SpeechPipeline`. Calls may overlap, and should: what is decoded of all files is recognised together.
package protocol Transcriber: Sendable {
    /// The model's id, for example `base` or `large-v3-turbo`.
    var model: String { get }

    /// Which kind of engine serves the model.
    var backend: Backend { get }

    /// What the stages between a file and its transcript have done so far.
    var stages: [StageReport] { get }

    /// Transcribes one file.
    ///
    /// - Parameters:
    ///   - path: The file's path; anything that ffmpeg reads.
    ///   - language: ISO 639-1 code, or nil to have it detected once for the file.
    ///   - duration: Seconds that the audio is said to have; for the progress, and to plan ahead. The file is asked when it
    ///     is nil, which takes a program's start more.
    ///   - checkpoint: Where to keep what is recognised so far; what is there of an earlier run is not recognised again.
    ///     Whoever names it removes it. Nil keeps nothing.
    ///   - onProgress: Called with the share of the audio that is done, 0 to 1, never falling; not more than once a
    ///     percent.
    /// - Returns: The transcript. Silence gives one without words.
    /// - Throws: `CastError` with `.unreadableMedia` for a file that cannot be decoded (nobody will do better) and
    ///   `.engineFailed` or `.unavailable` for a recogniser that cannot do its work (another worker may).
    func transcribe(
        _ path: String, language: String?, duration: Double?, checkpoint: URL?,
        onProgress: @escaping @Sendable (Double) -> Void
    ) async throws -> Transcript
}

extension Transcriber {
    package var stages: [StageReport] { [] }

    /// Transcribes one file of which nothing is known beforehand.
    package func transcribe(
        _ path: String, language: String?, checkpoint: URL? = nil, onProgress: @escaping @Sendable (Double) -> Void
    ) async throws -> Transcript {
        try await self.transcribe(
            path, language: language, duration: nil, checkpoint: checkpoint, onProgress: onProgress)
    }
}
