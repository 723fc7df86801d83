/// How far a transcript can be trusted, judged by itself: nobody has to listen for it.
package struct TranscriptQuality: Sendable, Codable, Equatable {
    /// Something that transcripts of speech do not have, with a sentence on it.
    package struct Finding: Sendable, Codable, Equatable {
        package enum Kind: String, Sendable, Codable, CaseIterable {
            case fewWords = "few_words"
            case manyWords = "many_words"
            case repetition
            case unexplainedGap = "unexplained_gap"
            case lowConfidence = "low_confidence"
            case failedAudio = "failed_audio"
        }

        package var kind: Kind
        package var reason: String

        package init(kind: Kind, reason: String) {
            self.kind = kind
            self.reason = reason
        }
    }

    /// Words in a minute of sound; nil when the length is not known.
    package var wordsPerMinute: Double?
    /// Share of the words that only repeat what was said just before them, 0 to 1.
    package var repetition: Double
    /// The longest stretch of sound without a word, in seconds.
    package var longestGap: Double
    /// The mean confidence of the words, 0 to 1; nil when the engine gives none.
    package var confidence: Double?
    /// Share of the audio that the engine could not take, 0 to 1.
    package var failedShare: Double
    package var findings: [Finding]

    /// Whether somebody should look, or another model should try.
    package var isDoubtful: Bool { !self.findings.isEmpty }

    /// - Parameters:
    ///   - duration: Seconds of the audio; what the transcript says when nil.
    ///   - sound: Seconds in which something can be heard; the duration less the transcript's silent gaps when nil.
    package init(of transcript: Transcript, duration: Double? = nil, sound: Double? = nil) {
        let duration = duration ?? transcript.duration
        let gaps = transcript.gaps ?? []
        let length = { (gaps: [Transcript.Gap]) in gaps.reduce(0) { $0 + max(0, $1.end - $1.start) } }
        let sound = sound ?? duration.map { max(0, $0 - length(gaps.filter { $0.reason != .failed })) }
        let words = SpokenWords.of(transcript)
        self.wordsPerMinute = sound.flatMap { $0 > 0 ? words.count / $0 * 60 : nil }
        self.repetition = Repetition.share(of: words.texts)
        self.longestGap = Self.longestGap(transcript, gaps, duration: duration)
        let probabilities = transcript.sentences.flatMap(\.words).compactMap(\.probability)
        self.confidence =
            probabilities.isEmpty ? nil : probabilities.reduce(0, +) / Double(probabilities.count)
        self.failedShare = duration.map { $0 > 0 ? min(1, length(gaps.filter { $0.reason == .failed }) / $0) : 0 } ?? 0
        self.findings = []
        self.findings = self.found(sound: sound)
    }

    /// Whether this transcript is the better one of two of the same audio: fewer findings, then more of the audio, less
    /// repetition, more confidence.
    package func isBetter(than other: TranscriptQuality) -> Bool {
        if self.findings.count != other.findings.count { return self.findings.count < other.findings.count }
        let cost = { (quality: TranscriptQuality) in
            quality.failedShare + quality.repetition + (1 - (quality.confidence ?? 0.5))
        }
        return cost(self) < cost(other)
    }

    // Calm speech has 100 words a minute, hurried speech 220; the bounds leave room for languages and for music.
    private static let fewWords = 40.0
    private static let manyWords = 300.0
    private static let shortest = 60.0
    private static let bearableRepetition = 0.05
    private static let bearableGap = 60.0
    private static let bearableConfidence = 0.55
    private static let bearableFailure = 0.02

    private func found(sound: Double?) -> [Finding] {
        var findings: [Finding] = []
        func add(_ kind: Finding.Kind, _ reason: String) { findings.append(Finding(kind: kind, reason: reason)) }
        if let sound, sound >= Self.shortest, let pace = self.wordsPerMinute {
            if pace < Self.fewWords { add(.fewWords, "\(Int(pace)) words a minute are few for speech.") }
            if pace > Self.manyWords {
                add(.manyWords, "\(Int(min(pace, 1e9))) words a minute are more than people say.")
            }
        }
        if self.repetition > Self.bearableRepetition {
            add(.repetition, "\(Int(self.repetition * 100)) % of the words repeat those before them.")
        }
        if self.longestGap > Self.bearableGap {
            add(.unexplainedGap, "For \(Int(min(self.longestGap, 1e9))) seconds there is sound and no word.")
        }
        if let confidence = self.confidence, confidence < Self.bearableConfidence {
            add(.lowConfidence, "The words are \(Int(confidence * 100)) % certain on average.")
        }
        if self.failedShare > Self.bearableFailure {
            add(.failedAudio, "\(Int(self.failedShare * 100)) % of the audio could not be recognised.")
        }
        return findings
    }

    /// Between what is said, before it and after it; what is known to be silent or was not recognised does not count.
    private static func longestGap(
        _ transcript: Transcript, _ gaps: [Transcript.Gap], duration: Double?
    ) -> Double {
        var spans = transcript.sentences.flatMap { sentence in
            sentence.words.isEmpty
                ? [(sentence.start, sentence.end)] : sentence.words.map { ($0.start, $0.end) }
        }
        // Without times nothing can be said.
        guard spans.contains(where: { $0.1 > 0 }) || spans.isEmpty else { return 0 }
        spans += gaps.map { ($0.start, $0.end) }
        if let duration { spans.append((duration, duration)) }
        var heard = 0.0
        var longest = 0.0
        for (start, end) in spans.sorted(by: { $0.0 < $1.0 }) {
            longest = max(longest, start - heard)
            heard = max(heard, end)
        }
        return longest
    }
}

/// A transcript's words, in lower case and without marks.
private struct SpokenWords {
    var texts: [String]
    /// Words as languages with spaces count them.
    var count: Double

    static func of(_ transcript: Transcript) -> SpokenWords {
        var words = SpokenWords(texts: [], count: 0)
        for sentence in transcript.sentences {
            for part in sentence.text.split(whereSeparator: \.isWhitespace) {
                let text = part.lowercased().filter { $0.isLetter || $0.isNumber }
                guard let first = text.first else { continue }
                guard Spacing.isUnspaced(first) else {
                    words.texts.append(text)
                    words.count += 1
                    continue
                }
                // Without spaces a word is about two characters.
                words.texts += text.map { String($0) }
                words.count += Double(text.count) / 2
            }
        }
        return words
    }
}

/// Finds the loops that recognisers fall into: the same few words again and again.
private enum Repetition {
    private static let longestPhrase = 12
    /// People repeat themselves as well: so many times in a row they do not.
    private static let times = 4
    private static let timesOfOneWord = 6

    /// Share of the words that belong to a loop, its first turn left out.
    static func share(of words: [String]) -> Double {
        guard !words.isEmpty else { return 0 }
        var repeated = 0
        var index = 0
        while index < words.count {
            let loop = (1...self.longestPhrase).lazy.map { (size: $0, turns: self.turns(words, index, $0)) }
                .first { $0.turns >= ($0.size == 1 ? self.timesOfOneWord : self.times) }
            guard let loop else {
                index += 1
                continue
            }
            repeated += loop.size * (loop.turns - 1)
            index += loop.size * loop.turns
        }
        return Double(repeated) / Double(words.count)
    }

    /// How often in a row the `size` words at `index` stand there.
    private static func turns(_ words: [String], _ index: Int, _ size: Int) -> Int {
        var next = index + size
        while next < words.count, words[next] == words[next - size] { next += 1 }
        return (next - index) / size
    }
}
