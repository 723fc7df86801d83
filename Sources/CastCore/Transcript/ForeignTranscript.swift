/// Reads transcripts that others made: publishers' subtitles, JSON, pages and texts.
///
/// Everything in them is hostile: sizes and numbers are bounded, and nothing is taken for markup but the few tags that
/// the formats have.
package enum ForeignTranscript {
    /// The forms that transcripts come in, the most useful first.
    package enum Form: String, Sendable, CaseIterable, Comparable {
        case vtt
        case srt
        /// Podcasting 2.0's: `{"segments": [{"startTime", "endTime", "body", "speaker"}]}`.
        case json
        case html
        case text

        /// The form's name in a sentence.
        package var name: String {
            switch self {
            case .vtt: "WebVTT"
            case .srt: "SubRip"
            case .json: "JSON"
            case .html: "a web page"
            case .text: "plain text"
            }
        }

        package static func < (left: Form, right: Form) -> Bool {
            let all = Self.allCases
            return (all.firstIndex(of: left) ?? 0) < (all.firstIndex(of: right) ?? 0)
        }
    }

    /// Bytes of a transcript; an hour of subtitles has 100 KB.
    package static let limit = 16 << 20

    /// Reads `bytes` as a transcript of the given form.
    ///
    /// The transcript's source is `.publisher`. Who speaks stands in front of a turn's first sentence, `Name: …`, since
    /// a transcript has no other room for it. Words have times only where the file has them for single words; a form
    /// without any times gives sentences that all begin at 0.
    ///
    /// Throws `CastError`: `.tooLarge`, and `.invalid` with a sentence on what is wrong with the file.
    package static func read(_ bytes: some Collection<UInt8>, as form: Form, language: String? = nil) throws
        -> Transcript
    {
        guard bytes.count <= self.limit else {
            throw CastError(.tooLarge, "The transcript is larger than \(self.limit >> 20) MB.")
        }
        let text = TranscriptEncoding.text(bytes)
        guard text.contains(where: { !$0.isWhitespace }) else { throw CastError(.invalid, "The transcript is empty.") }
        var spoken =
            switch form {
            case .vtt: CaptionReader.read(text, isVTT: true)
            case .srt: CaptionReader.read(text, isVTT: false)
            case .json: try SegmentReader.read(text)
            case .html: PageReader.read(text)
            case .text: SpokenText(cues: TextReader.cues(text))
            }
        spoken.language = spoken.language ?? language
        guard spoken.cues.contains(where: { !$0.text.isEmpty }) else {
            throw CastError(.invalid, "The transcript holds no text that could be read as \(form.name).")
        }
        return CueJoiner(language: spoken.language).transcript(spoken)
    }

    /// The form that the bytes themselves have; nil for none that is known.
    package static func form(of bytes: some Collection<UInt8>) -> Form? {
        let text = TranscriptEncoding.text(bytes.prefix(4096))
        let start = text.drop { $0.isWhitespace }
        if start.hasPrefix("WEBVTT") { return .vtt }
        if start.split(whereSeparator: \.isNewline).contains(where: { CaptionReader.times($0) != nil }) { return .srt }
        if start.hasPrefix("{") || start.hasPrefix("[{") || start.hasPrefix("[\n") { return .json }
        let small = start.prefix(1024).lowercased()
        let isPage = ["<!doctype html", "<html", "<head", "<body", "<cite", "<p>", "<p ", "<time", "<div"].contains {
            small.hasPrefix($0)
        }
        if isPage || small.contains("<html") { return .html }
        return start.isEmpty || start.hasPrefix("<") ? nil : .text
    }

    /// The form that a media type or, where that says little, a file's name claims; nil for none that is known.
    package static func form(mediaType: String, path: String) -> Form? {
        let ending = path.lowercased().split(separator: "/").last?.split(separator: ".").dropFirst().last.map(
            String.init)
        let named: Form? =
            switch ending {
            case "vtt", "webvtt": .vtt
            case "srt": .srt
            case "json": .json
            case "html", "htm", "xhtml": .html
            case "txt", "text", "md": .text
            default: nil
            }
        switch mediaType {
        case "text/vtt", "text/webvtt", "application/vtt": return .vtt
        case "application/srt", "application/x-subrip", "text/srt", "application/x-srt", "text/x-srt",
            "application/subrip":
            return .srt
        case "application/json", "text/json", "application/x-json": return .json
        case "text/html", "application/xhtml+xml": return .html
        case "text/plain", "text/markdown": return named ?? .text
        default: return named
        }
    }
}
