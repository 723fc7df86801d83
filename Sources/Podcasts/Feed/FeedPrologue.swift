import Foundation

/// What stands before a document's first element, and whether that is a trap.
struct FeedPrologue {
    /// What is declared there that is never read, as the object of a sentence.
    private(set) var danger: String?

    /// Own abbreviations are shorter; what is longer is there to be multiplied.
    private static let longestEntity = 1024

    init(_ start: [UInt8]) {
        // UTF-16 has a zero in every other byte of what is looked for here.
        let text = String(decoding: start.filter { $0 != 0 }, as: UTF8.self)
        let end = text.firstMatch(of: /<[A-Za-z]/)?.range.lowerBound ?? text.endIndex
        for piece in text[..<end].split(separator: "<!ENTITY").dropFirst() {
            self.danger = self.danger ?? Self.danger(of: Self.declaration(piece))
        }
    }

    /// Up to the `>` that is not within quotation marks.
    private static func declaration(_ piece: Substring) -> Substring {
        var quote: UInt8?
        for index in piece.utf8.indices {
            let byte = piece.utf8[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                if quote == nil { quote = byte } else if quote == byte { quote = nil }
            } else if byte == UInt8(ascii: ">"), quote == nil {
                return piece[..<index]
            }
        }
        return piece
    }

    private static func danger(of declaration: Substring) -> String? {
        // HTML's own names, declared by reference as the DTDs of old feeds do: we know them without reading that.
        if declaration.contains("-//W3C//ENTITIES") { return nil }
        if declaration.prefixMatch(of: /\s+(?:%\s+)?[^\s"']+\s+(?:SYSTEM|PUBLIC)\b/) != nil {
            return "entities from elsewhere"
        }
        if declaration.contains(/&[A-Za-z_]/) || declaration.contains(/%[A-Za-z_]/) {
            return "entities that expand into others"
        }
        return declaration.utf8.count > self.longestEntity ? "large entities" : nil
    }
}
