import CastCore
import Foundation

/// The quality of a transcript as the database keeps it: JSON, which `/metrics` and the filter read in SQL.
enum QualityText {
    static func text(_ quality: TranscriptQuality) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(quality), as: UTF8.self)
    }

    /// Nil for what another version wrote in a form of its own.
    static func quality(_ text: String?) -> TranscriptQuality? {
        text.flatMap { try? JSONDecoder().decode(TranscriptQuality.self, from: Data($0.utf8)) }
    }
}
