/// Turns what publishers write into titles and descriptions (HTML, entities, twice escaped or not) into plain text.
package enum PlainText {
    /// One line, with single spaces.
    package static func line(_ text: String) -> String {
        self.decoded(self.stripped(text)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Paragraphs, with an empty line between them at most.
    package static func paragraphs(_ text: String) -> String {
        var lines: [String] = []
        for line in self.decoded(self.stripped(text)).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        {
            let words = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if words.isEmpty, lines.last?.isEmpty ?? true { continue }
            lines.append(words)
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// The text without its tags.
    ///
    /// Only tags of HTML go: `a < b` and `Array<Int>` are left as they are.
    private static func stripped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            result += rest[..<start]
            let inside = rest[rest.index(after: start)...]
            if inside.hasPrefix("!--") {
                rest = inside.firstRange(of: "-->").map { inside[$0.upperBound...] } ?? ""
                continue
            }
            let slash = inside.hasPrefix("/") ? "/" : ""
            let name = inside.dropFirst(slash.count).prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }.lowercased()
            guard let tag = Self.tags[name], let end = inside.firstIndex(of: ">") else {
                result += "<"
                rest = inside
                continue
            }
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

    private static func decoded(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            let inside = rest[rest.index(after: start)...]
            let name = inside.prefix(32).prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "#") }
            let after = inside[name.endIndex...]
            if after.first == ";", let character = HTMLEntities.text(String(name)) {
                result += character
                rest = after.dropFirst()
            } else {
                result += "&"
                rest = inside
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
