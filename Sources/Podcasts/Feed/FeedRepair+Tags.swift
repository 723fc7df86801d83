/// Tags: attributes as they should be, and elements that end where they can.
extension FeedRepair {
    mutating func tag() {
        self.index += 1
        guard self.byte(at: self.index) == UInt8(ascii: "/") else { return self.startTag() }
        self.index += 1
        let name = self.name()
        while let byte = self.byte(at: self.index), byte != UInt8(ascii: "<") {
            self.index += 1
            if byte == UInt8(ascii: ">") { break }
        }
        self.close(name)
    }

    private mutating func startTag() {
        let name = self.name()
        self.closeForgotten(before: name)
        self.output.append(UInt8(ascii: "<"))
        self.output.append(contentsOf: self.input[name])
        self.notePrefix(name)
        if self.rootNameEnd == nil { self.rootNameEnd = self.output.count }
        var seen: Set<ArraySlice<UInt8>> = []
        while let byte = self.byte(at: self.index) {
            if byte.isNameStart {
                self.attribute(&seen)
            } else if byte == UInt8(ascii: "/"), self.byte(at: self.index + 1) == UInt8(ascii: ">") {
                self.output.append(contentsOf: "/>".utf8)
                self.index += 2
                return
            } else if byte == UInt8(ascii: "<") {
                // A tag within a tag: the first one was never ended, and holds nothing.
                self.output.append(contentsOf: "/>".utf8)
                return
            } else if byte == UInt8(ascii: ">") {
                self.index += 1
                break
            } else {
                self.index += 1
            }
        }
        // In a document that ends here nothing is closed, so that its reader notices.
        guard self.index < self.input.count || self.input.last == UInt8(ascii: ">") else { return }
        self.output.append(UInt8(ascii: ">"))
        self.open.append(name)
    }

    /// An attribute, with its quotation marks put in where they are missing; one that was there already is left out.
    private mutating func attribute(_ seen: inout Set<ArraySlice<UInt8>>) {
        let name = self.name()
        self.skipSpace()
        var value = name
        var end = self.index
        if self.byte(at: self.index) == UInt8(ascii: "=") {
            self.index += 1
            self.skipSpace()
            value = self.value()
            end = self.index
        }
        guard seen.insert(self.input[name]).inserted else { return }
        self.notePrefix(name)
        self.output.append(UInt8(ascii: " "))
        self.output.append(contentsOf: self.input[name])
        self.output.append(contentsOf: "=\"".utf8)
        self.index = value.lowerBound
        while self.index < value.upperBound {
            switch self.input[self.index] {
            case UInt8(ascii: "&"): self.reference()
            case UInt8(ascii: "<"):
                self.output.append(contentsOf: "&lt;".utf8)
                self.index += 1
            case UInt8(ascii: "\""):
                self.output.append(contentsOf: "&quot;".utf8)
                self.index += 1
            default: self.copyByte()
            }
        }
        self.output.append(UInt8(ascii: "\""))
        self.index = end
    }

    /// Where an attribute's value is; behind it is what comes next.
    private mutating func value() -> Range<Int> {
        let start = self.index
        if let quote = self.byte(at: start), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            self.index += 1
            while let byte = self.byte(at: self.index), byte != quote { self.index += 1 }
            let end = self.index
            self.index = min(end + 1, self.input.count)
            return start + 1..<end
        }
        while let byte = self.byte(at: self.index), byte > 0x20, byte != UInt8(ascii: ">"), byte != UInt8(ascii: "<") {
            if byte == UInt8(ascii: "/"), self.byte(at: self.index + 1) == UInt8(ascii: ">") { break }
            self.index += 1
        }
        return start..<self.index
    }

    /// Ends an element, and before it what was begun in it and never ended: HTML's `<br>`, forgotten end tags.
    ///
    /// An end that nothing began is left out.
    private mutating func close(_ name: Range<Int>) {
        // No further: a row of ends that fit nothing must not look through all of a deep document each.
        guard let place = self.open.suffix(64).lastIndex(where: { self.isSame($0, name) }) else { return }
        self.close(from: place)
    }

    private mutating func close(from place: Int) {
        for begun in self.open[place...].reversed() {
            self.output.append(contentsOf: "</".utf8)
            self.output.append(contentsOf: self.input[begun])
            self.output.append(UInt8(ascii: ">"))
        }
        self.open.removeSubrange(place...)
    }

    /// Ends what stands open where it cannot: no item is within another one, and no recording within a title.
    private mutating func closeForgotten(before name: Range<Int>) {
        let parents: [String]
        switch String(decoding: self.input[name].prefix(16).map(\.inSmallLetters), as: UTF8.self) {
        case "item": parents = ["channel", "rss", "rdf:rdf"]
        case "entry": parents = ["feed", "atom:feed"]
        case "enclosure", "guid", "pubdate", "itunes:duration": parents = ["item", "entry", "podcast:liveitem"]
        default: return
        }
        let recent = self.open.suffix(64)
        let parent = recent.lastIndex {
            parents.contains(String(decoding: self.input[$0].map(\.inSmallLetters), as: UTF8.self))
        }
        guard let parent, parent + 1 < recent.endIndex else { return }
        self.close(from: parent + 1)
    }

    private func isSame(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { self.input[$0].inSmallLetters == self.input[$1].inSmallLetters }
    }

    private mutating func name() -> Range<Int> {
        let start = self.index
        while let byte = self.byte(at: self.index), byte.isNamePart { self.index += 1 }
        return start..<self.index
    }

    private mutating func skipSpace() {
        while let byte = self.byte(at: self.index), byte <= 0x20 { self.index += 1 }
    }

    private mutating func notePrefix(_ name: Range<Int>) {
        guard let colon = self.input[name].firstIndex(of: UInt8(ascii: ":")), colon > name.lowerBound else { return }
        self.usedPrefixes.insert(String(decoding: self.input[name.lowerBound..<colon], as: UTF8.self))
    }
}
