/// The family of models that a worker serves; over the wire `whisper_backend`.
package enum Backend: String, Sendable, Codable, CaseIterable {
    case parakeet
    case whisper

    /// The backend that serves a model: it follows the model's name, as in the table of models (docs/runpod.md).
    package init(model: String) {
        self = model.lowercased().hasPrefix("parakeet") ? .parakeet : .whisper
    }
}
