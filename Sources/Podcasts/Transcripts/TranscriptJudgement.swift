import CastCore

/// Decides whether bytes are the transcript that they are said to be.
enum TranscriptJudgement {
    /// The form to read `bytes` in; what they are counts for more than what the feed and the server call them.
    ///
    /// Throws `CastError(.invalid)` with a sentence on why they are no transcript.
    static func form(of bytes: [UInt8], claimed: ForeignTranscript.Form?) throws -> ForeignTranscript.Form {
        if let complaint = self.complaint(about: bytes) { throw CastError(.invalid, complaint) }
        let wanted = claimed?.name ?? "a transcript"
        switch (ForeignTranscript.form(of: bytes), claimed) {
        case (.html, .html), (.html, nil):
            guard !self.asksForLogin(bytes) else {
                throw CastError(.invalid, "The transcript's address answered with a page to log in.")
            }
            return .html
        case (.html, _):
            throw CastError(
                .invalid,
                "The transcript's address answered with a web page instead of \(wanted); it may be an error or ask for a "
                    + "login.")
        case (let found?, _) where found != .text: return found
        case (.text, .vtt), (.text, .srt):
            throw CastError(.invalid, "The transcript is called \(wanted), but there are no times in it.")
        case (.text, .json): throw CastError(.invalid, "The transcript is called JSON, but is plain text.")
        case (.text, .html), (nil, .html): return .html
        case (.text, .text), (.text, nil): return .text
        case (nil, _), (.vtt, _), (.srt, _), (.json, _):
            throw CastError(.invalid, "The transcript's address answered with something else than \(wanted).")
        }
    }

    static func expect(_ least: Int, wordsIn transcript: Transcript) throws {
        // Scripts without spaces have few words between spaces: there two letters count for one.
        let words = transcript.sentences.reduce(0) { count, sentence in
            let wide = sentence.text.unicodeScalars.count { (0x2E80...0xFFDC).contains($0.value) }
            return count + max(sentence.text.split(separator: " ").count, wide / 2)
        }
        guard words >= least else {
            throw CastError(
                .invalid,
                "The transcript holds \(words == 1 ? "one word" : "\(words) words") only, too few for an episode.")
        }
    }

    private static func complaint(about bytes: [UInt8]) -> String? {
        if bytes.allSatisfy({ $0 <= 0x20 }) { return "The transcript's address answered with nothing." }
        if bytes.starts(with: "%PDF".utf8) { return "The transcript is a PDF file, which is not read." }
        if bytes.starts(with: [0x50, 0x4B, 3, 4]) { return "The transcript is a packed document, which is not read." }
        if AudioFormat(magic: bytes) != nil, !bytes.starts(with: [0xFF, 0xFE]) {
            return "The transcript's address answered with a recording."
        }
        let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        return !isWide && bytes.prefix(1024).contains(0) ? "The transcript is no text." : nil
    }

    private static func asksForLogin(_ bytes: [UInt8]) -> Bool {
        let page = String(decoding: bytes.prefix(256 << 10), as: UTF8.self).lowercased()
        return page.split(separator: "<input").dropFirst().contains { input in
            (Substring(input.utf8.prefix(300)).prefix { $0 != ">" }).contains("password")
        }
    }
}
