import CastCore
import Foundation
import HumanSpeech
import Testing

struct SyntheticSpeechTests {
    private let speech = SyntheticSpeech(
        path: "", duration: 3,
        sentences: [
            .init(
                text: "one two",
                words: [.init(text: "one", start: 0.5, end: 1), .init(text: "two", start: 1, end: 1.6)]),
            .init(text: "three", words: [.init(text: "three", start: 2, end: 2.5)]),
        ])

    @Test func `a cut counts inside a word, and not at its edges or between words`() {
        #expect(self.speech.words(cutAt: [0.2, 0.52, 0.99, 1, 1.02, 1.8, 2.49]) == [])
        #expect(self.speech.words(cutAt: [0.7, 1.3, 2.2]).map(\.text) == ["one", "two", "three"])
    }

    @Test func `a word is missing when a quarter of it was left out`() {
        #expect(self.speech.words(missingFrom: [0.4..<1.5, 2..<2.5]) == [])
        #expect(self.speech.words(missingFrom: [0.4..<1.4, 1.55..<2.2]).map(\.text) == ["two", "three"])
        #expect(self.speech.words(missingFrom: []).count == 3)
    }

    @Test(.timeLimit(.minutes(3)))
    func `the voice reads, and its words are where it is loud`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "slt-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let speech = try await SyntheticSpeech.make(seconds: 30, in: folder.path)
        #expect(speech.duration >= 30 && speech.duration < 60)
        let words = speech.sentences.flatMap(\.words)
        #expect(words.count > 40)
        #expect(zip(words, words.dropFirst()).allSatisfy { $0.end <= $1.start + 0.001 })
        let samples = try speech.samples()
        #expect(abs(Double(samples.count) / 16_000 - speech.duration) < 0.01)
        func loudness(_ range: Range<Double>) -> Double {
            let part = samples[Int(range.lowerBound * 16_000)..<Int(range.upperBound * 16_000)]
            return part.reduce(0) { $0 + abs(Double($1)) } / Double(max(1, part.count))
        }
        for sentence in speech.sentences {
            let (first, last) = (sentence.words[0], sentence.words[sentence.words.count - 1])
            #expect(loudness(first.start..<last.end) > 300)
            #expect(loudness(max(0, first.start - 0.2)..<first.start) < 100)
        }
        let again = try await SyntheticSpeech.make(seconds: 30, in: folder.path)
        #expect(again == speech)
        let noisy = try await speech.over(.noise)
        let noise = try noisy.samples()
        #expect(noise.count == samples.count)
        #expect(noise != samples)
    }
}
