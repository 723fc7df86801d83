/// Plain text: a paragraph a line, without times.
enum TextRenderer {
    static func render(_ transcript: Transcript) -> String {
        let spacing = Spacing(language: transcript.language)
        let paragraphs = transcript.paragraphs.map { spacing.joined($0.map(\.text)) }.filter { !$0.isEmpty }
        return paragraphs.isEmpty ? "" : paragraphs.joined(separator: "\n\n") + "\n"
    }
}
