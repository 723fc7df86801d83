import CastCore
import CastTestSupport
import Foundation
import HumanSpeech
import Testing
import Transcription

@Suite(.serialized, .enabled(if: RealEngine.isPossible, "The engine needs a Python 3 with venv, and there is none."))
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
                "WER \(errors.rate * 100) % of \(errors.words) words, \(recording.duration / seconds) times real time")
            for change in errors.changes { print(change) }
            #expect(errors.rate <= 0.04)
            #expect(transcript.language == "en")
            for placement in recording.placements {
                let nearest = transcript.sentences.min {
                    abs($0.start - placement.start) < abs($1.start - placement.start)
                }
                let distance = (nearest?.start ?? .infinity) - placement.start
                if abs(distance) > 0.5 { print("AWAY", distance, placement, nearest?.text ?? "") }
            }
        }
    }
}
