import CastCore
import CastTestSupport
import Foundation
import Logging
import Testing
import Transcription

/// The real onnx-asr and the real ONNX runtime, with a model of a few kilobytes whose text is known.
@Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled("The engine needs a Python 3 with venv.") { await RealEngine.isPossible() })
struct OnnxEngineTests {
    /// Sound with loud parts at known places, and pauses that are silent.
    private func sound(_ loud: [ClosedRange<Double>], seconds: Double) -> [Int16] {
        var sketch = SoundSketch()
        for part in loud {
            sketch.silence(part.lowerBound - sketch.seconds)
            sketch.burst(part.upperBound - sketch.seconds)
        }
        sketch.silence(seconds - sketch.seconds)
        return sketch.samples
    }

    private func segment(_ samples: [Int16]) -> SpeechSegment {
        var cutter = FixedClockCutter(seconds: 3600)
        _ = cutter.append(samples)
        return cutter.finish()[0]
    }

    /// Runs a body with the engine, which asks for batches of a size.
    private func withEngine(_ body: @escaping @Sendable (HelperEngine) async throws -> Void) async throws {
        let environment = ProcessInfo.processInfo.environment
        let installed = try await EngineInstaller(.onnxASR, home: RealEngine.home, environment: environment)
            .install { _ in }
        try await withTemporaryFolder { folder in
            let made = try await ProgramRunner.run(installed.python, [testScript("tiny_onnx.py"), folder.path])
            #expect(made.isSuccess, "\(made.complaint)")
            var options = HelperEngine.Options(
                python: installed.python, scripts: installed.scripts, module: installed.module, model: folder.path)
            options.threads = 1
            let engine = HelperEngine(options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await engine.run() }
                defer { group.cancelAll() }
                try await body(engine)
            }
        }
    }

    @Test func `a known text comes out, with times that follow the loud parts`() async throws {
        try await self.withEngine { engine in
            let segment = self.segment(self.sound([0.5...1.5, 2.5...4.5], seconds: 6))
            let result = try await engine.recognise([segment], language: nil)
            #expect(result.engine == "onnx-asr 0.12.0")
            #expect(result.language == nil)
            let words = try #require(result.segments.first).words
            #expect(words.map(\.text) == ["this", "is", "a", "test", "model.", "It", "reads"])
            // A token every four frames of 80 ms while it is loud, from the first frame on that is loud as a whole.
            #expect(words.map { Int(($0.start * 100).rounded()) } == [48, 80, 112, 144, 280, 376, 408])
            #expect(words.map { Int(($0.end * 100).rounded()) } == [80, 112, 144, 280, 344, 408, 472])
            // e^-0.01 for the first token, e^-0.02 for the second …; “model.” is the mean of its two, without the mark.
            let probabilities = words.compactMap(\.probability).map { Int(($0 * 10_000).rounded()) }
            #expect(probabilities == [9900, 9802, 9704, 9560, 9371, 9139, 9003])
            #expect(engine.limits.wantsLikeLengths)
            #expect(!engine.limits.needsOneLanguage)
        }
    }

    @Test func `the same comes out whatever is in the batch beside it`() async throws {
        try await self.withEngine { engine in
            var random = SoundSketch(seed: 5)
            let segments = (0..<64).map { _ in
                let start = random.random(in: 0...3)
                let middle = start + random.random(in: 0.2...4)
                return self.segment(
                    self.sound(
                        [start...middle, (middle + 0.5)...(middle + random.random(in: 0.6...3))], seconds: middle + 3.5)
                )
            }
            var results: [[BatchResult.Segment]] = []
            for size in [1, 7, 64] {
                var found: [BatchResult.Segment] = []
                for first in stride(from: 0, to: segments.count, by: size) {
                    let batch = Array(segments[first..<min(first + size, segments.count)])
                    found += try await engine.recognise(batch, language: nil).segments
                }
                results.append(found)
            }
            #expect(results[0].map { $0.words.count }.reduce(0, +) > 200)
            for other in results.dropFirst() {
                #expect(other.map { $0.words.map(\.text) } == results[0].map { $0.words.map(\.text) })
                #expect(other.map { $0.words.map(\.start) } == results[0].map { $0.words.map(\.start) })
                #expect(other.map { $0.words.map(\.end) } == results[0].map { $0.words.map(\.end) })
            }
        }
    }

    @Test func `silence, and a segment that is shorter than any sound, give no words and no error`() async throws {
        try await self.withEngine { engine in
            let result = try await engine.recognise(
                [self.segment([0]), self.segment(Array(repeating: 0, count: 16_000))], language: nil)
            #expect(result.segments == [.init([]), .init([])])
        }
    }
}
