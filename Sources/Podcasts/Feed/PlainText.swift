import CastCore

/// Turns what publishers write into titles and descriptions (HTML, entities, twice escaped or not) into plain text.
package enum PlainText {
    /// One line, with single spaces.
    package static func line(_ text: String) -> String {
        self.squeezed(HTMLEntities.decoded(self.stripped(text)), keepsLines: false)
    }

    /// Paragraphs, with an empty line between them at most.
    package static func paragraphs(_ text: String) -> String {
        self.squeezed(HTMLEntities.decoded(self.stripped(text)), keepsLines: true)
    }

    /// White space made one space, one line's end or one empty line.
    ///
    /// Bytes instead of characters: a large feed has tens of megabytes of descriptions.
    private static func squeezed(_ text: String, keepsLines: Bool) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        var hasSpace = false
        var lines = 0
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x0A, 0x0D:
                if byte == 0x0D, rest.first == 0x0A { rest.removeFirst() }
                if keepsLines { lines += 1 } else { hasSpace = true }
            case 0x20, 0x09, 0x0B, 0x0C: hasSpace = true
            case 0xC2 where rest.first == 0xA0:  // the space that does not break
                rest.removeFirst()
                hasSpace = true
            // Unicode's own ends of a line and of a paragraph.
            case 0xE2 where rest.starts(with: [0x80, 0xA8]) || rest.starts(with: [0x80, 0xA9]):
                rest.removeFirst(2)
                if keepsLines { lines += 1 } else { hasSpace = true }
            default:
                if !result.isEmpty, lines > 0 {
                    result.append(contentsOf: lines > 1 ? [0x0A, 0x0A] : [0x0A])
                } else if !result.isEmpty, hasSpace {
                    result.append(0x20)
                }
                hasSpace = false
                lines = 0
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The text without its tags.
    ///
    /// Only tags of HTML go: `a < b` and `Array<Int>` are left as they are.
    private static func stripped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.utf8.firstIndex(of: UInt8(ascii: "<")) {
            result += rest[..<start]
            let inside = rest[rest.index(after: start)...]
            if inside.hasPrefix("!--") {
                rest = inside.firstRange(of: "-->").map { inside[$0.upperBound...] } ?? ""
                continue
            }
            let slash = inside.hasPrefix("/") ? "/" : ""
            let name = inside.dropFirst(slash.count).prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }.lowercased()
            guard let tag = Self.tags[name] else {
                result += "<"
                rest = inside
                continue
            }
            // Looked for once: where none follows, no tag does.
            guard let end = inside.utf8.firstIndex(of: UInt8(ascii: ">")) else { return result + "<" + inside }
            rest = inside[inside.index(after: end)...]
            switch tag {
            case .inline: break
            case .line: result += "\n"
            case .block: result += "\n\n"
            case .item: result += slash.isEmpty ? "\n• " : ""
            case .hidden:
                guard slash.isEmpty else { break }
                rest = rest.firstRange(of: "</\(name)").map { rest[$0.lowerBound...] } ?? ""
            }
        }
        return result + rest
    }

    private enum Tag { case inline, line, block, item, hidden }

    private static let tags: [String: Tag] = {
        var tags: [String: Tag] = ["br": .line, "tr": .line, "dt": .line, "dd": .line, "li": .item]
        for name in ["script", "style"] { tags[name] = .hidden }
        for name in [
            "p", "div", "ul", "ol", "dl", "table", "blockquote", "pre", "hr", "section", "article", "header", "footer",
            "h1", "h2", "h3", "h4", "h5", "h6", "figure", "html", "body", "head",
        ] { tags[name] = .block }
        for name in [
            "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd",
            "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "td", "th", "tbody", "thead",
            "time", "tt", "u", "var", "wbr", "audio", "video", "source", "iframe", "figcaption", "title", "meta",
            "link",
        ] { tags[name] = .inline }
        return tags
    }()
}
