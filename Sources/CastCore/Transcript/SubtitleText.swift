/// A transcript's words as subtitles take them: each fits into a line, and their times never run backwards.
struct SubtitleText {
    /// A piece of text that is not broken any more, with the time in which it is spoken.
    struct Piece: Equatable {
        var text: String
        var width: Int
        var start: Double
        var end: Double
        /// What stands between it and the piece before, if both are on one line.
        var space: Int

        /// Whether a reader expects a line to end behind it.
        var endsPhrase: Bool { self.text.last.map { ".,;:!?…。、，！？؟".contains($0) } ?? false }
    }

    /// By sentence; sentences without text are left out.
    private(set) var sentences: [[Piece]] = []
    private let spacing: Spacing
    private var time = 0.0

    init(_ transcript: Transcript) {
        self.spacing = Spacing(language: transcript.language)
        let isTimed = transcript.sentences.contains { Timecode.clamped($0.end) > 0 }
        for sentence in transcript.sentences {
            var words = self.words(of: sentence)
            // Text without any times is laid out at the pace of speech, from the beginning on.
            if !isTimed { words = Self.spread(words, from: self.time, to: self.time + Self.guess(words)) }
            let pieces = words.flatMap { self.pieces(of: $0) }
            if !pieces.isEmpty { self.sentences.append(self.spaced(self.inOrder(pieces))) }
        }
    }

    /// Columns that are spoken in a second, where nothing is known.
    private static let pace = 15.0

    private static func guess(_ words: [Transcript.Word]) -> Double {
        Double(words.reduce(0) { $0 + TextWidth.of($1.text) + 1 }) / Self.pace
    }

    /// The words with their times; where only the sentence's are known, spread over it by length.
    private func words(of sentence: Transcript.Sentence) -> [Transcript.Word] {
        if !sentence.words.isEmpty { return sentence.words }
        let words = sentence.text.split(whereSeparator: \.isWhitespace).map {
            Transcript.Word(text: String($0), start: 0, end: 0)
        }
        return Self.spread(words, from: Timecode.clamped(sentence.start), to: Timecode.clamped(sentence.end))
    }

    private static func spread(_ words: [Transcript.Word], from start: Double, to end: Double) -> [Transcript.Word] {
        let total = Double(words.reduce(0) { $0 + TextWidth.of($1.text) + 1 })
        let length = max(0, end - start)
        var spoken = 0
        return words.map { word in
            var word = word
            word.start = start + length * Double(spoken) / max(1, total)
            spoken += TextWidth.of(word.text) + 1
            word.end = start + length * Double(spoken) / max(1, total)
            return word
        }
    }

    /// A word without what would break a subtitle, in parts that fit into a line.
    ///
    /// In scripts without spaces a line may end behind nearly every character, so there a part is one of them.
    private func pieces(of word: Transcript.Word) -> [Piece] {
        var parts: [String] = []
        for text in Self.clean(word.text) {
            var part = ""
            var width = 0
            for character in text {
                let isUnspaced = Spacing.isUnspaced(character)
                let isOwn = isUnspaced && !Self.staysBehind.contains(character)
                let isFull = width + TextWidth.of(character) > Subtitle.lineWidth
                // A mark that belongs to what it follows goes to the next line with it; a line of marks alone is cut.
                if isFull || (isOwn && !part.isEmpty && !(part.last.map(Self.staysBefore.contains) ?? false)) {
                    parts.append(part)
                    part = ""
                    width = 0
                } else if !isUnspaced, let last = part.last, Spacing.isUnspaced(last),
                    !Self.staysBehind.contains(character), !Self.staysBefore.contains(last)
                {
                    parts.append(part)
                    part = ""
                    width = 0
                }
                part.append(character)
                width += TextWidth.of(character)
            }
            if !part.isEmpty { parts.append(part) }
        }
        let start = Timecode.clamped(word.start)
        let spread = Self.spread(
            parts.map { Transcript.Word(text: $0, start: 0, end: 0) }, from: start,
            to: max(start, Timecode.clamped(word.end)))
        return spread.enumerated().map { index, part in
            Piece(
                text: part.text, width: TextWidth.of(part.text), start: part.start, end: part.end,
                space: index == 0 ? 1 : 0)
        }
    }

    /// No line begins with these, or ends with those.
    private static let staysBehind = Set("。、，．！？：；）」』】〉》〕］｝ーぁぃぅぇぉっゃゅょァィゥェォッャュョ…・")
    private static let staysBefore = Set("（「『【〈《〔［｛")

    /// The text in words without white space and characters that nobody sees.
    private static func clean(_ text: String) -> [String] {
        // An arrow of times within a text would begin a subtitle of its own for some readers.
        let text = text.contains("-->") ? text.replacing("-->", with: "→") : text
        return text.split(whereSeparator: \.isWhitespace).compactMap { part in
            let isPlain = part.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            if isPlain { return String(part) }
            var clean = String.UnicodeScalarView()
            for scalar in part.unicodeScalars where scalar.properties.generalCategory != .control {
                clean.append(scalar)
            }
            return clean.isEmpty ? nil : String(clean)
        }
    }

    /// What begins before the one before it has begun, begins with it; nothing ends before it begins.
    private mutating func inOrder(_ pieces: [Piece]) -> [Piece] {
        pieces.map { piece in
            var piece = piece
            piece.start = max(self.time, piece.start)
            piece.end = max(piece.start, piece.end)
            self.time = piece.start
            return piece
        }
    }

    /// Where two words are joined without a space, there is none on the screen either.
    private func spaced(_ pieces: [Piece]) -> [Piece] {
        var pieces = pieces
        for index in pieces.indices.dropFirst() where pieces[index].space == 1 {
            guard let last = pieces[index - 1].text.last, let first = pieces[index].text.first else { continue }
            pieces[index].space = self.spacing.between(last, first).count
        }
        return pieces
    }
}
