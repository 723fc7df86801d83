import CastCore
import CastTestSupport
import Foundation
import HumanSpeech
import Testing
import Transcription

@Suite(.serialized, .enabled("The engine needs a Python 3 with venv.") { await RealEngine.isPossible() })
struct RealSpeechTests {
    @Test(.timeLimit(.minutes(10)))
    func `ten minutes of people speaking come out with the right words at the right times`() async throws {
        try await withTemporaryFolder { folder in
            let recording = try await HumanPrompts.load(cache: RealEngine.cache).compose(
                .init(seed: 7, seconds: 600), to: folder.appendingPathComponent("speech.mp3").path)
            let clock = ContinuousClock()
            let begun = clock.now
            let transcript = try await RealEngine.run { pipeline in
                try await pipeline.transcribe(recording.path, language: nil) { _ in }
            }
            let seconds = (clock.now - begun) / .seconds(1)
            let text = transcript.sentences.map(\.text).joined(separator: " ")
            let errors = WordErrorRate.measure(reference: recording.text, hypothesis: text)
            print(
                "WER \(errors.rate * 100) % of \(errors.words) words, \(recording.duration / seconds) times real time, "
                    + "with what had to be installed")
            #expect(errors.rate <= 0.04, "\(errors.changes)")
            #expect(transcript.language == "en")
            #expect(transcript.model == "base")
            #expect(abs((transcript.duration ?? 0) - recording.duration) < 0.2)
            self.compare(transcript, with: recording)
        }
    }

    /// Compares every place with the truth.
    ///
    /// Every sentence begins where a prompt does, or within one (prompts of several sentences), and every prompt begins
    /// with a word at its place. Two prompts that make one sentence, “The number I have is” and “no directory entries”,
    /// are rightly one line; such are few.
    private func compare(_ transcript: Transcript, with recording: Recording) {
        let tolerance = 0.5
        let words = transcript.sentences.flatMap(\.words)
        for placement in recording.placements {
            let distance = words.map { abs($0.start - placement.start) }.min() ?? .infinity
            #expect(distance <= tolerance, "no word begins near \(placement)")
        }
        for sentence in transcript.sentences {
            let isInPrompt = recording.placements.contains {
                $0.start - tolerance <= sentence.start && sentence.start < $0.end
            }
            #expect(isInPrompt, "\(sentence.text) is said to begin at \(sentence.start), where nobody speaks")
        }
        let begun = recording.placements.count { placement in
            transcript.sentences.contains { abs($0.start - placement.start) <= tolerance }
        }
        #expect(Double(begun) >= 0.97 * Double(recording.placements.count))
    }
}
