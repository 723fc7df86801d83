/// A program that recognises: turns a batch of segments into words with times.
package protocol SpeechEngine: Sendable {
    /// Segments that one call should hold for the machine to be busy.
    var batchSize: Int { get }

    /// Recognises a batch.
    ///
    /// - Parameter language: ISO 639-1 code; nil lets the engine find out.
    /// - Returns: One result a segment, in the segments' order.
    /// - Throws: `CastError` with `.engineFailed` or `.unavailable`; `.invalid` for a language the model does not know.
    func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult
}

/// What an engine makes of a batch.
package struct BatchResult: Sendable, Equatable {
    /// A word with times in seconds from the start of its segment.
    package struct Word: Sendable, Equatable {
        package var text: String
        package var start: Double
        package var end: Double
        package var probability: Double?

        package init(text: String, start: Double, end: Double, probability: Double?) {
            self.text = text
            self.start = start
            self.end = end
            self.probability = probability
        }
    }

    package var segments: [[Word]]
    package var language: String?
    package var languageProbability: Double?
    /// The program with its version, for example `faster-whisper 1.2.1`.
    package var engine: String

    package init(segments: [[Word]], language: String?, languageProbability: Double?, engine: String) {
        self.segments = segments
        self.language = language
        self.languageProbability = languageProbability
        self.engine = engine
    }
}
