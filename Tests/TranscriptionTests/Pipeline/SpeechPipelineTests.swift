import CastCore
import CastTestSupport
import Foundation
import Synchronization
import Testing
import Transcription

@Suite(.timeLimit(.minutes(10)))
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

    @Test func `music in which nobody speaks is noted once, also by a run that goes on with another's work`()
        async throws
    {
        try await withTemporaryFolder { folder in
            var sketch = SoundSketch()
            sketch.burst(2)
            sketch.silence(1)
            // Two segments and a half of it.
            sketch.burst(70, loudness: 30_000)
            sketch.silence(1)
            sketch.burst(8)
            let (file, kept) = (folder.appending(path: "sound.wav"), folder.appending(path: "sound.jsonl"))
            try sketch.write(to: file)
            let isMusic = { @Sendable (segment: SpeechSegment) in
                segment.samples.count { $0 > 20_000 } > 60_000
            }
            let engine = SketchEngine(batchSize: 1, isSpeechless: isMusic)
            let transcript = try await SpeechPipeline(model: "base", engine: engine)
                .transcribe(file.path, language: "en", checkpoint: kept) { _ in }
            let gaps = try #require(transcript.gaps)
            #expect(gaps.map(\.reason) == [.music])
            #expect(gaps[0].start < 20 && gaps[0].end > 55 && gaps[0].end < 74)
            let early = transcript.sentences.flatMap(\.words).filter { $0.start < gaps[0].end - 0.1 }
            #expect(early == [])
            let again = SketchEngine()
            let resumed = try await SpeechPipeline(model: "base", engine: again)
                .transcribe(file.path, language: "en", checkpoint: kept) { _ in }
            #expect(resumed == transcript)
            #expect(again.answers == 0)

            var short = SoundSketch()
            short.burst(5)
            try short.write(to: file)
            let jingle = try await SpeechPipeline(model: "base", engine: SketchEngine(isSpeechless: { _ in true }))
                .transcribe(file.path, language: "en") { _ in }
            #expect(jingle.sentences.isEmpty && jingle.gaps == nil, "five seconds are not worth a note")
        }
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

    @Test func `batches are filled across files, and each file's result is what it is alone`() async throws {
        try await withTemporaryFolder { folder in
            let urls = (1...5).map { folder.appending(path: "\($0).wav") }
            var alone: [Transcript] = []
            for (number, url) in urls.enumerated() {
                try SoundSketch.talk(seconds: 70, seed: UInt64(number + 1)).write(to: url)
                alone.append(
                    try await SpeechPipeline(model: "base", engine: SketchEngine())
                        .transcribe(url.path, language: "en") { _ in })
            }
            let count = alone.count
            let everythingWaits = Mutex<SpeechPipeline?>(nil)
            let engine = SketchEngine(
                limits: BatchLimits(segments: 64, paddedSeconds: 600, calls: 1),
                onCall: {
                    // The first call is answered only when all files are decoded: then the rest are in one pool.
                    while let pipeline = everythingWaits.withLock({ $0 }) {
                        guard pipeline.stages.first(where: { $0.stage == .decode })?.items == count else {
                            try? await Task.sleep(for: .milliseconds(2))
                            continue
                        }
                        break
                    }
                })
            let pipeline = SpeechPipeline(model: "base", engine: engine)
            everythingWaits.withLock { $0 = pipeline }
            let together = try await withThrowingTaskGroup(of: (Int, Transcript).self) { group in
                for (number, url) in urls.enumerated() {
                    group.addTask { (number, try await pipeline.transcribe(url.path, language: "en") { _ in }) }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            everythingWaits.withLock { $0 = nil }
            for number in urls.indices { #expect(together[number] == alone[number]) }
            #expect((engine.batches.max() ?? 0) > 5, "\(engine.batches)")
        }
    }

    @Test func `decoders wait when there is enough in memory`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "long.wav").path
            try SoundSketch.talk(seconds: 600, seed: 4).write(to: URL(filePath: path))
            var settings = PipelineSettings()
            settings.decodedSeconds = 240
            settings.decoders = 1
            let box = Mutex<SpeechPipeline?>(nil)
            let most = Mutex(0.0)
            let engine = SketchEngine(
                limits: BatchLimits(segments: 2, calls: 1),
                onCall: {
                    let pool = { box.withLock { $0 }?.stages.first { $0.stage == .pool } }
                    let isFirst = most.withLock { $0 == 0 }
                    // The engine takes its time, until the decoder has brought all that it may.
                    while isFirst, let held = pool()?.audioSeconds, held < 210 {
                        try? await Task.sleep(for: .milliseconds(2))
                    }
                    most.withLock { $0 = max($0, pool()?.audioSeconds ?? 0) }
                })
            let pipeline = SpeechPipeline(model: "base", engine: engine, settings: settings)
            box.withLock { $0 = pipeline }
            let transcript = try await pipeline.transcribe(path, language: "en") { _ in }
            box.withLock { $0 = nil }
            #expect(abs((transcript.duration ?? 0) - 600) < 21)
            #expect((210...270).contains(most.withLock { $0 }))
        }
    }

    @Test func `a segment that the engine cannot take leaves a gap, too many fail the file`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "sound.wav").path
            let talk = SoundSketch.talk(seconds: 700, seed: 8)
            try talk.write(to: URL(filePath: path))
            let one = SketchEngine(refusal: { (120..<150).contains(($0.pieces[0].fileStart) / 16_000) ? "poison" : nil }
            )
            let transcript = try await SpeechPipeline(model: "base", engine: one)
                .transcribe(path, language: "en") { _ in }
            let words = transcript.sentences.flatMap(\.words)
            #expect(words.count > 100)
            #expect(words.contains { $0.start < 120 } && words.contains { $0.start > 200 })
            let many = SketchEngine(refusal: { $0.pieces[0].fileStart > 300 * 16_000 ? "poison" : nil })
            let error = await #expect(throws: CastError.self) {
                try await SpeechPipeline(model: "base", engine: many).transcribe(path, language: "en") { _ in }
            }
            #expect(error?.code == .engineFailed)
            #expect(error?.message.contains("poison") == true)
        }
    }

    @Test func `a file whose segments break calls fails alone`() async throws {
        try await withTemporaryFolder { folder in
            let (good, bad) = (folder.appending(path: "good.wav"), folder.appending(path: "bad.wav"))
            try SoundSketch.talk(seconds: 100, seed: 1).write(to: good)
            var loud = SoundSketch()
            for _ in 0..<30 {
                loud.burst(2, loudness: 32_000)
                loud.silence(0.5)
            }
            try loud.write(to: bad)
            let pipeline = SpeechPipeline(model: "base", engine: TouchyEngine())
            async let fine = pipeline.transcribe(good.path, language: "en") { _ in }
            await #expect(throws: CastError.self) {
                try await pipeline.transcribe(bad.path, language: "en") { _ in }
            }
            let words = try await fine.sentences.flatMap(\.words)
            #expect(!words.isEmpty)
        }
    }

    @Test func `what each stage did is told`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "sound.wav").path
            try SoundSketch.talk(seconds: 100, seed: 1).write(to: URL(filePath: path))
            let engine = SketchEngine()
            let pipeline = SpeechPipeline(model: "base", engine: engine)
            _ = try await pipeline.transcribe(path, language: "en") { _ in }
            let stages = Dictionary(uniqueKeysWithValues: pipeline.stages.map { ($0.stage, $0) })
            #expect(pipeline.stages.map(\.stage) == [.decode, .cut, .pool, .engine, .words])
            #expect(stages[.decode]?.items == 1)
            #expect(abs((stages[.decode]?.audioSeconds ?? 0) - 100) < 3)
            #expect(stages[.cut]?.items == engine.answered.count)
            #expect(stages[.engine]?.items == engine.batches.count)
            #expect(stages[.pool]?.queue == 0)
            #expect(stages[.pool]?.audioSeconds == 0)
            #expect(stages[.words]?.items == 1)
            #expect(stages.values.allSatisfy { $0.busySeconds >= 0 && $0.waitingSeconds >= 0 })
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
