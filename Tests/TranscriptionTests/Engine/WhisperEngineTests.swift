import CastCore
import CastTestSupport
import Foundation
import HumanSpeech
import Synchronization
import Testing
import Transcription

/// What our part of the Whisper engine adds to faster-whisper.
@Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled("The engine needs a Python 3 with venv.") { await RealEngine.isPossible() })
struct WhisperEngineTests {
    @Test func `where somebody speaks and Whisper ended, it listens again`() async throws {
        let installed = try await EngineInstaller(
            .fasterWhisper, home: RealEngine.home, environment: ProcessInfo.processInfo.environment
        ).install { _ in }
        let lines = Mutex<[String]>([])
        let outcome = try await ProgramRunner.run(
            installed.python, [testScript("whisper_early.py"), installed.scripts]
        ) { line in lines.withLock { $0.append(line) } }
        #expect(outcome.isSuccess, "\(outcome.complaint)")
        #expect(
            lines.withLock { $0 } == [
                "all heard: w0@0 w1@1 w2@2 w3@3 w4@4 w5@5; 0-6",
                "the rest is given again: w0@0 w1@1 w2@2 w3@3 w4@4 w5@5; 0-6, 2-6",
                "and once more: w0@0 w1@1 w2@2 w3@3 w4@4 w5@5 w6@6 w7@7 w8@8; 0-9, 1-9, 3-9",
                "three times at most: w0@0 w1@1 w2@2; 0-12, 1-12, 2-12",
                "what stays silent is not given twice: w0@0 w1@1; 0-6, 2-6",
                "silence is not: w0@0 w1@1 w8@8 w9@9; 0-10",
                "less than three seconds are not: w0@0 w1@1; 0-4",
                "places count within their segment: w0@0 w1@1 w2@2 w3@3 | w4@0 w5@1 w6@2 w7@3; 0-4 4-10",
                "places count within their segment, again: "
                    + "w0@0 w1@1 w2@2 w3@3 w4@4 | w5@0 w6@1 w7@2 w8@3 w9@4 w10@5; 0-5 5-11, 2-5 7-11",
                "no word at all is no hole: ; 0-6",
                "workers: 1:1 2:2 3:3 4:4 5:4 6:3 7:3 8:4 12:4 64:4",
            ])
    }

    /// Half a minute of “Dialling” is one that Whisper base ends after five words.
    @Test func `no episode of the demo loses words`() async throws {
        let podcast = try await DemoPodcast.make(cache: RealEngine.cache)
        let texts = try await RealEngine.run { pipeline in
            var texts: [String] = []
            for episode in podcast.episodes {
                let transcript = try await pipeline.transcribe(episode.recording.path, language: nil) { _ in }
                texts.append(transcript.sentences.map(\.text).joined(separator: " "))
            }
            return texts
        }
        for (episode, text) in zip(podcast.episodes, texts) {
            let errors = WordErrorRate.measure(reference: episode.recording.text, hypothesis: text)
            print("\(episode.title): \(errors.rate * 100) % of \(errors.words) words, \(errors.deletions) left out")
            #expect(errors.rate <= 0.05, "\(episode.title): \(errors.changes)")
            #expect(errors.deletions <= 6, "\(episode.title): \(errors.changes)")
        }
    }
}
