/// Subtitles: cues of two lines at most, 42 characters each.
enum CueRenderer {
    static let lineLength = 42
    static let lines = 2

    struct Cue: Equatable {
        var lines: [String]
        var start: Double
        var end: Double
    }

    static func srt(_ transcript: Transcript) -> String {
        Self.cues(transcript).enumerated().map { number, cue in
            let times = "\(Self.time(cue.start, ",")) --> \(Self.time(cue.end, ","))"
            return "\(number + 1)\n\(times)\n\(cue.lines.joined(separator: "\n"))\n"
        }.joined(separator: "\n")
    }

    static func vtt(_ transcript: Transcript) -> String {
        let cues = Self.cues(transcript).map { cue in
            let times = "\(Self.time(cue.start, ".")) --> \(Self.time(cue.end, "."))"
            return "\(times)\n\(cue.lines.map(Self.escaped).joined(separator: "\n"))\n"
        }
        return "WEBVTT\n" + cues.map { "\n" + $0 }.joined()
    }

    /// Cues in order that do not overlap; each ends no later than the next begins.
    static func cues(_ transcript: Transcript) -> [Cue] {
        var cues = transcript.sentences.flatMap(Self.cues(of:))
        for index in cues.indices.dropLast() where cues[index].end > cues[index + 1].start {
            cues[index].end = max(cues[index].start, cues[index + 1].start)
        }
        return cues
    }

    private static func cues(of sentence: Transcript.Sentence) -> [Cue] {
        let words = Self.timedWords(of: sentence)
        var cues: [Cue] = []
        for word in words {
            if var cue = cues.last, let lines = Self.adding(word.text, to: cue.lines) {
                cue.lines = lines
                cue.end = max(cue.end, word.end)
                cues[cues.count - 1] = cue
            } else {
                cues.append(Cue(lines: [word.text], start: word.start, end: word.end))
            }
        }
        return cues
    }

    /// The lines with one more word, or nil when it does not fit.
    private static func adding(_ word: String, to lines: [String]) -> [String]? {
        guard let last = lines.last else { return [word] }
        if last.count + 1 + word.count <= Self.lineLength { return lines.dropLast() + [last + " " + word] }
        return lines.count < Self.lines ? lines + [word] : nil
    }

    /// The words with their times; where only the sentence's are known, spread over it by length.
    private static func timedWords(of sentence: Transcript.Sentence) -> [Transcript.Word] {
        if !sentence.words.isEmpty { return sentence.words }
        let words = sentence.text.split(whereSeparator: \.isWhitespace).map(String.init)
        let total = words.reduce(0) { $0 + $1.count + 1 }
        var spoken = 0
        return words.map { word in
            let length = sentence.end - sentence.start
            let start = sentence.start + length * Double(spoken) / Double(max(1, total))
            spoken += word.count + 1
            let end = sentence.start + length * Double(spoken) / Double(max(1, total))
            return Transcript.Word(text: word, start: start, end: end)
        }
    }

    private static func time(_ seconds: Double, _ separator: String) -> String {
        let milliseconds = Int((Timecode.clamped(seconds) * 1000).rounded())
        let whole = milliseconds / 1000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return Timecode.joined([whole / 3600, whole / 60 % 60, whole % 60]) + separator + fraction
    }

    private static func escaped(_ text: String) -> String {
        // `-->` inside a cue's text would begin a new cue; the escaped `>` takes care of that.
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
