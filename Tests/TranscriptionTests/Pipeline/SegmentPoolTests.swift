import Testing
import Transcription

struct SegmentPoolTests {
    private static let word = BatchResult.Word(text: "Word.", start: 0, end: 0.1, probability: 1)

    private func segment(_ seconds: Double, at start: Double = 0) -> SpeechSegment {
        SpeechSegment(
            samples: Array(repeating: 0, count: Int(seconds * 16_000)),
            pieces: [.init(start: 0, fileStart: Int(start * 16_000))],
            quiet: Array(repeating: false, count: Int(seconds * 50)))
    }

    /// A pool with files of so many segments of ten seconds each.
    private func pool(
        _ counts: [Int], language: String? = "en", decoding: SegmentPool.Decoding = .done,
        settings: PipelineSettings = PipelineSettings()
    ) -> (pool: SegmentPool, files: [SegmentPool.FileID]) {
        var pool = SegmentPool(settings)
        var files: [SegmentPool.FileID] = []
        for count in counts {
            let id = pool.open(language: language)
            for index in 0..<count { pool.add(self.segment(10, at: Double(index) * 10), index: index, of: id) }
            pool.setDecoding(decoding, of: id)
            files.append(id)
        }
        return (pool, files)
    }

    private func next(of pool: inout SegmentPool, _ limits: BatchLimits) throws -> SegmentPool.Call {
        let call = pool.nextCall(limits)
        return try #require(call)
    }

    private func answer(
        _ call: SegmentPool.Call, language: String? = nil, probability: Double? = nil, words: Bool = true
    ) -> BatchResult {
        BatchResult(
            segments: call.items.map { _ in .init(words ? [Self.word] : []) }, language: language,
            languageProbability: probability, engine: "test 1")
    }

    @Test func `a call is filled from several files, the oldest first`() throws {
        var (pool, files) = self.pool([2, 1, 3])
        let call = try self.next(of: &pool, BatchLimits(segments: 4))
        #expect(call.items.map(\.file) == [files[0], files[0], files[1], files[2]])
        #expect(call.items.map(\.index) == [0, 1, 0, 0])
        #expect(pool.waiting.count == 2)
        #expect(pool.heldSeconds == 60, "what is under way is in memory still")
        _ = pool.end(call, self.answer(call))
        #expect(pool.heldSeconds == 20)
    }

    @Test func `an idle engine gets what there is, a busy one a full call`() throws {
        let limits = BatchLimits(segments: 4)
        var (pool, files) = self.pool([2], decoding: .running)
        let first = try self.next(of: &pool, limits)
        #expect(first.items.count == 2)
        for index in 2..<5 { pool.add(self.segment(10), index: index, of: files[0]) }
        let outcomeA = pool.nextCall(limits)
        #expect(outcomeA == nil, "three are no full call, and more is coming")
        pool.add(self.segment(10), index: 5, of: files[0])
        let outcomeB = pool.nextCall(limits)
        #expect(outcomeB?.items.map(\.index) == [2, 3, 4, 5])
        pool.add(self.segment(10), index: 6, of: files[0])
        pool.setDecoding(.done, of: files[0])
        let outcomeC = pool.nextCall(limits)
        #expect(outcomeC == nil, "no more than two at a time")
        _ = pool.end(first, self.answer(first))
        let outcomeD = pool.nextCall(limits)
        #expect(outcomeD?.items.map(\.index) == [6], "nothing more is coming")
    }

    @Test func `files of different languages do not share a call where the engine wants one`() throws {
        var pool = SegmentPool(PipelineSettings())
        let files = ["en", "de", "en"].map { pool.open(language: $0) }
        for id in files {
            pool.add(self.segment(10), index: 0, of: id)
            pool.setDecoding(.done, of: id)
        }
        var both = pool
        let outcome = both.nextCall(BatchLimits(segments: 8, needsOneLanguage: false))
        #expect(outcome?.items.count == 3)
        let first = try self.next(of: &pool, BatchLimits(segments: 8))
        #expect(first.items.map(\.file) == [files[0], files[2]])
        #expect(first.language == "en")
        let second = try self.next(of: &pool, BatchLimits(segments: 8))
        #expect(second.language == "de")
    }

