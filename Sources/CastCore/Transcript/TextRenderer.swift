/// Plain text: a paragraph a line, without times.
enum TextRenderer {
    static func render(_ transcript: Transcript) -> String {
        let paragraphs = transcript.paragraphs.map { $0.map(\.text).joined(separator: " ") }.filter { !$0.isEmpty }
        return paragraphs.isEmpty ? "" : paragraphs.joined(separator: "\n\n") + "\n"
    }
}
