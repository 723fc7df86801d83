/// The family of models that a worker serves; over the wire `whisper_backend`.
package enum Backend: String, Sendable, Codable, CaseIterable {
    case parakeet
    case whisper

    /// The backend that serves a model: it follows the model's name, whatever engine a machine has (docs/speech.md).
    package init(model: String) {
        self = model.lowercased().hasPrefix("parakeet") ? .parakeet : .whisper
    }
}
