/// Reads transcripts that are web pages: Podcasting 2.0's form (`cite`, `time`, `p`), and plain paragraphs.
struct PageReader {
    private var cues: [SpokenText.Cue] = []
    private var text = ""
    private var speaker: String?
    private var start: Double?
    private var language: String?

    static func read(_ page: String) -> SpokenText {
        var reader = PageReader()
        reader.walk(page)
        reader.finish()
        return SpokenText(cues: reader.withoutLabels(), language: reader.language)
    }

    private mutating func walk(_ page: String) {
        var rest = page[...]
        while let open = rest.utf8.firstIndex(of: UInt8(ascii: "<")), self.cues.count < SpokenText.most {
            self.text += rest[..<open]
            let inside = rest[rest.utf8.index(after: open)...]
            if inside.hasPrefix("!--") {
                rest = inside.firstRange(of: "-->").map { inside[$0.upperBound...] } ?? ""
                continue
            }
            let slash = inside.hasPrefix("/")
            let name = inside.dropFirst(slash ? 1 : 0).prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
                .lowercased()
            guard !name.isEmpty || inside.hasPrefix("!"),
                let close = Self.end(ofTag: inside)
            else {
                self.text += "<"
                rest = inside
                continue
            }
            let tag = inside[..<close]
            rest = inside[inside.utf8.index(after: close)...]
            self.take(name, tag, isEnd: slash, &rest)
        }
        self.text += rest
    }

    private mutating func take(_ name: String, _ tag: Substring, isEnd: Bool, _ rest: inout Substring) {
        switch name {
        case "script", "style", "head", "nav", "footer", "header", "title", "template", "noscript", "select", "svg":
            guard !isEnd, !tag.hasSuffix("/") else { return }
            self.finish()
            // What is never closed hides the rest: better than reading a script aloud.
            rest = Self.behind(">", in: Self.behind("</\(name)", in: rest))
        case "html":
            if let match = tag.firstMatch(of: /\blang\s*=\s*["']?([A-Za-z]{2,3})\b/) {
                self.language = match.1.lowercased()
            }
        case "cite" where !isEnd:
            self.finish()
            let content = Self.content(of: name, in: &rest)
            self.speaker = SpokenText.name(content)
            self.start = nil
        case "time" where !isEnd:
            self.finish()
            let content = SpokenText.line(Self.content(of: name, in: &rest))
            self.start = TextReader.clock(content[...]) ?? CaptionReader.seconds(content[...]) ?? self.start
        case "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article", "dd", "dt",
            "body", "td", "main", "pre":
            self.finish()
        case "br": self.text += " "
        default: break
        }
    }

    private mutating func finish() {
        defer { self.text = "" }
        let line = SpokenText.line(HTMLEntities.decoded(self.text))
        guard !line.isEmpty else { return }
        self.cues.append(.init(start: self.start, text: line, speaker: self.speaker, startsParagraph: true))
    }

    /// A page of the form has speakers or times; what stands before the first of them is the page's own.
    private func withoutLabels() -> [SpokenText.Cue] {
        guard let first = self.cues.firstIndex(where: { $0.speaker != nil || $0.start != nil }) else {
            return TextReader.cues(self.cues.map(\.text).joined(separator: "\n\n"))
        }
        return Array(self.cues[first...])
    }

    /// The text of an element that holds no other of its name; empty for one that is not closed soon.
    private static func content(of name: String, in rest: inout Substring) -> String {
        var content = ""
        var inside = rest[...]
        // Names and times are short.
        while content.utf8.count <= 500, let open = inside.utf8.prefix(500).firstIndex(of: UInt8(ascii: "<")) {
            content += inside[..<open]
            let tag = inside[open...].utf8.prefix(name.utf8.count + 2)
            let small = String(decoding: tag, as: UTF8.self).lowercased()
            guard !small.hasPrefix("<\(name)"), let close = self.end(ofTag: inside[open...].dropFirst()) else { break }
            inside = inside[inside.utf8.index(after: close)...]
            if small == "</\(name)" {
                rest = inside
                return HTMLEntities.decoded(content)
            }
        }
        return ""
    }

    /// Where the `>` of a tag is; nil where another tag begins before it, or none ends soon.
    private static func end(ofTag inside: Substring) -> Substring.Index? {
        let end = inside.utf8.prefix(4000).firstIndex { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") }
        return end.flatMap { inside.utf8[$0] == UInt8(ascii: ">") ? $0 : nil }
    }

    private static func behind(_ mark: String, in text: Substring) -> Substring {
        let found = text.firstRange(of: mark) ?? text.firstRange(of: mark.uppercased())
        return found.map { text[$0.upperBound...] } ?? ""
    }
}
