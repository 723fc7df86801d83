import CastCore
import CastTestSupport
import Foundation
import Synchronization
import Testing
import Transcription

@Suite(.timeLimit(.minutes(3)))
struct HelperEngineTests {
    private func texts(_ result: BatchResult) -> [[String]] { result.segments.map { $0.words.map(\.text) } }

    @Test func `a batch comes back with a result for each segment, in order`() async throws {
        try await ScriptedHelper.run(["start ok"]) { helper in
            let result = try await helper.engine.recognise(segments(16_000, 8000, 24_000), language: nil)
            #expect(self.texts(result) == [["w16000"], ["w8000"], ["w24000"]])
            #expect(result.segments[2].words[0].end == 1.5)
            #expect(result.language == "en")
            #expect(result.engine == "scripted 1")
            let second = try await helper.engine.recognise(segments(3200), language: "de")
            #expect(second.language == "de")
            #expect(helper.lives == 1)
        }
    }

    @Test func `the batch size is what the helper says suits its device`() async throws {
        try await ScriptedHelper.run(["start ok"]) { helper in
            #expect(helper.engine.limits.segments != 6)
            _ = try await helper.engine.recognise(segments(16_000), language: nil)
            #expect(helper.engine.limits.segments == 6)
        }
    }

    @Test func `callers that come at once get their own answers`() async throws {
        try await ScriptedHelper.run(["start ok"]) { helper in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...20 {
                    group.addTask {
                        let result = try await helper.engine.recognise(segments(number * 160), language: nil)
                        #expect(self.texts(result) == [["w\(number * 160)"]])
                    }
                }
                try await group.waitForAll()
            }
            #expect(helper.lives == 1)
        }
    }

    @Test(arguments: [
        "die", "start die", "start leave", "start hang", "start raise", "start nan", "start garbage", "start backwards",
        "start reversed", "start beyond", "start certain", "start fewer", "start speechless:0", "start speechless:7",
        "start speechless:-1", "stranger ok", "start ok die",
    ])
    func `a helper that fails is replaced, and the batch tried once more`(life: String) async throws {
        try await ScriptedHelper.run(
            [life, "start ok"], clock: ImpatientClock([.seconds(60): life.contains("hang") ? 1 : 0])
        ) { helper in
            if life == "start ok die" { _ = try await helper.engine.recognise(segments(100), language: nil) }
            let result = try await helper.engine.recognise(segments(16_000), language: nil)
            #expect(self.texts(result) == [["w16000"]])
            #expect(helper.lives == 2)
        }
    }

    @Test func `a segment in which nobody speaks is said to be so, and is no failure`() async throws {
        try await ScriptedHelper.run(["start music"]) { helper in
            let result = try await helper.engine.recognise(segments(100, 200), language: nil)
            #expect(result.segments.map(\.isSpeechless) == [true, false])
            #expect(result.segments.map(\.failure) == [nil, nil])
            #expect(self.texts(result) == [[], ["w200"]])
            #expect(helper.lives == 1)
        }
    }

    @Test(arguments: ["die", "hang", "start die", "start hang", "start raise", "start fewer"])
    func `a batch that fails twice is given up, and the next one gets a fresh helper`(life: String) async throws {
        let clock = ImpatientClock([.seconds(60): life == "start hang" ? 2 : 0, .seconds(600): life == "hang" ? 2 : 0])
        // A helper that is killed before it says that it lives does not use its line up, so a hanging start stays one.
        let lives = life == "hang" ? [life] : [life, life, "start ok"]
        try await ScriptedHelper.run(lives, clock: clock) { helper in
            let error = await #expect(throws: CastError.self) {
                try await helper.engine.recognise(segments(16_000), language: nil)
            }
            #expect(error?.code == .engineFailed)
            guard life != "hang" else { return }
            _ = try await helper.engine.recognise(segments(16_000), language: nil)
            #expect(helper.lives == 3)
        }
    }

    @Test(arguments: [
        ("sound poison:300", [300], 1), ("sound poison:100,900", [100, 900], 3), ("start poison:300", [300], 20),
        ("start kill:300", [300], 20), ("start kill:200,300", [200, 300], 20),
    ])
    func `a segment that cannot be recognised is found and named, and the rest of its batch kept`(
        life: String, bad: [Int], atMost lives: Int
    ) async throws {
        try await ScriptedHelper.run([life]) { helper in
            let lengths = [100, 200, 300, 400, 500, 600, 700, 800, 900]
            let result = try await helper.engine.recognise(
                segments(100, 200, 300, 400, 500, 600, 700, 800, 900), language: nil)
            #expect(result.segments.map { $0.failure != nil } == lengths.map { bad.contains($0) })
            #expect(self.texts(result) == lengths.map { bad.contains($0) ? [] : ["w\($0)"] })
            if life.contains("poison") {
                #expect(result.segments.compactMap(\.failure).allSatisfy { $0.contains("this sound is poison") })
            }
            // Nothing that went well is done again.
            #expect(helper.numbers("done").sorted() == lengths.filter { !bad.contains($0) }.map(Int32.init))
            #expect(helper.lives <= lives)
        }
    }

    @Test(arguments: ["start raise", "start die", "sound raise", "start fewer"])
    func `an engine that fails on everything is an error, not a file of gaps`(life: String) async throws {
        try await ScriptedHelper.run([life]) { helper in
            for call in 1...2 {
                let error = await #expect(throws: CastError.self) {
                    try await helper.engine.recognise(
                        segments(100, 200, 300, 400, 500, 600, 700, 800), language: nil)
                }
                #expect(error?.code == .engineFailed)
                // The second call needs no search to see it.
                #expect(helper.lives <= 5 + 2 * call)
            }
        }
    }

    @Test func `a bad segment that comes alone is the audio's fault once the engine has shown that it works`()
        async throws
    {
        try await ScriptedHelper.run(["sound poison:300"]) { helper in
            await #expect(throws: CastError.self) {
                try await helper.engine.recognise(segments(300), language: nil)
            }
            _ = try await helper.engine.recognise(segments(100), language: nil)
            let result = try await helper.engine.recognise(segments(300), language: nil)
            #expect(result.segments.count == 1)
            #expect(result.segments[0].failure?.contains("poison") == true)
        }
    }

    @Test func `the next batch is made ready while the engine is at the one before`() async throws {
        try await ScriptedHelper.run(["start ahead ok"]) { helper in
            async let one = helper.engine.recognise(segments(100), language: nil)
            async let two = helper.engine.recognise(segments(200), language: nil)
            let results = try await [one, two]
            #expect(results.map(self.texts) == [[["w100"]], [["w200"]]])
        }
    }

    @Test func `a helper that ends while it has nothing to do costs nothing`() async throws {
        try await ScriptedHelper.run(["start ok"]) { helper in
            for life in 1...3 {
                let result = try await helper.engine.recognise(segments(100 * life, 1000 * life), language: nil)
                #expect(result.segments.allSatisfy { $0.failure == nil })
                #expect(helper.lives == life)
                await helper.kill(life: life)
            }
            #expect(helper.numbers("done") == [100, 1000, 200, 2000, 300, 3000])
        }
    }

    @Test func `what an engine says of itself is what its batches follow`() async throws {
        try await ScriptedHelper.run(["tokens token"]) { helper in
            _ = try await helper.engine.recognise(segments(16_000), language: nil)
            #expect(
                helper.engine.limits
                    == BatchLimits(
                        segments: 64, paddedSeconds: 1600, wantsLikeLengths: true, needsOneLanguage: false, calls: 3))
        }
    }

    @Test func `tokens come back as words`() async throws {
        try await ScriptedHelper.run(["tokens token"]) { helper in
            let result = try await helper.engine.recognise(segments(32_000, 16_000), language: nil)
            #expect(self.texts(result) == [["one", "twoty."], ["one", "twoty."]])
            let words = result.segments[0].words
            #expect(words.map { ($0.start * 100).rounded() } == [8, 40])
            #expect(words.map { ($0.end * 100).rounded() } == [40, 80])
            #expect(abs((words[1].probability ?? 0) - 0.7408) < 0.0001)
            #expect(result.language == nil)
        }
    }

    @Test(arguments: [
        "backwards", "late", "unknown", "negative", "nan", "certain", "long", "short", "fewer", "counts",
    ])
    func `tokens that make no sense are refused`(fault: String) async throws {
        try await ScriptedHelper.run(["tokens token:\(fault)", "tokens token"]) { helper in
            let result = try await helper.engine.recognise(segments(16_000), language: nil)
            #expect(self.texts(result) == [["one", "twoty."]])
            #expect(helper.lives == 2)
        }
    }

    @Test func `what fits into a card is remembered for the next engine, and forgotten for another card`() async throws
    {
        try await withTemporaryFolder { folder in
            let book = MemoryBook(path: folder.appending(path: "memory.json").path)
            try await ScriptedHelper.run(["card memory:2"], memory: book) { helper in
                _ = try await helper.engine.recognise(segments(1, 2, 3, 4, 5, 6, 7), language: nil)
                #expect(helper.engine.limits.segments == 2)
            }
            try await ScriptedHelper.run(["card ok"], memory: book) { helper in
                _ = try await helper.engine.recognise(segments(1), language: nil)
                #expect(helper.engine.limits.segments == 2)
            }
            try await ScriptedHelper.run(["start ok"], memory: book) { helper in
                _ = try await helper.engine.recognise(segments(1, 2, 3, 4, 5, 6, 7), language: nil)
                #expect(helper.engine.limits.segments == 6)
            }
        }
    }

    @Test func `what libraries print does not come between the frames`() async throws {
        try await ScriptedHelper.run(["start print"]) { helper in
            for _ in 1...3 { _ = try await helper.engine.recognise(segments(16_000), language: nil) }
            #expect(helper.lives == 1)
        }
    }

    @Test func `a batch that makes no sense is refused without a second try`() async throws {
        try await ScriptedHelper.run(["start refuse ok"]) { helper in
            let error = await #expect(throws: CastError.self) {
                try await helper.engine.recognise(segments(16_000), language: "xx")
            }
            #expect(error?.code == .invalid)
            _ = try await helper.engine.recognise(segments(16_000), language: nil)
            #expect(helper.lives == 1)
        }
    }

    @Test func `a batch that is too large for the device goes in by parts, and so do later ones`() async throws {
        try await ScriptedHelper.run(["start memory:2"]) { helper in
            let lengths = [100, 200, 300, 400, 500, 600, 700]
            let result = try await helper.engine.recognise(segments(100, 200, 300, 400, 500, 600, 700), language: nil)
            #expect(self.texts(result) == lengths.map { ["w\($0)"] })
            #expect(helper.engine.limits.segments == 2)
            #expect(helper.lives == 1)
        }
    }

    @Test func `a device that is too small for a single segment fails the batch`() async throws {
        try await ScriptedHelper.run(["start memory:0"]) { helper in
            let error = await #expect(throws: CastError.self) {
                try await helper.engine.recognise(segments(100, 200), language: nil)
            }
            #expect(error?.code == .engineFailed)
        }
    }

    @Test func `a hung helper ends with all that it started, even if it does not want to`() async throws {
        let processes = Mutex<[Int32]>([])
        try await ScriptedHelper.run(["start stubborn"]) { helper in
            let batch = Task { try await helper.engine.recognise(segments(16_000), language: nil) }
            while helper.numbers("child").isEmpty { await Task.yield() }
            processes.withLock { $0 = helper.pids + helper.numbers("child") }
            batch.cancel()
        }
        let pids = processes.withLock { $0 }
        #expect(pids.count == 2)
        while pids.contains(where: isRunning) { await Task.yield() }
    }

    @Test func `a caller that gives up is let go while the helper still works`() async throws {
        try await ScriptedHelper.run(["start hang"]) { helper in
            let batch = Task { try await helper.engine.recognise(segments(16_000), language: nil) }
            while helper.lives == 0 { await Task.yield() }
            batch.cancel()
            await #expect(throws: CancellationError.self) { try await batch.value }
        }
    }

    @Test func `batches that wait when the engine is stopped are answered, and later ones refused`() async throws {
        let waiting = Mutex<[Task<BatchResult, any Error>]>([])
        let engine = Mutex<HelperEngine?>(nil)
        try await ScriptedHelper.run(["start hang"]) { helper in
            for _ in 1...3 {
                let batch = Task { try await helper.engine.recognise(segments(16_000), language: nil) }
                waiting.withLock { $0.append(batch) }
            }
            while helper.lives == 0 { await Task.yield() }
            engine.withLock { $0 = helper.engine }
        }
        for batch in waiting.withLock({ $0 }) {
            await #expect(throws: (any Error).self) { try await batch.value }
        }
        let stopped = try #require(engine.withLock { $0 })
        let error = await #expect(throws: CastError.self) {
            try await stopped.recognise(segments(16_000), language: nil)
        }
        #expect(error?.code == .unavailable)
    }

    @Test func `a Python that is gone is an error that says what mends it`() async throws {
        try await ScriptedHelper.run(["start ok"], python: "/nowhere/bin/python") { helper in
            let error = await #expect(throws: CastError.self) {
                try await helper.engine.recognise(segments(16_000), language: nil)
            }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("cast2md engine install") == true)
        }
    }
}
