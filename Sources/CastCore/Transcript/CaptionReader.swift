/// Reads WebVTT and SubRip, which differ less than their files do.
///
/// It goes line by line from one line of times to the next, and so takes what programs leave out: the header, numbers,
/// hours, empty lines between the cues.
struct CaptionReader {
    private let isVTT: Bool
    private var spoken = SpokenText(cues: [])
    private var times: (start: Double, end: Double)?
    private var lines: [Substring] = []
    /// Who spoke last within the cue that is being read.
    private var isInNote = false

    static func read(_ text: String, isVTT: Bool) -> SpokenText {
        var reader = CaptionReader(isVTT: isVTT)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            reader.take(line, next: index + 1 < lines.count ? lines[index + 1] : nil)
            if reader.spoken.cues.count >= SpokenText.most { break }
        }
        reader.close()
        return reader.spoken
    }

    private init(isVTT: Bool) { self.isVTT = isVTT }

    private mutating func take(_ line: Substring, next: Substring?) {
        if let times = Self.times(line) {
            // Without an empty line between them, the next cue's number is this one's last line.
            if let last = self.lines.last, Self.isNumber(last) { self.lines.removeLast() }
            self.close()
            self.times = times
            self.isInNote = false
            return
        }
        let isEmpty = line.allSatisfy(\.isWhitespace)
        if self.times == nil {
            if isEmpty { self.isInNote = false }
            if self.isVTT, line.hasPrefix("Language:"), self.spoken.cues.isEmpty, !self.isInNote {
                self.spoken.language = Self.language(line.dropFirst("Language:".count))
            }
            // Comments, style sheets and regions; before the first cue all is header.
            self.isInNote = self.isInNote || ["NOTE", "STYLE", "REGION"].contains { line.hasPrefix($0) }
            return
        }
        guard isEmpty else {
            self.lines.append(line)
            return
        }
        // An empty line ends a cue of WebVTT, one with a space does not. In SubRip some texts have empty lines, and go
        // on behind them.
        let goesOn = next.map { !$0.allSatisfy(\.isWhitespace) && !Self.isNumber($0) && Self.times($0) == nil } ?? false
        let mayGoOn = self.isVTT ? !line.isEmpty : !self.lines.isEmpty
        if !goesOn || !mayGoOn { self.close() }
    }

    private mutating func close() {
        defer {
            self.times = nil
            self.lines = []
        }
        guard let times = self.times else { return }
        for (speaker, text) in CaptionText.parts(self.lines, isVTT: self.isVTT) {
            self.spoken.cues.append(.init(start: times.start, end: times.end, text: text, speaker: speaker))
        }
    }

    private static func isNumber(_ line: Substring) -> Bool {
        let line = line.trimmedWhitespace
        return !line.isEmpty && line.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `00:01:02.500 --> 00:01:04.000 align:start`; hours may be missing, and a comma stand for the point.
    static func times(_ line: Substring) -> (start: Double, end: Double)? {
        guard line.utf8.contains(UInt8(ascii: ">")), let arrow = line.firstRange(of: "-->") else { return nil }
        let behind = line[arrow.upperBound...].trimmedWhitespace.prefix { !$0.isWhitespace }
        guard let start = self.seconds(line[..<arrow.lowerBound].trimmedWhitespace), let end = self.seconds(behind)
        else { return nil }
        return (start, max(start, end))
    }

    /// `1:02:03.500`, `02:03,5`, `3.5`.
    static func seconds(_ text: Substring) -> Double? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(fields.count), let last = fields.last, fields.allSatisfy({ (1...12).contains($0.count) })
        else { return nil }
        var seconds = 0.0
        for field in fields.dropLast() {
            guard field.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Double(field) else { return nil }
            seconds = (seconds + number) * 60
        }
        let isPlain = last.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2C }
        guard isPlain, let number = Double(last.replacing(",", with: ".")) else { return nil }
        return Timecode.clamped(seconds + number)
    }

    private static func language(_ text: Substring) -> String? {
        let code = text.trimmedWhitespace.lowercased().prefix { $0.isASCII && $0.isLetter }
        return (2...3).contains(code.count) ? String(code) : nil
    }
}
