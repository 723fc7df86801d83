import HumanSpeech
import Testing

@Suite struct VoicePausesTests {
    /// A letter is ten milliseconds: S is sound.
    private func samples(_ letters: String) -> [Int16] {
        letters.flatMap { Array(repeating: $0 == "S" ? Int16(1000) : 10, count: 160) }
    }

    @Test func `a pause is silence that is long enough, wherever it is`() {
        let silence = { String(repeating: ".", count: $0) }
        let letters = silence(20) + "SSSSS" + silence(19) + "S" + silence(30)
        let pauses = VoicePauses(in: self.samples(letters) + [10, 10])
        #expect(pauses.ranges == [0..<0.2, 0.45..<0.75])
        #expect(pauses.missed(by: [0, 0.1, 0.2, 0.22, 0.3, 0.45, 0.5, 0.74, 0.75, 9]) == [0.2, 0.22, 0.3, 0.75, 9])
        #expect(VoicePauses(in: []).missed(by: [1]) == [1])
    }
}
