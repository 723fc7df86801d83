package import CastCore

/// Turns an audio file into a transcript; what a worker and `cast2md transcribe` are written against.
///
/// The real one is `SpeechPipeline`. Calls may overlap: a pipeline shares its engine among them.
package protocol Transcriber: Sendable {
    /// The model's id as in the mission's table, for example `base` or `large-v3-turbo`.
    var model: String { get }

    /// Which kind of engine serves the model.
    var backend: Backend { get }

    /// Transcribes one file.
    ///
    /// - Parameters:
    ///   - path: The file's path; anything that ffmpeg reads.
    ///   - language: ISO 639-1 code, or nil to have it detected once for the file.
    ///   - onProgress: Called with the share of the audio that is done, 0 to 1, never falling; not more than a few
    ///     times a second.
    /// - Returns: The transcript. Silence gives one without words.
    /// - Throws: `CastError` with `.unreadableMedia` for a file that cannot be decoded (nobody will do better) and
    ///   `.engineFailed` or `.unavailable` for a recogniser that cannot do its work (another worker may).
    func transcribe(
        _ path: String, language: String?, onProgress: @escaping @Sendable (Double) -> Void
    ) async throws -> Transcript
}
