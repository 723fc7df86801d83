import Foundation

/// Writes transcripts as Podcasting 2.0 has them beside subtitles: JSON with segments, and a page.
package enum SegmentRenderer {
    /// `{"version": "1.0.0", "segments": [{"startTime", "endTime", "body"}]}`, a segment a sentence.
    package static func json(_ transcript: Transcript) -> String {
        var pieces = ["{\"version\":\"1.0.0\",\"segments\":["]
        var last = 0.0
        for (index, sentence) in transcript.sentences.enumerated() {
            // In order, whatever the transcript says: players look segments up by time.
            let start = max(last, Timecode.clamped(sentence.start))
            last = start
            let end = max(start, Timecode.clamped(sentence.end))
            let times = "\"startTime\":\(self.number(start)),\"endTime\":\(self.number(end))"
            pieces.append("\(index == 0 ? "" : ",")\n{\(times),\"body\":\(self.quoted(sentence.text))}")
        }
        pieces.append("\n]}\n")
        return pieces.joined()
    }

    /// A page with a `time` and a `p` a paragraph.
    package static func html(_ transcript: Transcript, title: String) -> String {
        let language = transcript.language.map { " lang=\"\(self.escaped($0))\"" } ?? ""
        var pieces = [
            "<!DOCTYPE html>\n<html\(language)>\n<head>\n<meta charset=\"utf-8\">\n",
            "<title>\(self.escaped(title))</title>\n</head>\n<body>\n",
        ]
        let spacing = Spacing(language: transcript.language)
        for sentences in transcript.paragraphs {
            let seconds = Int(Timecode.clamped(sentences.first?.start ?? 0))
            let time = Timecode.joined([seconds / 3600, seconds / 60 % 60, seconds % 60])
            let text = self.escaped(spacing.joined(sentences.map(\.text)))
            pieces.append("<time>\(time)</time>\n<p>\(text)</p>\n")
        }
        pieces.append("</body>\n</html>\n")
        return pieces.joined()
    }

    /// Thousandths of a second, written without an exponent.
    private static func number(_ seconds: Double) -> String {
        let thousandths = Int((Timecode.clamped(seconds) * 1000).rounded())
        let fraction = String(1000 + thousandths % 1000).dropFirst()
        return "\(thousandths / 1000).\(fraction)"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            // What ends a line in scripts ends it in no string.
            case "\u{2028}", "\u{2029}": quoted += " "
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars where HTMLEntities.isAllowed(scalar) {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
