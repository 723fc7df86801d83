import Foundation

/// Markdown: front matter, title, and a line a sentence with its time.
enum MarkdownRenderer {
    static func render(_ transcript: Transcript, _ header: TranscriptHeader) -> String {
        var lines = self.frontMatter(transcript, header)
        lines.append("")
        lines.append("# \(self.inline(header.title))")
        lines.append("")
        var failed = (transcript.gaps ?? []).filter { $0.reason == .failed }.sorted { $0.start < $1.start }[...]
        if transcript.isEmpty, failed.isEmpty {
            lines.append("*No speech was found in this audio.*")
            return lines.joined(separator: "\n") + "\n"
        }
        let needsHours = max(transcript.duration ?? 0, transcript.sentences.last?.end ?? 0) >= 3600
        var paragraphs: [String] = []
        for sentences in transcript.paragraphs {
            var paragraph: [String] = []
            for sentence in sentences {
                // What is missing stands where it is missing, as a paragraph of its own.
                while let gap = failed.first, gap.start < sentence.start {
                    if !paragraph.isEmpty { paragraphs.append(paragraph.joined(separator: "\n")) }
                    paragraph = []
                    paragraphs.append(Self.mark(gap, needsHours: needsHours))
                    failed.removeFirst()
                }
                paragraph.append(
                    "**[\(Self.time(sentence.start, needsHours: needsHours))]** \(Self.inline(sentence.text))")
            }
            paragraphs.append(paragraph.joined(separator: "\n"))
        }
        paragraphs += failed.map { Self.mark($0, needsHours: needsHours) }
        lines.append(paragraphs.joined(separator: "\n\n"))
        return lines.joined(separator: "\n") + "\n"
    }

    /// `MM:SS`, or `HH:MM:SS` where the audio is past one hour.
    static func time(_ seconds: Double, needsHours: Bool) -> String {
        let whole = Int(Timecode.clamped(seconds))
        return Timecode.joined(
            needsHours ? [whole / 3600, whole / 60 % 60, whole % 60] : [whole / 60, whole % 60])
    }

    /// A line in italics, which readers of our Markdown take for a note and not for what was said.
    private static func mark(_ gap: Transcript.Gap, needsHours: Bool) -> String {
        let start = self.time(gap.start, needsHours: needsHours)
        return "*[\(start)–\(self.time(gap.end, needsHours: needsHours)) could not be recognised]*"
    }

    private static func frontMatter(_ transcript: Transcript, _ header: TranscriptHeader) -> [String] {
        var lines = ["---"]
        func add(_ key: String, _ value: String?) {
            if let value, !value.isEmpty { lines.append("\(key): \(Self.quoted(value))") }
        }
        add("feed", header.feed)
        add("episode", header.title)
        if let date = header.date {
            lines.append("date: \(date.formatted(Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()))")
        }
        if let duration = transcript.duration {
            lines.append("duration: \(Self.quoted(Self.time(duration, needsHours: true)))")
        }
        add("model", transcript.model)
        add("engine", transcript.engine)
        add("language", transcript.language)
        add("audio", header.audioURL)
        lines.append("source: \(transcript.source.rawValue)")
        lines.append("---")
        return lines
    }

    /// A YAML string in double quotes: whatever a feed says, it is one value on one line.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _
            where scalar.properties.generalCategory == .control || "\u{2028}\u{2029}".unicodeScalars.contains(scalar):
                quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// Whether there is nothing to do: most sentences are plain letters with single spaces.
    private static func isPlain(_ text: String) -> Bool {
        var isAfterSpace = true
        for byte in text.utf8 {
            switch byte {
            case 0x20 where isAfterSpace: return false
            case 0x20: isAfterSpace = true
            case 0x21...0x7E where !Self.marks.contains(byte): isAfterSpace = false
            default: return false
            }
        }
        return !isAfterSpace
    }

    private static let marks = Array("\\`*_[]<".utf8)

    /// Text on one line, in which nothing is Markdown or HTML that was not meant to be.
    private static func inline(_ text: String) -> String {
        if self.isPlain(text) { return text }
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        var safe = ""
        for scalar in line.unicodeScalars where scalar.properties.generalCategory != .control {
            if "\\`*_[]<".unicodeScalars.contains(scalar) { safe.append("\\") }
            safe.unicodeScalars.append(scalar)
        }
        return safe
    }
}
