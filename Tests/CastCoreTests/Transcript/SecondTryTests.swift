import CastCore
import Testing

struct SecondTryTests {
    private func quality(_ count: Int) -> TranscriptQuality {
        var quality = TranscriptQuality(of: Transcript(sentences: []))
        quality.findings = Array(repeating: .init(kind: .fewWords, reason: "Few."), count: count)
        return quality
    }

    @Test func `a second try is wanted for a doubtful transcript that another model made`() {
        #expect(SecondTry.isWanted(after: self.quality(1), madeBy: ["base", "base"], model: "large"))
        #expect(SecondTry.isWanted(after: self.quality(1), madeBy: [nil, nil], model: "large"))
        #expect(!SecondTry.isWanted(after: self.quality(0), madeBy: ["base"], model: "large"))
        #expect(!SecondTry.isWanted(after: nil, madeBy: ["base"], model: "large"), "nobody judged it")
        #expect(!SecondTry.isWanted(after: self.quality(1), madeBy: ["base"], model: ""), "turned off")
        #expect(!SecondTry.isWanted(after: self.quality(1), madeBy: ["large", "base"], model: "large"))
        #expect(!SecondTry.isWanted(after: self.quality(1), madeBy: [nil, "large"], model: "large"), "the node's word")
    }

    @Test func `the second one stays only if it is better`() {
        #expect(SecondTry.outcome(first: self.quality(2), second: self.quality(1)) == .keptSecond)
        #expect(SecondTry.outcome(first: self.quality(1), second: self.quality(1)) == .keptFirst)
        #expect(SecondTry.outcome(first: self.quality(1), second: self.quality(2)) == .keptFirst)
        #expect(SecondTry.outcome(first: self.quality(1), second: nil) == .keptFirst)
    }
}
