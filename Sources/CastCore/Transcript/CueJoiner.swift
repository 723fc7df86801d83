/// Makes sentences of cues: joins what was cut for a screen, and leaves out what is shown twice.
struct CueJoiner {
    private let language: String?
    private let assembler: TranscriptAssembler

    init(language: String?) {
        self.language = language
        self.assembler = TranscriptAssembler(language: language.map { String($0.prefix { $0 != "-" }) })
    }

    func transcript(_ spoken: SpokenText) -> Transcript {
        let cues = spoken.isWordByWord ? spoken.cues : RollingCaptions.once(Self.inOrder(spoken.cues))
        var sentences: [Transcript.Sentence] = []
        for turn in Self.turns(cues, isWordByWord: spoken.isWordByWord) {
            var words = self.words(turn.cues, isWordByWord: spoken.isWordByWord)
            guard let first = words.first else { continue }
            if let speaker = turn.speaker, turn.isNewSpeaker {
                words.insert(.init(text: speaker + ":", start: first.start, end: first.start), at: 0)
            }
            var part = self.assembler.sentences(from: words)
            // The times of single words are guessed from their cue's: good enough for where a sentence begins.
            if !spoken.isWordByWord { for index in part.indices { part[index].words = [] } }
            if !sentences.isEmpty, !turn.startsParagraph, !part.isEmpty { part[0].startsParagraph = false }
            sentences += part
        }
        // People speak at once; lines of a text follow one another.
        for index in sentences.indices.dropFirst() where sentences[index].start < sentences[index - 1].start {
            sentences[index].start = sentences[index - 1].start
            sentences[index].end = max(sentences[index].end, sentences[index].start)
        }
        return Transcript(sentences: sentences, language: self.language, source: .publisher)
    }

    /// By time, where there are times; cues of one time stay as they are in the file.
    private static func inOrder(_ cues: [SpokenText.Cue]) -> [SpokenText.Cue] {
        guard cues.allSatisfy({ $0.start != nil }) else { return cues }
        let isSorted = zip(cues, cues.dropFirst()).allSatisfy { ($0.start ?? 0) <= ($1.start ?? 0) }
        guard !isSorted else { return cues }
        return cues.enumerated()
            .sorted { ($0.element.start ?? 0, $0.offset) < ($1.element.start ?? 0, $1.offset) }.map(\.element)
    }

    private struct Turn {
        var speaker: String?
        var isNewSpeaker: Bool
        var startsParagraph: Bool
        var cues: [SpokenText.Cue]
    }

    /// What one speaker says in one go, cut at the writer's paragraphs as well.
    private static func turns(_ cues: [SpokenText.Cue], isWordByWord: Bool) -> [Turn] {
        var turns: [Turn] = []
        var speaker: String?
        for cue in cues {
            let isNew = cue.speaker != nil && cue.speaker != speaker
            if let last = turns.indices.last, !isNew, !cue.startsParagraph {
                turns[last].cues.append(cue)
            } else {
                turns.append(
                    Turn(
                        speaker: cue.speaker, isNewSpeaker: isNew, startsParagraph: isNew || cue.startsParagraph,
                        cues: [cue]))
            }
            speaker = cue.speaker ?? speaker
        }
        return turns
    }

    /// The words of cues, spread over each cue's time by their length.
    private func words(_ cues: [SpokenText.Cue], isWordByWord: Bool) -> [Transcript.Word] {
        var words: [Transcript.Word] = []
        for (index, cue) in cues.enumerated() {
            let start = cue.start ?? words.last?.end ?? 0
            let next = index + 1 < cues.count ? cues[index + 1].start : nil
            let texts = cue.text.split(separator: " ")
            let guess = start + Double(texts.count) * 0.4
            let end = cue.start == nil ? start : max(start, cue.end ?? min(next ?? guess, guess))
            if isWordByWord {
                words.append(.init(text: cue.text, start: start, end: end))
                continue
            }
            let total = Double(max(1, cue.text.count + 1))
            var spoken = 0
            for text in texts {
                let from = start + (end - start) * Double(spoken) / total
                spoken += text.count + 1
                words.append(
                    .init(text: String(text), start: from, end: start + (end - start) * Double(spoken) / total))
            }
        }
        return words
    }
}
