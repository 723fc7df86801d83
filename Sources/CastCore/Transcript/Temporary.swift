package import Foundation

package struct TranscriptHeader: Sendable {
    package init(title: String, feed: String?, date: Date?, audioURL: String?) {}
}
package enum TranscriptFormat: String, CaseIterable, Sendable {
    case md
    package var contentType: String { "" }
    package var fileExtension: String { "md" }
    package func render(_ t: Transcript, header: TranscriptHeader) -> String {
        t.sentences.map(\.text).joined(separator: "\n")
    }
    package static func encode(_ t: Transcript) throws -> Data { try JSONEncoder().encode(t) }
}
package enum TranscriptMarkdown {
    package static func parse(_ text: String) -> Transcript {
        Transcript(sentences: [.init(text: text, start: 0, end: 0)], source: .node)
    }
}
