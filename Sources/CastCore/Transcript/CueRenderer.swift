/// Writes subtitles as SubRip and WebVTT.
enum CueRenderer {
    static func srt(_ transcript: Transcript) -> String {
        SubtitleMaker.subtitles(transcript).enumerated().map { number, cue in
            let times = "\(Self.time(cue.start, ",")) --> \(Self.time(cue.end, ","))"
            return "\(number + 1)\n\(times)\n\(cue.lines.joined(separator: "\n"))\n"
        }.joined(separator: "\n")
    }

    static func vtt(_ transcript: Transcript) -> String {
        let cues = SubtitleMaker.subtitles(transcript).map { cue in
            let times = "\(Self.time(cue.start, ".")) --> \(Self.time(cue.end, "."))"
            return "\(times)\n\(cue.lines.map(Self.escaped).joined(separator: "\n"))\n"
        }
        return "WEBVTT\n" + cues.map { "\n" + $0 }.joined()
    }

    private static func time(_ seconds: Double, _ separator: String) -> String {
        let milliseconds = Int((Timecode.clamped(seconds) * 1000).rounded())
        let whole = milliseconds / 1000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return Timecode.joined([whole / 3600, whole / 60 % 60, whole % 60]) + separator + fraction
    }

    private static func escaped(_ text: String) -> String {
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
