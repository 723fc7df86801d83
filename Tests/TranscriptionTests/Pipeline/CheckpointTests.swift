import CastCore
import CastTestSupport
import Foundation
import Synchronization
import Testing
import Transcription

@Suite(.timeLimit(.minutes(10)))
struct CheckpointTests {
    /// A file of about so many seconds of bursts and pauses.
    private func write(_ seconds: Double, seed: UInt64, to url: URL) throws {
        try SoundSketch.talk(seconds: seconds, seed: seed).write(to: url)
    }

    private func transcribe(
        _ url: URL, by engine: some SpeechEngine, language: String? = nil, checkpoint: URL?, model: String = "base"
    ) async throws -> Transcript {
        try await SpeechPipeline(model: model, engine: engine)
            .transcribe(url.path, language: language, checkpoint: checkpoint) { _ in }
    }

    @Test(arguments: [nil, "en"] as [String?], [1, 2, 3])
    func `a run that breaks off is gone on with: nothing is heard twice, and the result is the same`(
        language: String?, calls: Int
    ) async throws {
        try await withTemporaryFolder { folder in
            let (sound, kept) = (folder.appending(path: "a.wav"), folder.appending(path: "deep/a.jsonl"))
            try self.write(300, seed: 3, to: sound)
            let whole = SketchEngine()
            let expected = try await self.transcribe(sound, by: whole, language: language, checkpoint: nil)

            let broken = SketchEngine(limits: BatchLimits(segments: 2, calls: 1), lastCall: calls)
            await #expect(throws: CastError.self) {
                try await self.transcribe(sound, by: broken, language: language, checkpoint: kept)
            }
            let second = SketchEngine()
            let resumed = try await self.transcribe(sound, by: second, language: language, checkpoint: kept)
            #expect(resumed == expected)
            #expect(broken.answered.intersection(second.answered).isEmpty)
            #expect(broken.answered.union(second.answered) == whole.answered)
            #expect(broken.answered.count >= calls)
            if language == nil {
                #expect(second.languages.allSatisfy { $0 == "nl" }, "the language is not asked again")
            }

            let third = SketchEngine()
            #expect(try await self.transcribe(sound, by: third, language: language, checkpoint: kept) == expected)
            #expect(third.batches.isEmpty)
        }
    }

    @Test func `a checkpoint of another file, model or language is none`() async throws {
        try await withTemporaryFolder { folder in
            let kept = folder.appending(path: "kept.jsonl")
            let sounds = [folder.appending(path: "a.wav"), folder.appending(path: "b.wav")]
            try self.write(90, seed: 1, to: sounds[0])
            try self.write(90, seed: 2, to: sounds[1])
            for (sound, model, language) in [
                (sounds[0], "base", nil), (sounds[1], "base", nil), (sounds[1], "small", nil),
                (sounds[1], "small", "nl"),
            ] as [(URL, String, String?)] {
                let engine = SketchEngine()
                _ = try await self.transcribe(sound, by: engine, language: language, checkpoint: kept, model: model)
                #expect(engine.answered.count > 1)
            }
        }
    }

    enum Damage: CaseIterable { case cutOff, empty, noise, headGone, lineDamaged, folder }

    @Test(arguments: Damage.allCases)
    func `what is damaged is recognised again, and the rest is not`(damage: Damage) async throws {
        try await withTemporaryFolder { folder in
            let (sound, kept) = (folder.appending(path: "a.wav"), folder.appending(path: "a.jsonl"))
            try self.write(160, seed: 5, to: sound)
            let first = SketchEngine()
            let expected = try await self.transcribe(sound, by: first, language: "nl", checkpoint: kept)
            var data = try Data(contentsOf: kept)
            let lines = data.split(separator: UInt8(ascii: "\n"))
            #expect(lines.count == first.answered.count + 1)
            switch damage {
            case .cutOff: data = data.dropLast(20)
            case .empty: data = Data()
            case .noise: data = Data((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 97) })
            case .headGone: data = data.dropFirst(10)
            case .lineDamaged:
                data.replaceSubrange((lines[3].startIndex + 5)..<(lines[3].startIndex + 9), with: Data("\0{{\0".utf8))
            case .folder: break
            }
            try data.write(to: kept)
            if damage == .folder {
                try FileManager.default.removeItem(at: kept)
                try FileManager.default.createDirectory(at: kept, withIntermediateDirectories: true)
            }
            let second = SketchEngine()
            #expect(try await self.transcribe(sound, by: second, language: "nl", checkpoint: kept) == expected)
            switch damage {
            case .cutOff: #expect(second.answered.count == 1)
            case .lineDamaged: #expect(second.answered.count == first.answered.count - 2)
            case .empty, .noise, .headGone, .folder: #expect(second.answered == first.answered)
            }
        }
    }
}
