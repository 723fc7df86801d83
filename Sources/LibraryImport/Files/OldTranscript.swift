package import CastCore
import Foundation

/// Makes our native transcript of what the existing server kept.
package enum OldTranscript {
    /// Largest transcript file that is read, in bytes; a whole day of speech is about one megabyte.
    static let largestFile: Int64 = 64 << 20

    /// Reads a Markdown file of the old storage.
    static func read(_ file: OldStorage.File) -> Result<Transcript, NotTaken.Reason> {
        guard file.size <= Self.largestFile else { return .failure(.fileTooLarge) }
        guard let bytes = FileManager.default.contents(atPath: file.path) else { return .failure(.fileUnreadable) }
        return Self.checked(TranscriptMarkdown.parse(String(decoding: bytes, as: UTF8.self)))
    }

    /// What the old search index holds of an episode, as a transcript; nil when it holds nothing.
    package static func transcript(of segments: [OldSegment]) -> Transcript? {
        var sentences: [Transcript.Sentence] = []
        for segment in segments {
            let text = segment.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard !text.isEmpty, let start = segment.start, start.isFinite else { continue }
            let end = segment.end.flatMap { $0.isFinite ? $0 : nil } ?? start
            sentences.append(Transcript.Sentence(text: text, start: start, end: max(start, end)))
        }
        guard !sentences.isEmpty else { return nil }
        sentences[0].startsParagraph = true
        return Transcript(sentences: sentences, source: .node)
    }

    /// Whether two transcripts say the same words, however they are cut into sentences.
    package static func saysTheSame(_ one: Transcript, _ other: Transcript) -> Bool {
        func words(_ transcript: Transcript) -> [Substring] {
            transcript.sentences.flatMap { $0.text.split(whereSeparator: \.isWhitespace) }
        }
        return words(one) == words(other)
    }

    /// Refuses times that no recording has, as the server does with what nodes hand in.
    package static func checked(_ transcript: Transcript) -> Result<Transcript, NotTaken.Reason> {
        let isPlausible = transcript.sentences.allSatisfy { sentence in
            Self.isPlausible(sentence.start, sentence.end)
                && sentence.words.allSatisfy { Self.isPlausible($0.start, $0.end) }
        }
        return isPlausible ? .success(transcript) : .failure(.timesImplausible)
    }

    private static func isPlausible(_ start: Double, _ end: Double) -> Bool {
        start.isFinite && end.isFinite && start >= 0 && end >= start && end < 1_000_000
    }
}
