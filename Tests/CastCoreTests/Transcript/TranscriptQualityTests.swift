import CastCore
import Foundation
import Testing

struct TranscriptQualityTests {
    private typealias Kind = TranscriptQuality.Finding.Kind

    /// So many different words, evenly over the seconds.
    private func transcript(
        _ words: Int, in seconds: Double, probability: Double? = 0.9, gaps: [Transcript.Gap]? = nil
    ) -> Transcript {
        let step = seconds / Double(max(1, words))
        let spoken = (0..<words).map {
            Transcript.Word(
                text: "w\($0)", start: Double($0) * step, end: Double($0 + 1) * step, probability: probability)
        }
        return Transcript(
            sentences: [
                .init(text: spoken.map(\.text).joined(separator: " "), start: 0, end: seconds, words: spoken)
            ], duration: seconds, gaps: gaps)
    }

    private func kinds(_ transcript: Transcript) -> [Kind] { TranscriptQuality(of: transcript).findings.map(\.kind) }

    @Test(arguments: [(60, [Kind.fewWords]), (240, []), (900, []), (3000, [.manyWords])])
    func `words a minute are those that people say`(words: Int, expected: [TranscriptQuality.Finding.Kind]) {
        #expect(self.kinds(self.transcript(words, in: 300)) == expected)
    }

    @Test func `silence that was skipped does not make a transcript thin`() {
        let spoken = self.transcript(150, in: 60)
        var quiet = spoken
        quiet.duration = 600
        quiet.gaps = [.init(start: 60, end: 600, reason: .silence)]
        #expect(self.kinds(quiet) == [])
        quiet.gaps = nil
        #expect(self.kinds(quiet) == [.fewWords, .unexplainedGap])
        #expect(TranscriptQuality(of: quiet).longestGap == 540)
    }

    @Test func `loops are found, and what people repeat is not`() {
        func quality(_ text: String) -> TranscriptQuality {
            TranscriptQuality(of: Transcript(sentences: [.init(text: text, start: 0, end: 30)]))
        }
        let loop = "We begin here. " + String(repeating: "Thank you for watching. ", count: 20) + "And end."
        #expect(quality(loop).findings.map(\.kind) == [.repetition])
        #expect(quality(loop).repetition == 76.0 / 85)
        #expect(quality("No, no, no, that is very, very good, as I said, as I said.").repetition == 0)
        #expect(quality("ご視聴" + String(repeating: "ありがとう", count: 10)).findings.map(\.kind) == [.repetition])
    }

    @Test func `doubt in the words and audio that failed are findings with a reason`() throws {
        #expect(self.kinds(self.transcript(240, in: 100, probability: 0.3)) == [.lowConfidence])
        #expect(TranscriptQuality(of: self.transcript(240, in: 100, probability: nil)).confidence == nil)
        let failed = self.transcript(240, in: 100, gaps: [.init(start: 10, end: 38, reason: .failed)])
        let finding = try #require(TranscriptQuality(of: failed).findings.first)
        #expect(finding == .init(kind: .failedAudio, reason: "28 % of the audio could not be recognised."))
    }

    @Test func `the better one has fewer findings, then less that is wrong`() {
        let good = TranscriptQuality(of: self.transcript(240, in: 100, probability: 0.95))
        let fair = TranscriptQuality(of: self.transcript(240, in: 100, probability: 0.7))
        let bad = TranscriptQuality(of: self.transcript(20, in: 100, probability: 0.99))
        #expect(good.isBetter(than: fair) && !fair.isBetter(than: good))
        #expect(fair.isBetter(than: bad) && !bad.isBetter(than: fair))
        #expect(!good.isBetter(than: good))
    }

    @Test func `nothing, and times that are none, are judged all the same`() {
        #expect(TranscriptQuality(of: Transcript(sentences: [])).findings.isEmpty)
        #expect(self.kinds(Transcript(sentences: [], duration: 600)) == [.fewWords, .unexplainedGap])
    }

    @Test func `files of earlier versions and reasons of later ones can be read`() throws {
        let old = Data(#"{"version":1,"sentences":[],"source":"engine"}"#.utf8)
        #expect(try JSONDecoder().decode(Transcript.self, from: old).gaps == nil)
        let new = Data(
            #"{"version":1,"sentences":[],"source":"engine","gaps":[{"start":1,"end":2,"reason":"fire"}]}"#.utf8)
        #expect(
            try JSONDecoder().decode(Transcript.self, from: new).gaps == [.init(start: 1, end: 2, reason: .failed)])
    }

    @Test func `what could not be recognised stands in the Markdown where it is missing`() throws {
        let transcript = Transcript(
            sentences: [
                .init(text: "Before.", start: 1, end: 2, startsParagraph: true),
                .init(text: "After.", start: 760, end: 761),
            ], duration: 800,
            gaps: [
                .init(start: 2, end: 100, reason: .silence), .init(start: 723, end: 751, reason: .failed),
                .init(start: 790, end: 800, reason: .failed),
            ])
        let text = try TranscriptFormat.md.render(transcript, header: TranscriptHeader(title: "A talk"))
        #expect(
            text.hasSuffix(
                """
                **[00:01]** Before.

                *[12:03–12:31 could not be recognised]*

                **[12:40]** After.

                *[13:10–13:20 could not be recognised]*

                """))
        #expect(TranscriptMarkdown.parse(text).sentences.map(\.text) == ["Before.", "After."])
    }
}
