import Foundation

/// Puts a transducer's tokens together to words with times.
///
/// - A piece that begins with `▁` (U+2581) begins a word; every other one goes on with it. A mark that closes (`.`, `,`,
///   `?` …) belongs to the word before it even if it has a `▁`.
/// - A word begins at the frame of its first token, and ends where its last letters end: their frame and duration. Marks
///   do not count, since they are said late, in the pause. A word lasts a frame at least, but never reaches into the
///   next one.
/// - The probability of a word is the geometric mean of its tokens' probabilities, marks left out.
package struct TokenAssembler: Sendable {
    private let pieces: [Piece]
    private let secondsPerFrame: Double

    private struct Piece {
        var text: String
        var beginsWord: Bool
        /// Whether it has a letter or a digit.
        var isSpoken: Bool
        /// Whether it is a mark that closes.
        var isClosing: Bool
        /// `<unk>` and the like are not text.
        var isControl: Bool
    }

    /// - Parameter vocabulary: The pieces by id.
    package init(vocabulary: [String], secondsPerFrame: Double) {
        self.secondsPerFrame = secondsPerFrame
        self.pieces = vocabulary.map { piece in
            let text = piece.replacing("\u{2581}", with: "")
            return Piece(
                text: text, beginsWord: piece.hasPrefix("\u{2581}"),
                isSpoken: text.contains { $0.isLetter || $0.isNumber },
                isClosing: !text.isEmpty && text.allSatisfy { ",.?!;:…".contains($0) },
                isControl: piece.count > 2 && piece.hasPrefix("<") && piece.hasSuffix(">"))
        }
    }

    /// What no recognition of a segment can be; nil when there is nothing to say against it.
    package func fault(in tokens: [SpeechToken], duration: Double) -> String? {
        var last = 0
        for token in tokens {
            guard self.pieces.indices.contains(token.id) else { return "a token \(token.id) of \(self.pieces.count)" }
            guard token.frame >= last else { return "times that run backwards" }
            guard Double(token.frame) * self.secondsPerFrame <= duration + 0.5 else {
                return "a token at \(Double(token.frame) * self.secondsPerFrame) s in a segment of \(duration) s"
            }
            guard (0...1000).contains(token.duration) else { return "a token of \(token.duration) frames" }
            guard token.logProbability.isFinite, token.logProbability <= 0.001 else {
                return "a probability of exp(\(token.logProbability))"
            }
            last = token.frame
        }
        return nil
    }

    /// - Parameter duration: The segment's seconds; no word ends later.
    package func words(of tokens: [SpeechToken], duration: Double) -> [BatchResult.Word] {
        var drafts: [Draft] = []
        for token in tokens {
            let piece = self.pieces[token.id]
            if piece.isControl { continue }
            // A lone `▁` before a mark is no word.
            if piece.isClosing, drafts.count > 1, drafts[drafts.count - 1].text.isEmpty { drafts.removeLast() }
            if drafts.isEmpty || (piece.beginsWord && !piece.isClosing) { drafts.append(Draft(frame: token.frame)) }
            drafts[drafts.count - 1].take(token, piece)
        }
        drafts.removeAll { $0.text.isEmpty }
        return drafts.indices.map { index in
            let draft = drafts[index]
            let start = min(Double(draft.frame) * self.secondsPerFrame, duration)
            let next = index + 1 < drafts.count ? Double(drafts[index + 1].frame) * self.secondsPerFrame : duration
            let end = Double(max(draft.end, draft.frame + 1)) * self.secondsPerFrame
            return BatchResult.Word(
                text: draft.text, start: start, end: max(start, min(end, next, duration)),
                probability: draft.probability)
        }
    }

    /// A word that is not over yet.
    private struct Draft {
        var text = ""
        var frame: Int
        var end = 0
        private var spoken: [Float] = []
        private var unspoken: [Float] = []

        init(frame: Int) { self.frame = frame }

        mutating func take(_ token: SpeechToken, _ piece: Piece) {
            self.text += piece.text
            if piece.isSpoken {
                self.end = max(self.end, token.frame + token.duration)
                self.spoken.append(token.logProbability)
            } else if !piece.text.isEmpty {
                self.unspoken.append(token.logProbability)
            }
        }

        var probability: Double? {
            let known = self.spoken.isEmpty ? self.unspoken : self.spoken
            guard !known.isEmpty else { return nil }
            return min(1, exp(known.reduce(0.0) { $0 + Double($1) } / Double(known.count)))
        }
    }
}
