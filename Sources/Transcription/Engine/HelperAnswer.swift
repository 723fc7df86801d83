import CastCore

/// Checks answers against their requests, and refuses nonsense.
struct HelperAnswer {
    private let engine: String
    private let assembler: TokenAssembler?

    init(_ hello: HelperFrame.Hello) {
        self.engine = "\(hello.engine) \(hello.version)"
        self.assembler =
            if let vocabulary = hello.vocabulary, let frame = hello.seconds_per_frame, frame > 0 {
                TokenAssembler(vocabulary: vocabulary, secondsPerFrame: frame)
            } else {
                nil
            }
    }

    /// - Throws: `.engineFailed` when counts do not match, times run backwards, or a number is none.
    func result(
        _ answer: HelperFrame.Answer, payload: [UInt8], for segments: [SpeechSegment]
    ) throws -> BatchResult {
        let words =
            if let counts = answer.tokens {
                try self.words(ofTokens: counts, payload, for: segments)
            } else {
                try self.words(answer.segments ?? [], for: segments)
            }
        let speechless = Set(answer.speechless ?? [])
        for number in speechless where !words.indices.contains(number) || !words[number].isEmpty {
            throw Self.nonsense("segment \(number) is without speech, and has words or is none")
        }
        return BatchResult(
            segments: words.enumerated().map { number, words in
                BatchResult.Segment(words, isSpeechless: speechless.contains(number))
            },
            language: answer.language,
            languageProbability: answer.language_probability, engine: self.engine)
    }

    private func words(
        _ lists: [[HelperFrame.Answer.Word]], for segments: [SpeechSegment]
    ) throws -> [[BatchResult.Word]] {
        guard lists.count == segments.count else {
            throw Self.nonsense("\(lists.count) results for \(segments.count) segments")
        }
        return try zip(lists, segments).map { list, segment in
            var last = 0.0
            return try list.map { word in
                guard word.start.isFinite, word.end.isFinite, word.start >= 0, word.end >= word.start,
                    word.end <= segment.duration + 0.5
                else {
                    throw Self.nonsense(
                        "a word from \(word.start) to \(word.end) in a segment of \(segment.duration) s")
                }
                guard word.start >= last - 0.5 else { throw Self.nonsense("times that run backwards") }
                if let probability = word.probability, !(0...1.0001).contains(probability) {
                    throw Self.nonsense("a probability of \(probability)")
                }
                last = word.start
                return BatchResult.Word(
                    text: word.text, start: word.start, end: word.end, probability: word.probability)
            }
        }
    }

    private func words(
        ofTokens counts: [Int], _ payload: [UInt8], for segments: [SpeechSegment]
    ) throws -> [[BatchResult.Word]] {
        guard let assembler else { throw Self.nonsense("tokens without a vocabulary") }
        guard counts.count == segments.count else {
            throw Self.nonsense("\(counts.count) results for \(segments.count) segments")
        }
        guard let tokens = SpeechToken.read(payload, counts: counts) else {
            throw Self.nonsense("\(payload.count) bytes for \(counts) tokens")
        }
        return try zip(tokens, segments).map { tokens, segment in
            if let fault = assembler.fault(in: tokens, duration: segment.duration) { throw Self.nonsense(fault) }
            return assembler.words(of: tokens, duration: segment.duration)
        }
    }

    private static func nonsense(_ what: String) -> CastError {
        CastError(.engineFailed, "The recogniser's answer makes no sense: \(what).")
    }
}
