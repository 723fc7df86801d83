/// What a cue's lines say, without the tags of their format.
enum CaptionText {
    /// The parts of different speakers, each on one line; nil where nobody is named.
    static func parts(_ lines: [Substring], isVTT: Bool) -> [(speaker: String?, text: String)] {
        var parts: [(speaker: String?, text: String)] = []
        var text = ""
        var speaker: String?
        func finish() {
            let line = SpokenText.line(HTMLEntities.decoded(text))
            if !line.isEmpty { parts.append((speaker, line)) }
            text = ""
        }
        var rest = lines.joined(separator: " ")[...]
        while let start = rest.utf8.firstIndex(of: UInt8(ascii: "<")) {
            text += rest[..<start]
            let inside = rest[rest.index(after: start)...]
            let end = inside.utf8.prefix(200).firstIndex { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") }
            guard let end, inside.utf8[end] == UInt8(ascii: ">"), self.isTag(inside[..<end], isVTT: isVTT) else {
                text += "<"
                rest = inside
                continue
            }
            let tag = inside[..<end]
            if isVTT, let name = self.voice(tag) {
                finish()
                speaker = name
            } else if isVTT, tag == "/v" {
                finish()
                speaker = nil
            }
            rest = inside[inside.index(after: end)...]
        }
        text += rest
        finish()
        return parts.map { ($0.speaker, isVTT ? $0.text : self.withoutOverrides($0.text)) }.filter { !$0.text.isEmpty }
    }

    /// `b`, `/i`, `c.yellow`, `v Ada`, `00:01:02.500`, `font color="red"`; `3` of “I <3 it> …” is none.
    private static func isTag(_ tag: Substring, isVTT: Bool) -> Bool {
        if isVTT, tag.first?.isNumber == true { return CaptionReader.seconds(tag) != nil && tag.contains(":") }
        let name = tag.drop { $0 == "/" }.prefix { $0.isASCII && $0.isLetter }.lowercased()
        return ["b", "i", "u", "s", "c", "v", "lang", "ruby", "rt", "font", "span", "br", "em", "strong"].contains(name)
    }

    /// The name of `v Ada`, `v.loud Ada`.
    private static func voice(_ tag: Substring) -> String? {
        guard tag.hasPrefix("v ") || tag.hasPrefix("v."), let space = tag.firstIndex(of: " ") else { return nil }
        return SpokenText.name(HTMLEntities.decoded(String(tag[space...])))
    }

    /// `{\an8}` and its kin, which say where on the screen a text of SubRip stands.
    private static func withoutOverrides(_ text: String) -> String {
        guard text.contains("{\\") else { return text }
        return SpokenText.line(text.replacing(/\{\\[^}]{0,80}\}/, with: ""))
    }
}
