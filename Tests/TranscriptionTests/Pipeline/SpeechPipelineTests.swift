import CastCore
import CastTestSupport
import Foundation
import Synchronization
import Testing
import Transcription

@Suite(.timeLimit(.minutes(3)))
struct SpeechPipelineTests {
    /// Ten minutes of bursts with pauses, some of them long.
    private func sketch(bursts: Int, pause: ClosedRange<Double>) -> SoundSketch {
        var sketch = SoundSketch(seed: 9)
        for _ in 0..<bursts {
            sketch.silence(sketch.random(in: pause))
            sketch.burst(sketch.random(in: 0.5...3))
        }
        sketch.silence(0.5)
        return sketch
    }

    @Test func `words come back at the places in the file where they were said`() async throws {
        try await withTemporaryFolder { folder in
            let sketch = self.sketch(bursts: 120, pause: 0.4...9)
            try sketch.write(to: folder.appending(path: "sound.wav"))
            let engine = SketchEngine()
            let transcript = try await SpeechPipeline(model: "base", engine: engine)
                .transcribe(folder.appending(path: "sound.wav").path, language: nil) { _ in }
            let words = transcript.sentences.flatMap(\.words)
            #expect(words.count == sketch.bursts.count)
            for (word, burst) in zip(words, sketch.bursts) {
                #expect(abs(word.start - Double(burst.lowerBound) / 16_000) < 0.03)
                #expect(abs(word.end - Double(burst.upperBound) / 16_000) < 0.03)
            }
            #expect(abs((transcript.duration ?? 0) - sketch.seconds) < 0.05)
            #expect(transcript.model == "base")
            #expect(transcript.engine == "sketch 1")
            #expect(transcript.source == .engine)
            #expect(words.allSatisfy { $0.probability == 0.8 })
        }
    }

    @Test func `the language is found out once, and every later batch is told it`() async throws {
        try await withTemporaryFolder { folder in
            try self.sketch(bursts: 100, pause: 0.4...0.9).write(to: folder.appending(path: "sound.wav"))
            let engine = SketchEngine()
            let transcript = try await SpeechPipeline(model: "base", engine: engine)
                .transcribe(folder.appending(path: "sound.wav").path, language: nil) { _ in }
            #expect(engine.languages.count > 2)
            #expect(engine.languages.first == .some(nil))
            #expect(engine.languages.dropFirst().allSatisfy { $0 == "nl" })
            #expect(engine.batches.allSatisfy { $0 <= 2 })
            #expect(transcript.language == "nl")
        }
    }

    @Test func `a noise at the start does not settle the language`() async throws {
        try await withTemporaryFolder { folder in
            var sketch = SoundSketch()
            // Too faint for the engine of this test, in which it hears no word.
            sketch.burst(150, loudness: 400)
            for _ in 0..<90 {
                sketch.silence(0.5)
                sketch.burst(1)
            }
            try sketch.write(to: folder.appending(path: "sound.wav"))
            let engine = SketchEngine()
            _ = try await SpeechPipeline(model: "base", engine: engine)
                .transcribe(folder.appending(path: "sound.wav").path, language: nil) { _ in }
            #expect(engine.languages.prefix(2) == [nil, nil])
            #expect(engine.languages.last == "nl")
        }
    }

    @Test func `progress rises from batch to batch and ends with one`() async throws {
        try await withTemporaryFolder { folder in
            try self.sketch(bursts: 100, pause: 0.4...0.9).write(to: folder.appending(path: "sound.wav"))
            let seen = Mutex<[Double]>([])
            _ = try await SpeechPipeline(model: "base", engine: SketchEngine())
                .transcribe(folder.appending(path: "sound.wav").path, language: "en") { share in
                    seen.withLock { $0.append(share) }
                }
            let shares = seen.withLock { $0 }
            #expect(shares.count > 2)
            #expect(shares == shares.sorted())
            #expect(shares.allSatisfy { (0...1).contains($0) })
            #expect(shares.last == 1)
        }
    }

    @Test func `what the engine fails with is what the caller gets`() async throws {
        try await withTemporaryFolder { folder in
            try self.sketch(bursts: 100, pause: 0.4...0.9).write(to: folder.appending(path: "sound.wav"))
            let engine = SketchEngine(failure: CastError(.engineFailed, "It fell over."))
            let error = await #expect(throws: CastError.self) {
                try await SpeechPipeline(model: "base", engine: engine)
                    .transcribe(folder.appending(path: "sound.wav").path, language: nil) { _ in }
            }
            #expect(error?.code == .engineFailed)
        }
    }

    @Test func `a caller that gives up is let go, with the decoder stopped`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "sound.wav").path
            try self.sketch(bursts: 200, pause: 0.4...0.9).write(to: URL(filePath: path))
            let engine = EndlessEngine()
            let task = Task {
                try await SpeechPipeline(model: "base", engine: engine).transcribe(path, language: nil) { _ in }
            }
            var asked = engine.asked.makeAsyncIterator()
            await asked.next()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try self.decoders(of: path) == 0)
        }
    }

    @Test func `several files go through one engine at once`() async throws {
        try await withTemporaryFolder { folder in
            let engine = SketchEngine()
            let pipeline = SpeechPipeline(model: "base", engine: engine)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...6 {
                    let url = folder.appending(path: "\(number).wav")
                    try self.sketch(bursts: number * 10, pause: 0.4...0.9).write(to: url)
                    group.addTask {
                        let transcript = try await pipeline.transcribe(url.path, language: nil) { _ in }
                        #expect(transcript.sentences.flatMap(\.words).count == number * 10)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Running ffmpeg processes that read a file.
    private func decoders(of path: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").count { name in
            guard Int(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
                return false
            }
            let line = String(decoding: data, as: UTF8.self)
            return line.hasPrefix("ffmpeg") && line.contains(path)
        }
    }
}
