import CastTestSupport
import Foundation
import Logging
import Synchronization
import Testing
import Transcription

/// Where the environment `venv` and the tiny model are; nil outside of `make test-nemo`.
private let nemoFolder = ProcessInfo.processInfo.environment["CAST2MD_TEST_NEMO"]

/// The real NeMo with a random model; `make test-nemo` installs what it takes, which is heavy, and runs it.
///
/// What is right is what NeMo's own `transcribe()` says to one segment at a time (`tiny_model.py`).
@Suite(
    .serialized, .timeLimit(.minutes(20)),
    .enabled(if: nemoFolder != nil, "make test-nemo installs NeMo and runs this."))
struct NemoEngineTests {
    private struct Reference: Decodable {
        struct Word: Decodable {
            var text: String
            var start: Int
        }
        var seed: UInt64
        var count: Int
        var text: String
        var words: [Word]
    }

    /// The same samples as `noise` of `tiny_model.py`.
    private func noise(_ reference: Reference) -> SpeechSegment {
        var state = reference.seed
        let samples = (0..<reference.count).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let sample = Int16(truncatingIfNeeded: Int((state >> 40) % 16_384) - 8192)
            return index / 4000 % 3 == 2 ? 0 : sample
        }
        var cutter = FixedClockCutter(seconds: 3600)
        _ = cutter.append(samples)
        return cutter.finish()[0]
    }

    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/EmbeddedEngine/files").path

    @Test func `on a GPU the first way that works is taken, and without one the reasons are told`() async throws {
        let folder = try #require(nemoFolder)
        let lines = Mutex<[String]>([])
        let outcome = try await ProgramRunner.run(
            "\(folder)/venv/bin/python", [testScript("nemo_ladder.py"), Self.scripts]
        ) { line in lines.withLock { $0.append(line) } }
        #expect(outcome.isSuccess, "\(outcome.complaint)")
        #expect(
            lines.withLock { $0 } == [
                "bfloat16 graphs 0", "bfloat16 no graphs 0", "float16 no graphs 1", "3 reasons", "1 reasons",
                "bfloat16 no graphs 0", "float16 no graphs 0",
            ])
    }

    @Test func `it says what NeMo itself says, where NeMo says it, for batches of 1, 7 and 64`() async throws {
        let folder = try #require(nemoFolder)
        let references = try JSONDecoder().decode(
            [Reference].self, from: Data(contentsOf: URL(filePath: "\(folder)/reference.json")))
        let segments = references.map(self.noise)
        var options = HelperEngine.Options(
            python: "\(folder)/venv/bin/python", scripts: Self.scripts, module: "engine_nemo",
            model: "\(folder)/model")
        options.threads = 1
        let engine = HelperEngine(options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            defer { group.cancelAll() }
            var results: [[BatchResult.Segment]] = []
            for size in [1, 7, 64] {
                let begun = ContinuousClock.now
                var found: [BatchResult.Segment] = []
                for first in stride(from: 0, to: segments.count, by: size) {
                    let batch = Array(segments[first..<min(first + size, segments.count)])
                    found += try await engine.recognise(batch, language: nil).segments
                }
                let seconds = begun.duration(to: .now) / .seconds(1)
                print("batches of \(size): \(found.reduce(0) { $0 + $1.words.count }) words, \(seconds) s")
                results.append(found)
            }
            self.compare(results[0], with: references)
            for other in results.dropFirst() {
                #expect(other.map { $0.words.map(\.text) } == results[0].map { $0.words.map(\.text) })
                #expect(other.map { $0.words.map(\.start) } == results[0].map { $0.words.map(\.start) })
                #expect(other.map { $0.words.map(\.end) } == results[0].map { $0.words.map(\.end) })
                for (one, two) in zip(results[0], other) {
                    for (left, right) in zip(one.words, two.words) {
                        #expect(abs((left.probability ?? 0) - (right.probability ?? 1)) < 0.001)
                    }
                }
            }
            print("\(await self.identity(engine, segments[0]))")
        }
    }

    private func identity(_ engine: HelperEngine, _ segment: SpeechSegment) async -> String {
        (try? await engine.recognise([segment], language: nil).engine) ?? "nothing"
    }

    /// Texts without spaces are the same, and words begin at the same frames.
    ///
    /// NeMo writes what is unknown as `⁇`, which is no word to us; segments with one are left out.
    private func compare(_ found: [BatchResult.Segment], with references: [Reference]) {
        var compared = 0
        for (segment, reference) in zip(found, references) where !reference.text.contains("⁇") {
            let text = segment.words.map(\.text).joined(separator: " ")
            #expect(text.filter { $0 != " " } == reference.text.filter { $0 != " " })
            let starts = segment.words.map { Int(($0.start / 0.08).rounded()) }
            #expect(starts == reference.words.map(\.start), "\(text) is not \(reference.text)")
            compared += reference.words.count
        }
        print("\(compared) words are the same, and begin at the same frames")
        #expect(compared > 100)
    }
}
