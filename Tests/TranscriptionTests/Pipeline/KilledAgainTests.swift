import CastCore
import CastTestSupport
import Foundation
import Testing
import Transcription

/// The recogniser's process is killed again and again while a file is recognised.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct KilledAgainTests {
    /// Cuts of which each is a little longer than the one before: a length names a segment.
    private struct RisingCutter: Cutting {
        private var pending: [Int16] = []
        private var position = 0
        private var next = 4000

        mutating func append(_ samples: UnsafeBufferPointer<Int16>) -> [SpeechSegment] {
            self.pending.append(contentsOf: samples)
            var done: [SpeechSegment] = []
            while self.pending.count >= self.next {
                done.append(self.cut(self.next))
                self.next += 8
            }
            return done
        }

        // What is left is too short to be a segment of this test.
        mutating func finish() -> [SpeechSegment] { [] }

        private mutating func cut(_ count: Int) -> SpeechSegment {
            defer {
                self.pending.removeFirst(count)
                self.position += count
            }
            return SpeechSegment(
                samples: Array(self.pending[..<count]), pieces: [.init(start: 0, fileStart: self.position)],
                quiet: Array(repeating: false, count: count / SpeechCutter.frameLength + 1))
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `killed at random moments, it loses nothing, and does again only what was in hand`(seed: UInt64) async throws {
        var sketch = SoundSketch(seed: seed)
        sketch.burst(120)
        let sound = sketch
        try await ScriptedHelper.run(["ok slow:0.004"]) { helper in
            let file = helper.folder.appending(path: "a.wav")
            try sound.write(to: file)
            let pipeline = SpeechPipeline(model: "base", engine: helper.engine, makeCutter: { RisingCutter() })
            let killer = Task { try await Self.killAgainAndAgain(helper, seed: seed) }
            let transcript = try await pipeline.transcribe(file.path, language: "en") { _ in }
            killer.cancel()
            let kills = try await killer.value
            #expect(kills >= 5, "\(kills) kills are too few to say anything")

            let heard = transcript.sentences.flatMap(\.words).map(\.text)
            let wanted = Self.lengths(of: sound.samples.count)
            #expect(heard == wanted.map { "w\($0)" })
            #expect(transcript.gaps == nil)
            let done = helper.numbers("done").map(Int.init)
            #expect(Set(done) == Set(wanted))
            // A batch of six whose answer nobody got any more, and one that was ready behind it.
            #expect(done.count - wanted.count <= kills * 12, "\(done.count) for \(wanted.count), \(kills) kills")
        }
    }

    /// Kills each process at a random moment after it has done something.
    ///
    /// - Returns: How many were killed.
    private static func killAgainAndAgain(_ helper: ScriptedHelper, seed: UInt64) async throws -> Int {
        var random = SoundSketch(seed: seed)
        var kills = 0
        while !Task.isCancelled, kills < 12 {
            let before = helper.numbers("done").count
            // One that never gets anything done is not killed in the midst of it; the engine would rightly give it up.
            while helper.numbers("done").count <= before + 6 {
                if Task.isCancelled { return kills }
                try? await Task.sleep(for: .milliseconds(1))
            }
            try? await Task.sleep(for: .milliseconds(random.random(in: 0...40)))
            if Task.isCancelled { return kills }
            await helper.kill(life: helper.lives)
            kills += 1
        }
        return kills
    }

    private static func lengths(of samples: Int) -> [Int] {
        var (lengths, position) = ([Int](), 0)
        while position + 4000 + lengths.count * 8 <= samples {
            lengths.append(4000 + lengths.count * 8)
            position += lengths.last ?? 0
        }
        return lengths
    }
}
