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

    @Test(.timeLimit(.minutes(10)))
    func `noise in which nobody speaks gives no words`() async throws {
        try await withTemporaryFolder { folder in
            try await RealEngine.run { pipeline in
                for loudness in [300.0, 3000, 20_000] {
                    var sketch = SoundSketch()
                    sketch.burst(40, loudness: loudness)
                    let path = folder.appendingPathComponent("noise.wav").path
                    try sketch.write(to: URL(fileURLWithPath: path))
                    let transcript = try await pipeline.transcribe(path, language: nil) { _ in }
                    #expect(transcript.sentences.map(\.text) == [])
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `music in which nobody speaks is left out and noted, and what is said before and after it is not`()
        async throws
    {
        let prompts = try await HumanPrompts.load(cache: RealEngine.cache)
        let pieces = try await RecordedMusic.load(cache: RealEngine.cache)
        try #require(pieces.count >= 5)
        try await withTemporaryFolder { folder in
            var files: [Recording] = []
            for (place, name) in ["before.wav", "after.wav"].enumerated() {
                files.append(
                    try await prompts.compose(
                        .init(seed: UInt64(40 + place), seconds: 40), to: folder.appendingPathComponent(name).path))
            }
            // A minute and a half of a piece without any voice.
            let music = try Data(contentsOf: pieces[0]).prefix(90 * 32_000)
            let speech = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0.path)).dropFirst(44) }
            var sketch = SoundSketch()
            for part in [speech[0], music, speech[1]] { sketch.append(part) }
            let path = folder.appendingPathComponent("show.wav")
            try sketch.write(to: path)
            let transcript = try await RealEngine.run { try await $0.transcribe(path.path, language: nil) { _ in } }

            let words = transcript.sentences.flatMap(\.words)
            let text = transcript.sentences.map(\.text).joined(separator: " ")
            let errors = WordErrorRate.measure(reference: files.map(\.text).joined(separator: " "), hypothesis: text)
            #expect(errors.rate <= 0.06, "\(errors.changes)")
            let (start, end) = (files[0].duration, files[0].duration + 90)
            #expect(words.filter { $0.start > start + 1 && $0.end < end - 1 }.map(\.text) == [])
            let gap = try #require(transcript.gaps?.first { $0.reason == .music })
            // A segment may hold the end of the speech and the beginning of the music.
            #expect(gap.start < start + 31 && gap.end > end - 31 && gap.end < end + 1, "\(gap), \(start) to \(end)")
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
