package import Foundation

/// Decides whether a file may be handed to the XML parser as it is.
///
/// Foundation's parser ends the process on some documents, seen with Swift 6.3.1: names that are not UTF-8, and
/// processing instructions without content (`<?r?>`). Entities can hide either. So only what is plain UTF-8, without
/// document types and with style sheets for its only instructions, is read as it is; all else is mended first, which
/// leaves none of that.
package enum FeedInspection {
    /// Whether nothing in the file can hurt the parser; it is read once, in pieces.
    package static func isHarmless(_ file: URL) throws -> Bool {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        var isFirst = true
        // The end of a piece, where a character or a mark may be cut in two.
        var rest: [UInt8] = []
        while let piece = try handle.read(upToCount: 64 << 10), !piece.isEmpty {
            var bytes = rest + piece
            if isFirst {
                guard let start = try self.documentStart(bytes) else { return false }
                bytes.removeFirst(start)
                isFirst = false
            }
            let isLast = piece.count < 64 << 10
            // Each mark that is looked for is shorter than what is kept for the next turn.
            let end = isLast ? bytes.count : self.boundary(bytes, near: max(0, bytes.count - 32))
            guard String(validating: bytes[..<end], as: UTF8.self) != nil, self.isPlain(bytes, upTo: end) else {
                return false
            }
            rest = Array(bytes[end...])
        }
        return rest.isEmpty || (String(validating: rest, as: UTF8.self) != nil && self.isPlain(rest, upTo: rest.count))
    }

    /// Where the document begins behind a byte order mark and the XML declaration; nil where that says, or may say, that
    /// it is not UTF-8.
    private static func documentStart(_ bytes: [UInt8]) throws -> Int? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let start = bytes.starts(with: mark) ? 3 : 0
        let text = String(decoding: bytes[start...].prefix(1024), as: UTF8.self)
        guard text.hasPrefix("<?xml"), !text.hasPrefix("<?xml-") else { return start }
        // Exactly as it should be: what the parser takes for something else than a declaration is a trap as well.
        let space = "[\\x20\\t\\r\\n]"
        let pattern =
            "<\\?xml\(space)+version\(space)*=\(space)*[\"']1\\.[0-9][\"']"
            + "(?:\(space)+encoding\(space)*=\(space)*[\"'][uU][tT][fF]-?8[\"'])?"
            + "(?:\(space)+standalone\(space)*=\(space)*[\"'](?:yes|no)[\"'])?\(space)*\\?>"
        let declaration = try Regex(pattern).matchingSemantics(.unicodeScalar)
        return text.prefixMatch(of: declaration).map { start + text[$0.range].utf8.count }
    }

    /// The first place from `place` on, going back, at which a character begins.
    private static func boundary(_ bytes: [UInt8], near place: Int) -> Int {
        var place = place
        while place > 0, bytes[place] & 0xC0 == 0x80 { place -= 1 }
        return place
    }

    /// Whether no instruction, document type or entity begins before `end`, and no zero is there.
    private static func isPlain(_ bytes: [UInt8], upTo end: Int) -> Bool {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return true }
            if memchr(base, 0, end) != nil { return false }
            var offset = 0
            while offset < end, let found = memchr(base + offset, Int32(UInt8(ascii: "<")), end - offset) {
                offset = UnsafeRawPointer(found) - base
                let markup = UnsafeRawBufferPointer(rebasing: buffer[offset...].prefix(32))
                guard self.isPlain(markup) else { return false }
                offset += 1
            }
            return true
        }
    }

    /// Whether what begins with `<` is an element, a comment, CDATA, or a style sheet's instruction.
    private static func isPlain(_ markup: UnsafeRawBufferPointer) -> Bool {
        guard markup.count > 1 else { return true }
        switch markup[1] {
        case UInt8(ascii: "?"):
            let name = "<?xml-stylesheet"
            guard markup.starts(with: name.utf8), markup.count > name.utf8.count else { return false }
            return markup[name.utf8.count] <= 0x20
        case UInt8(ascii: "!"):
            return markup.count > 2 && (markup[2] == UInt8(ascii: "-") || markup[2] == UInt8(ascii: "["))
        default: return true
        }
    }
}
