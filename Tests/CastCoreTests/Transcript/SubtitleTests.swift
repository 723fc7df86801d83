import Foundation
import Testing

@testable import CastCore

struct SubtitleTests {
    /// Numbers that look random and are the same in every run (SplitMix64).
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var z = self.state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    enum Kind: CaseIterable {
        case speech, hurried, longWords, chinese, mixed, untimed, overlapping, backwards, noWordTimes
    }

    private func word(_ kind: Kind, _ dice: inout Dice) -> String {
        switch kind {
        case .longWords: String(repeating: "x", count: .random(in: 1...130, using: &dice))
        case .chinese: ["今日は", "晴れ。", "「東京」", "人工知能は、", "雨", "長い長い文章を読みます"].randomElement(using: &dice) ?? ""
        case .mixed: ["今日は", "iPhone", "15", "naïve,", "👩‍👩‍👧", "a\nb", "-->", "ไทย"].randomElement(using: &dice) ?? ""
        case .speech, .hurried, .untimed, .overlapping, .backwards, .noWordTimes:
            String(repeating: "e", count: .random(in: 1...11, using: &dice)) + (Bool.random(using: &dice) ? "" : ",")
        }
    }

    private func transcript(_ kind: Kind, _ dice: inout Dice) -> Transcript {
        var time = 0.0
        var sentences: [Transcript.Sentence] = []
        for _ in 0..<Int.random(in: 1...25, using: &dice) {
            var words: [Transcript.Word] = []
            for _ in 0..<Int.random(in: 1...40, using: &dice) {
                let text = self.word(kind, &dice)
                var start = time
                // Speech has 15 letters a second.
                let length = Double(text.count + 1) / (kind == .hurried ? 45 : 15)
                time += length + (Int.random(in: 0..<8, using: &dice) == 0 ? .random(in: 0...3, using: &dice) : 0)
                var end = start + length
                switch kind {
                case .untimed: (start, end) = (0, 0)
                case .overlapping: end += .random(in: 0...20, using: &dice)
                case .backwards: start = .random(in: 0...100, using: &dice)
                default: break
                }
                words.append(.init(text: text, start: start, end: max(start, end)))
            }
            let last = words.map(\.end).max() ?? 0
            sentences.append(
                .init(
                    text: words.map(\.text).joined(separator: kind == .chinese ? "" : " "), start: words[0].start,
                    end: last, words: kind == .noWordTimes || kind == .untimed ? [] : words))
        }
        return Transcript(sentences: sentences, language: kind == .chinese ? "ja" : nil)
    }

    private func visible(_ texts: [String]) -> String {
        texts.joined().replacing("-->", with: "→").filter { !$0.isWhitespace }
    }

    @Test(arguments: Kind.allCases)
    func `whatever is said fits on the screen, in order, for as long as it can be read`(kind: Kind) {
        var dice = Dice(state: 7)
        for _ in 0..<60 {
            let transcript = self.transcript(kind, &dice)
            let subtitles = SubtitleMaker.subtitles(transcript)
            #expect(self.visible(subtitles.flatMap(\.lines)) == self.visible(transcript.sentences.map(\.text)))
            #expect(subtitles.allSatisfy { (1...2).contains($0.lines.count) && !$0.lines.contains("") })
            #expect(subtitles.allSatisfy { $0.lines.allSatisfy { TextWidth.of($0) <= 42 } })
            #expect(subtitles.allSatisfy { $0.end > $0.start && $0.end - $0.start <= 7.000_001 })
            #expect(zip(subtitles, subtitles.dropFirst()).allSatisfy { $0.end <= $1.start })
        }
    }

    @Test(arguments: [Kind.speech, .untimed, .noWordTimes])
    func `nobody has to read faster than 21 characters a second, or in less than a second`(kind: Kind) {
        var dice = Dice(state: 11)
        for _ in 0..<60 {
            let transcript = self.transcript(kind, &dice)
            for subtitle in SubtitleMaker.subtitles(transcript) {
                let shown = subtitle.end - subtitle.start + 0.000_001
                #expect(shown >= 1)
                #expect(Double(subtitle.width) / shown <= 21)
            }
        }
    }

    @Test(arguments: [Kind.speech, .hurried, .longWords])
    func `a subtitle comes with its first word, and at most two seconds later`(kind: Kind) {
        var dice = Dice(state: 13)
        for _ in 0..<60 {
            let transcript = self.transcript(kind, &dice)
            let starts = transcript.sentences.flatMap(\.words).map(\.start)
            for subtitle in SubtitleMaker.subtitles(transcript) {
                // Long words are cut, so that a part of one begins between two words.
                let before = starts.last { $0 <= subtitle.start + 0.000_001 } ?? -1
                #expect(before >= 0)
                if kind != .longWords { #expect(subtitle.start - before <= 2.5) }
            }
        }
    }

    @Test func `lines are even, and end behind a comma rather than elsewhere`() {
        let text = "When the rain had stopped at last, everybody went back to work again."
        let transcript = Transcript(sentences: [.init(text: text, start: 0, end: 5)])
        #expect(
            SubtitleMaker.subtitles(transcript).map(\.lines)
                == [["When the rain had stopped at last,", "everybody went back to work again."]])
    }

    @Test func `what would flash by is shown together with what follows`() {
        let transcript = Transcript(sentences: [
            .init(text: "Yes.", start: 0, end: 0.2), .init(text: "No.", start: 0.4, end: 0.6),
            .init(text: "Later.", start: 9, end: 9.5),
        ])
        #expect(
            SubtitleMaker.subtitles(transcript)
                == [.init(lines: ["Yes. No."], start: 0, end: 1), .init(lines: ["Later."], start: 9, end: 10)])
    }
}
