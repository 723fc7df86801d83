package import Foundation

/// A form that a transcript can be had in; every one is rendered from the native transcript.
package enum TranscriptFormat: String, Sendable, CaseIterable {
    case md
    case txt
    case srt
    case vtt
    /// The native form: words, times, probabilities.
    case json
    /// Podcasting 2.0's JSON, which players read.
    case podcast
    /// A page, for players that show pages.
    case html

    package var fileExtension: String { self == .podcast ? "podcast.json" : self.rawValue }

    package var contentType: String {
        switch self {
        case .md: "text/markdown; charset=utf-8"
        case .txt: "text/plain; charset=utf-8"
        case .srt: "application/x-subrip; charset=utf-8"
        case .vtt: "text/vtt; charset=utf-8"
        case .json, .podcast: "application/json"
        case .html: "text/html; charset=utf-8"
        }
    }

    package func render(_ transcript: Transcript, header: TranscriptHeader) throws -> String {
        switch self {
        case .md: MarkdownRenderer.render(transcript, header)
        case .txt: TextRenderer.render(transcript)
        case .srt: CueRenderer.srt(transcript)
        case .vtt: CueRenderer.vtt(transcript)
        case .json: String(decoding: try Self.encode(transcript), as: UTF8.self)
        case .podcast: SegmentRenderer.json(transcript)
        case .html: SegmentRenderer.html(transcript, title: header.title)
        }
    }

    /// The native form as bytes; the same transcript always gives the same ones.
    package static func encode(_ transcript: Transcript) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(transcript)
    }
}

extension Transcript {
    /// The sentences, grouped where a new paragraph begins.
    package var paragraphs: [[Sentence]] {
        self.sentences.reduce(into: []) { paragraphs, sentence in
            if sentence.startsParagraph || paragraphs.isEmpty {
                paragraphs.append([sentence])
            } else {
                paragraphs[paragraphs.count - 1].append(sentence)
            }
        }
    }
}