    @Test func `a file's language is found out by a call of its own, then it joins the others`() throws {
        let limits = BatchLimits(segments: 8)
        var (pool, files) = self.pool([6], language: nil)
        let other = pool.open(language: "en")
        pool.add(self.segment(10), index: 0, of: other)
        pool.setDecoding(.done, of: other)
        let scout = try self.next(of: &pool, limits)
        #expect(scout.isScout)
        #expect(scout.language == nil)
        #expect(scout.items.map(\.file) == Array(repeating: files[0], count: 4))
        let beside = try self.next(of: &pool, limits)
        #expect(beside.items.map(\.file) == [other], "the rest waits until it is known")
        _ = pool.end(beside, self.answer(beside))
        let outcome = pool.end(scout, self.answer(scout, language: "en", probability: 0.9))
        #expect(outcome.count == 4)
        pool.add(self.segment(10), index: 1, of: other)
        let rest = try self.next(of: &pool, limits)
        #expect(rest.items.map(\.file) == [files[0], files[0], other])
        #expect(rest.language == "en")
        #expect(!rest.isScout)
    }

    @Test func `a jingle at the beginning is not asked`() throws {
        let limits = BatchLimits(segments: 8)
        var (pool, files) = self.pool([6], language: nil, decoding: .running)
        pool.setDuration(2400, of: files[0])
        let outcomeA = pool.nextCall(limits)
        #expect(outcomeA == nil, "only the first minute is here")
        pool.add(self.segment(10, at: 60), index: 6, of: files[0])
        let outcomeB = pool.nextCall(limits)
        #expect(outcomeB?.items.map(\.index) == [6])
        // A file that ends there, or whose decoder must wait, is asked with what it has.
        for decoding in [SegmentPool.Decoding.done, .held] {
            var (pool, files) = self.pool([6], language: nil, decoding: .running)
            pool.setDuration(2400, of: files[0])
            pool.setDecoding(decoding, of: files[0])
            let outcomeC = pool.nextCall(limits)
            #expect(outcomeC?.items.count == 4)
        }
    }

    @Test func `an unsure answer is not the last one, and what was heard in another language is heard again`() throws {
        let limits = BatchLimits(segments: 2)
        var (pool, files) = self.pool([4], language: nil)
        let first = try self.next(of: &pool, limits)
        let outcomeA = pool.end(first, self.answer(first, language: "en", probability: 0.3))
        #expect(outcomeA.isEmpty)
        #expect(pool.language(of: files[0]) == nil)
        let second = try self.next(of: &pool, limits)
        let heard = pool.end(second, self.answer(second, language: "de", probability: 0.8))
        #expect(heard.map(\.item.index) == [2, 3])
        #expect(pool.language(of: files[0]) == "de")
        let again = try self.next(of: &pool, limits)
        #expect(again.items.map(\.index) == [0, 1])
        #expect(again.language == "de")
        let outcomeB = pool.end(again, self.answer(again, language: "de"))
        #expect(outcomeB.count == 2)
        #expect(pool.heldSeconds == 0)
    }

    @Test func `where nobody speaks no language is found, and the next part is asked`() throws {
        let limits = BatchLimits(segments: 2)
        var (pool, files) = self.pool([4], language: nil)
        let first = try self.next(of: &pool, limits)
        let outcomeA = pool.end(first, self.answer(first, language: "en", probability: 0.9, words: false))
        #expect(outcomeA.count == 2)
        #expect(!pool.isLanguageSettled(of: files[0]))
        let outcomeB = pool.nextCall(limits)
        #expect(outcomeB?.isScout == true)
    }

    @Test func `unsure answers count when nothing more comes`() throws {
        let limits = BatchLimits(segments: 4)
        var (pool, files) = self.pool([2], language: nil)
        let call = try self.next(of: &pool, limits)
        let outcomeA = pool.end(call, self.answer(call, language: "en", probability: 0.3))
        #expect(outcomeA.isEmpty)
        let outcomeB = pool.settleWhatIsLeft(of: files[0])
        #expect(outcomeB.map(\.item.index) == [0, 1])
        #expect(pool.language(of: files[0]) == "en")
    }

    @Test func `an engine that does not say the language is asked for one file at a time`() throws {
        var (pool, files) = self.pool([3, 3], language: nil)
        let limits = BatchLimits(segments: 2)
        for id in files {
            let scout = try self.next(of: &pool, limits)
            #expect(scout.files == [id])
            let outcome = pool.end(scout, self.answer(scout))
            #expect(outcome.count == 2)
            let rest = try self.next(of: &pool, limits)
            #expect(rest.files == [id])
            _ = pool.end(rest, self.answer(rest))
        }
        #expect(pool.waiting.count == 0)
    }

    @Test func `a call that fails is tried again file by file, and then only that file is given up`() throws {
        var (pool, files) = self.pool([1, 1])
        let limits = BatchLimits(segments: 4)
        let both = try self.next(of: &pool, limits)
        let outcomeA = pool.fail(both)
        #expect(outcomeA == .retried)
        let first = try self.next(of: &pool, limits)
        let second = try self.next(of: &pool, limits)
        #expect(first.files == [files[0]])
        #expect(second.files == [files[1]])
        let outcomeB = pool.fail(first)
        #expect(outcomeB == .given(files[0]))
        let outcomeC = pool.end(second, self.answer(second))
        #expect(outcomeC.count == 1)
    }

