import CastCore
import Foundation

/// Makes sound XML of a feed that almost is.
///
/// It mends what feeds get wrong in practice: the encoding, bare ampersands and less-than signs, HTML's named
/// characters, control characters, text before the document, prefixes that nobody declared, tags that nobody closed or
/// opened, attributes without quotation marks. Declared entities go with their declarations and are never expanded; what
/// refers to them stays as text.
struct FeedRepair {
    var contentType: String?

    var input: [UInt8] = []
    var output: [UInt8] = []
    var index = 0
    /// Where declarations can be put in: behind the root element's name.
    var rootNameEnd: Int?
    var usedPrefixes: Set<String> = []
    /// Where the names of the elements stand that are open.
    var open: [Range<Int>] = []

    init(contentType: String?) { self.contentType = contentType }

    /// Reads `file` and writes the mended copy.
    ///
    /// The whole text is in memory meanwhile: a fetched feed is bounded, and few need this.
    func write(_ file: URL, to copy: URL) throws {
        var repair = self
        let text = try repair.mended(Data(contentsOf: file, options: .mappedIfSafe))
        do {
            try Data(text).write(to: copy)
        } catch {
            throw CastError(.storageFull, "The feed could not be written to disk.", cause: error)
        }
    }

    mutating func mended(_ data: Data) -> [UInt8] {
        self.input = FeedText.utf8(data, contentType: self.contentType)
        self.output.reserveCapacity(self.input.count + 1024)
        self.index = Self.start(of: self.input)
        while self.index < self.input.count {
            switch self.input[self.index] {
            case UInt8(ascii: "<"): self.markup()
            case UInt8(ascii: "&"): self.reference()
            case UInt8(ascii: "]") where self.rest(startsWith: "]]>"):
                self.output.append(contentsOf: "]]&gt;".utf8)
                self.index += 3
            default: self.copyByte()
            }
        }
        return self.withDeclarations()
    }

    /// Where the document begins: behind warnings and whatever else a server's programs said before it.
    private static func start(of input: [UInt8]) -> Int {
        let small = input.prefix(64 << 10).map(\.inSmallLetters)
        for (index, byte) in small.enumerated() where byte == UInt8(ascii: "<") {
            for name in ["?xml", "rss", "feed", "rdf:rdf", "opml"] where small[(index + 1)...].starts(with: name.utf8) {
                let next = index + 1 + name.utf8.count
                if next < small.count, small[next] <= 0x20 || small[next] == UInt8(ascii: ">") { return index }
            }
        }
        return input.firstIndex(of: UInt8(ascii: "<")) ?? input.count
    }

    private mutating func markup() {
        if self.rest(startsWith: "<![CDATA[") {
            let end = self.find("]]>", from: self.index) ?? self.input.count
            while self.index < min(end + 3, self.input.count) { self.copyByte() }
            if end == self.input.count { self.output.append(contentsOf: "]]>".utf8) }
        } else if self.rest(startsWith: "<!--") {
            self.index = self.find("-->", from: self.index).map { $0 + 3 } ?? self.input.count
        } else if self.rest(startsWith: "<?") {
            self.index = self.find("?>", from: self.index).map { $0 + 2 } ?? self.input.count
        } else if self.rest(startsWith: "<!") {
            self.skipDeclaration()
        } else if let next = self.byte(at: self.index + 1), next.isNameStart || next == UInt8(ascii: "/") {
            self.tag()
        } else {
            self.output.append(contentsOf: "&lt;".utf8)
            self.index += 1
        }
    }

    /// A document type with everything between its brackets.
    private mutating func skipDeclaration() {
        var depth = 0
        while let byte = self.byte(at: self.index) {
            self.index += 1
            if byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "]") { depth -= 1 }
            if byte == UInt8(ascii: ">"), depth <= 0 { return }
        }
    }

    mutating func reference() {
        let end = self.input[self.index...].prefix(34).firstIndex(of: UInt8(ascii: ";"))
        let name = end.map { String(decoding: self.input[(self.index + 1)..<$0], as: UTF8.self) } ?? ""
        switch name {
        case "amp", "lt", "gt", "quot", "apos":
            self.output.append(contentsOf: "&\(name);".utf8)
        default:
            guard let text = HTMLEntities.text(name) else {
                // A number that stands for no character goes; anything else was meant as an ampersand.
                if name.contains(/^#(?:\d+|[xX][0-9A-Fa-f]+)$/) { break }
                self.output.append(contentsOf: "&amp;".utf8)
                self.index += 1
                return
            }
            // By number, so that a numbered `<` or quotation mark stays text.
            for scalar in text.unicodeScalars { self.output.append(contentsOf: "&#\(scalar.value);".utf8) }
        }
        self.index = (end ?? self.index) + 1
    }

    mutating func copyByte() {
        let byte = self.input[self.index]
        self.index += 1
        if byte < 0x20, byte != 0x9, byte != 0xA, byte != 0xD { return }
        // U+FFFE and U+FFFF are valid in UTF-8 and not in XML.
        if byte == 0xEF, self.byte(at: self.index) == 0xBF, let last = self.byte(at: self.index + 1), last >= 0xBE {
            self.index += 2
            return
        }
        self.output.append(byte)
    }

    private func withDeclarations() -> [UInt8] {
        let declaration = Array(#"<?xml version="1.0" encoding="UTF-8"?>"#.utf8)
        guard let end = self.rootNameEnd else { return declaration + self.output }
        let root = String(decoding: self.output[end...].prefix { $0 != UInt8(ascii: ">") }, as: UTF8.self)
        let missing = self.usedPrefixes.filter { prefix in
            prefix != "xmlns" && prefix != "xml" && !root.contains("xmlns:\(prefix)")
        }
        // The address does not matter: `FeedNames` goes by the prefix where it does not know one.
        let added = missing.sorted().map { " xmlns:\($0)=\"urn:undeclared:\($0)\"" }.joined()
        return declaration + self.output[..<end] + Array(added.utf8) + self.output[end...]
    }

    func byte(at index: Int) -> UInt8? { index < self.input.count ? self.input[index] : nil }

    private func rest(startsWith text: StaticString) -> Bool {
        self.input[self.index...].starts(
            with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private func find(_ text: String, from start: Int) -> Int? {
        let wanted = Array(text.utf8)
        var index = start
        while let found = self.input[index...].firstIndex(of: wanted[0]) {
            if self.input[found...].starts(with: wanted) { return found }
            index = found + 1
        }
        return nil
    }
}

extension UInt8 {
    var inSmallLetters: UInt8 { (0x41...0x5A).contains(self) ? self + 0x20 : self }

    var isNameStart: Bool {
        (0x61...0x7A).contains(self) || (0x41...0x5A).contains(self) || self == UInt8(ascii: "_") || self >= 0x80
    }

    var isNamePart: Bool {
        self.isNameStart || (0x30...0x39).contains(self) || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
            || self == UInt8(ascii: ":")
    }
}
