import Foundation

/// Reads Podcasting 2.0's JSON, and what recognisers write that looks like it.
enum SegmentReader {
    /// Deeper than any of these documents; the decoder ends the process far below.
    private static let depth = 32

    static func read(_ text: String) throws -> SpokenText {
        let data = Data(text.utf8)
        guard self.isShallow(data) else {
            throw CastError(.invalid, "The transcript is JSON that nests deeper than \(self.depth) levels.")
        }
        let value: JSONValue
        do {
            value = try JSONDecoder().decode(JSONValue.self, from: data)
        } catch {
            throw CastError(.invalid, "The transcript is not sound JSON.", cause: error)
        }
        var language: String?
        let segments: [JSONValue]
        switch value {
        case .array(let values): segments = values
        case .object(let object):
            language = object["language"]?.text.flatMap(self.code)
            let lists = ["segments", "transcript", "cues", "words"].lazy.compactMap { object[$0]?.list }
            guard let first = lists.first else {
                throw CastError(.invalid, "The transcript is JSON without “segments”.")
            }
            segments = first
        case .null, .bool, .int, .double, .string:
            throw CastError(.invalid, "The transcript is JSON without “segments”.")
        }
        return self.spoken(segments, language)
    }

    private static func spoken(_ segments: [JSONValue], _ language: String?) -> SpokenText {
        var cues: [SpokenText.Cue] = []
        for case .object(let segment) in segments.prefix(SpokenText.most) {
            let body = segment["body"] ?? segment["text"] ?? segment["word"]
            let text = SpokenText.line(body?.text ?? "")
            guard !text.isEmpty else { continue }
            let start = (segment["startTime"] ?? segment["start"])?.seconds
            cues.append(
                .init(
                    start: start, end: (segment["endTime"] ?? segment["end"])?.seconds, text: text,
                    speaker: segment["speaker"]?.text.flatMap { SpokenText.name($0) }))
        }
        let single = cues.count { !$0.text.contains(" ") && $0.start != nil }
        guard cues.count >= 10, single * 10 >= cues.count * 9 else { return SpokenText(cues: cues, language: language) }
        return SpokenText(cues: self.joined(cues), language: language, isWordByWord: true)
    }

    /// Full stops that have a segment of their own, put behind their words.
    private static func joined(_ cues: [SpokenText.Cue]) -> [SpokenText.Cue] {
        var joined: [SpokenText.Cue] = []
        for cue in cues {
            let isMark = cue.text.allSatisfy { $0.isPunctuation } && !"([{“„«¿¡".contains(cue.text.first ?? " ")
            if isMark, let last = joined.indices.last {
                joined[last].text += cue.text
            } else {
                joined.append(cue)
            }
        }
        return joined
    }

    private static func code(_ text: String) -> String? {
        let code = text.lowercased().prefix { $0.isASCII && $0.isLetter }
        return (2...3).contains(code.count) ? String(code) : nil
    }

    private static func isShallow(_ data: Data) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in data {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else {
                    isInString = byte != UInt8(ascii: "\"")
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > self.depth { return false }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return true
    }
}

extension JSONValue {
    fileprivate var text: String? {
        switch self {
        case .string(let text): text
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .null, .bool, .array, .object: nil
        }
    }

    fileprivate var list: [JSONValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    /// A number, one in a string, or a time of the clock.
    fileprivate var seconds: Double? {
        switch self {
        case .int(let number): Timecode.clamped(Double(number))
        case .double(let number): Timecode.clamped(number)
        case .string(let text): CaptionReader.seconds(text.trimmingCharacters(in: .whitespaces)[...])
        case .null, .bool, .array, .object: nil
        }
    }
}