    @Test func `no more is decoded than is bearable, and each file gets its share`() {
        var settings = PipelineSettings()
        settings.decodedSeconds = 900
        settings.decoders = 2
        let limits = BatchLimits(segments: 4)
        var pool = SegmentPool(settings)
        let (old, young) = (pool.open(language: "en"), pool.open(language: "en"))
        var count = 0
        while pool.mayBring(old, limits) {
            pool.add(self.segment(30), index: count, of: old)
            count += 1
        }
        #expect(pool.heldSeconds == 450, "half of it, since there are two")
        #expect(pool.mayBring(young, limits))
        pool.setDecoding(.done, of: young)
        #expect(pool.mayBring(old, limits), "alone it may have all")
        while pool.mayBring(old, limits) { pool.add(self.segment(30), index: 99, of: old) }
        #expect(pool.heldSeconds == 900)
        #expect(!pool.mayBring(young, limits))
    }

    @Test func `a file that nobody waits for leaves nothing behind`() throws {
        var (pool, files) = self.pool([3, 1])
        let call = try self.next(of: &pool, BatchLimits(segments: 4))
        pool.close(files[0])
        #expect(pool.heldSeconds == 10)
        let outcomeA = pool.end(call, self.answer(call))
        #expect(outcomeA.map(\.item.file) == [files[1]])
        #expect(pool.heldSeconds == 0)
        let outcomeB = pool.nextCall(BatchLimits(segments: 4))
        #expect(outcomeB == nil)
    }

    /// Whatever happens in whatever order, everything is answered once and nothing stands still.
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func `every segment is answered exactly once`(seed: UInt64) throws {
        var random = SoundSketch(seed: seed)
        func chance(_ share: Double) -> Bool { random.random(in: 0...1) < share }
        let limits = BatchLimits(
            segments: Int(random.random(in: 1...9)), paddedSeconds: random.random(in: 20...400),
            wantsLikeLengths: chance(0.5), needsOneLanguage: chance(0.5), calls: Int(random.random(in: 1...3.9)))
        var settings = PipelineSettings()
        settings.decodedSeconds = 60
        settings.decoders = 2
        var pool = SegmentPool(settings)
        var left: [SegmentPool.FileID: Int] = [:]
        var brought: [SegmentPool.FileID: Int] = [:]
        var heard: [SegmentPool.FileID: [Int]] = [:]
        for _ in 0..<5 {
            let id = pool.open(language: chance(0.5) ? "en" : nil)
            left[id] = Int(random.random(in: 0...40))
            pool.setDuration(random.random(in: 100...300), of: id)
        }
        let files = left.keys.sorted()
        var calls: [SegmentPool.Call] = []
        var steps = 0
        func note(_ all: [SegmentPool.Heard]) {
            for one in all { heard[one.item.file, default: []].append(one.item.index) }
        }
        while files.contains(where: { heard[$0, default: []].count < brought[$0, default: 0] || left[$0] != nil }) {
            steps += 1
            try #require(steps < 20_000, "it stands still")
            for id in files where left[id] != nil && chance(0.4) {
                guard pool.mayBring(id, limits) else {
                    pool.setDecoding(.held, of: id)
                    continue
                }
                pool.setDecoding(.running, of: id)
                guard left[id] != 0 else {
                    left[id] = nil
                    pool.setDecoding(.done, of: id)
                    note(pool.settleWhatIsLeft(of: id))
                    continue
                }
                let index = brought[id, default: 0]
                pool.add(self.segment(random.random(in: 1...30), at: Double(index) * 30), index: index, of: id)
                brought[id] = index + 1
                left[id, default: 0] -= 1
            }
            while let call = pool.nextCall(limits) { calls.append(call) }
            if !calls.isEmpty, chance(0.6) {
                let call = calls.remove(at: Int(random.random(in: 0...Double(calls.count) - 0.001)))
                if chance(0.1), call.files.count > 1 {
                    let outcome = pool.fail(call)
                    #expect(outcome == .retried)
                } else {
                    let language = ["en", "de", nil][Int(random.random(in: 0...2.99))]
                    note(
                        pool.end(
                            call,
                            self.answer(
                                call, language: language, probability: random.random(in: 0...1), words: chance(0.8))))
                    for id in call.files { note(pool.settleWhatIsLeft(of: id)) }
                }
            }
            #expect(calls.count == pool.callsUnderWay)
        }
        for id in files { #expect(heard[id, default: []].sorted() == Array(0..<brought[id, default: 0])) }
        #expect(abs(pool.heldSeconds) < 0.001)
    }
}
