package import CastCore
package import Foundation
import Synchronization

/// Decoding, cutting, recognising and assembling, side by side and for several files at once.
///
/// Each caller decodes its own file, a few at a time, and puts its segments into one pool; the engine's calls are filled
/// from the pool, whoever's segments they are. So a call belongs to no single file, and is a task of the pipeline's own.
/// Memory is bounded by the seconds that may be decoded and not recognised yet; decoders wait, the engine does not.
package final class SpeechPipeline: Transcriber {
    package let model: String
    private let engine: any SpeechEngine
    private let settings: PipelineSettings
    private let makeCutter: @Sendable () -> any Cutting
    private let decoders: Slots
    private let meter = StageMeter()
    private let state: Mutex<State>

    private struct State {
        var pool: SegmentPool
        var files: [SegmentPool.FileID: FileWork] = [:]
        var calls: [Int: (files: Set<SegmentPool.FileID>, task: Task<Void, Never>?)] = [:]
        var time = EngineTime(at: .now)

        mutating func noteTime() {
            self.time.change(calls: self.pool.callsUnderWay, files: self.files.count, at: .now)
        }
    }

    package var backend: Backend { Backend(model: self.model) }

    /// - Parameter makeCutter: How audio is cut; the default for everything but measurements.
    package init(
        model: String, engine: any SpeechEngine, settings: PipelineSettings = PipelineSettings(),
        makeCutter: @escaping @Sendable () -> any Cutting = { SpeechCutter() }
    ) {
        self.model = model
        self.engine = engine
        self.settings = settings
        self.makeCutter = makeCutter
        self.decoders = Slots(settings.decoders)
        self.state = Mutex(State(pool: SegmentPool(settings)))
    }

    package func transcribe(
        _ path: String, language: String?, duration: Double?, checkpoint: URL?,
        onProgress: @escaping @Sendable (Double) -> Void
    ) async throws -> Transcript {
        let work = FileWork(onProgress: onProgress)
        let id = self.open(work, language: language)
        defer { self.close(id) }
        if let checkpoint {
            self.resume(id, from: Checkpoint(checkpoint, of: path, model: self.model, language: language))
        }
        let samples = try await self.decoders.with { try await self.decode(path, lasting: duration, id) }
        self.finishDecoding(id)
        try await self.wait(for: id) { $0.isAnswered }
        let transcript = try self.assemble(id, duration: Double(samples) / Double(AudioDecoder.sampleRate))
        work.progress.tell(1)
        return transcript
    }

    // MARK: A file's way

    private func open(_ work: FileWork, language: String?) -> SegmentPool.FileID {
        self.state.withLock { state in
            let id = state.pool.open(language: language)
            state.files[id] = work
            state.noteTime()
            return id
        }
    }

    /// Takes up what an earlier run left.
    private func resume(_ id: SegmentPool.FileID, from checkpoint: Checkpoint) {
        self.state.withLock { state in
            state.files[id]?.checkpoint = checkpoint
            if let language = checkpoint.language { state.pool.settle(language: language, of: id) }
        }
    }

    /// Decodes and cuts; waits when there is enough for the engine.
    private func decode(_ path: String, lasting said: Double?, _ id: SegmentPool.FileID) async throws -> Int {
        let decoder = AudioDecoder()
        let begun = ContinuousClock.now
        var known = said.flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
        if known == nil { known = try await decoder.probe(path).duration }
        let duration = known
        self.state.withLock { state in
            state.files[id]?.duration = duration
            state.pool.setDuration(duration, of: id)
        }
        var cutter = self.makeCutter()
        var fresh: [SpeechSegment] = []
        var (cutting, waiting) = (Duration.zero, Duration.zero)
        var count = 0
        let samples = try await decoder.decode(path) { samples in
            let before = ContinuousClock.now
            fresh += cutter.append(samples)
            cutting += before.duration(to: .now)
        } rest: {
            guard !fresh.isEmpty else { return }
            count += fresh.count
            waiting += try await self.bring(fresh, of: id)
            fresh = []
        }
        let last = cutter.finish()
        waiting += try await self.bring(last, of: id)
        let audio = Double(samples) / Double(AudioDecoder.sampleRate)
        self.meter.add(
            .decode, busy: begun.duration(to: .now) - waiting - cutting, waiting: waiting, items: 1, audio: audio)
        self.meter.add(.cut, busy: cutting, items: count + last.count, audio: audio)
        return samples
    }

    /// Puts segments into the pool, as soon as there is room for them.
    ///
    /// - Returns: How long that took.
    private func bring(_ segments: [SpeechSegment], of id: SegmentPool.FileID) async throws -> Duration {
        let begun = ContinuousClock.now
        for segment in segments {
            let (index, checkpoint) = self.state.withLock { state in
                (state.files[id]?.expect(segment) ?? 0, state.files[id]?.checkpoint)
            }
            if let checkpoint, !checkpoint.entries.isEmpty, let known = checkpoint.entries[Checkpoint.Key(segment)] {
                self.note([(id, index, segment, known)])
                continue
            }
            try await self.waitForRoom(id)
            self.state.withLock { $0.pool.add(segment, index: index, of: id) }
            self.pump()
        }
        try self.check(id)
        return begun.duration(to: .now)
    }

    private func waitForRoom(_ id: SegmentPool.FileID) async throws {
        func hasRoom() -> Bool {
            let limits = self.engine.limits
            return self.state.withLock { state in
                let mayBring = state.pool.mayBring(id, limits)
                state.pool.setDecoding(mayBring ? .running : .held, of: id)
                return mayBring
            }
        }
        let bell = self.state.withLock { $0.files[id]?.bell }
        while !hasRoom() {
            // What is there may be less than a full call, and nothing more comes meanwhile.
            self.pump()
            await bell?.wait()
            try self.check(id)
        }
    }

    private func finishDecoding(_ id: SegmentPool.FileID) {
        self.state.withLock { state in
            state.pool.setDecoding(.done, of: id)
            // Another file's share has grown.
            for work in state.files.values { work.bell.ring() }
        }
        self.settleWhatIsLeft(of: [id])
        self.pump()
    }

    private func wait(for id: SegmentPool.FileID, until isTrue: (FileWork) -> Bool) async throws {
        while true {
            try self.check(id)
            guard let work = self.state.withLock({ $0.files[id] }), !isTrue(work) else { return }
            await work.bell.wait()
        }
    }

    /// - Throws: What the file failed with.
    private func check(_ id: SegmentPool.FileID) throws {
        try Task.checkCancellation()
        let failure = self.state.withLock { state in
            state.files[id].flatMap { work in work.unwritten == 0 ? work.failure : nil }
        }
        if let failure { throw failure }
    }

    private func assemble(_ id: SegmentPool.FileID, duration: Double) throws -> Transcript {
        let begun = ContinuousClock.now
        let (work, language) = self.state.withLock { ($0.files[id], $0.pool.language(of: id)) }
        guard var work else { throw CancellationError() }
        work.noteSilence(until: duration)
        if work.lostShare > self.settings.bearableGaps {
            let percent = Int((work.lostShare * 100).rounded())
            throw CastError(
                .engineFailed,
                "\(percent) % of the audio could not be recognised: \(work.failureReason ?? "no reason was given")")
        }
        var transcript = Transcript(
            sentences: [], duration: duration, language: language, model: self.model, engine: work.engine)
        transcript.sentences = TranscriptAssembler(language: language).sentences(from: work.allWords)
        // Parakeet does not say which language it heard.
        if language == nil { transcript.language = LanguageGuess.language(of: transcript) }
        let gaps = work.allGaps.map(Transcript.Gap.init)
        transcript.gaps = gaps.isEmpty ? nil : gaps
        self.meter.add(.words, busy: begun.duration(to: .now), items: 1, audio: duration)
        return transcript
    }

    /// Nobody waits for the file any more; calls that were only for it end.
    private func close(_ id: SegmentPool.FileID) {
        self.state.withLock { state in
            state.files[id] = nil
            state.pool.close(id)
            state.noteTime()
            for call in state.calls.values where call.files.allSatisfy({ state.files[$0] == nil }) {
                call.task?.cancel()
            }
            for work in state.files.values { work.bell.ring() }
        }
        self.pump()
    }

    // MARK: The engine's calls

    /// Has as many calls under way as there should be.
    private func pump() {
        let limits = self.engine.limits
        while true {
            let call = self.state.withLock { state in
                let call = state.pool.nextCall(limits)
                if let call { state.calls[call.number] = (call.files, nil) }
                state.noteTime()
                return call
            }
            guard let call else { return }
            let task = Task { await self.perform(call) }
            self.state.withLock { state in
                // It may have ended, or have lost its files, before it had a name.
                guard state.calls[call.number] != nil else { return }
                state.calls[call.number]?.task = task
                if call.files.allSatisfy({ state.files[$0] == nil }) { task.cancel() }
            }
        }
    }

    private func perform(_ call: SegmentPool.Call) async {
        do {
            let result = try await self.engine.recognise(call.items.map(\.segment), language: call.language)
            guard result.segments.count == call.items.count else {
                throw CastError(
                    .engineFailed, "The engine gave \(result.segments.count) results for \(call.items.count) segments.")
            }
            self.meter.add(.engine, items: 1, audio: call.seconds)
            let heard = self.state.withLock { state in
                state.calls[call.number] = nil
                for id in call.files {
                    state.files[id]?.engine = result.engine
                    state.files[id]?.unwritten += 1
                }
                let heard = state.pool.end(call, result)
                state.noteTime()
                return heard
            }
            // The engine first: it must not wait for what follows.
            self.pump()
            self.take(heard, engine: result.engine)
            self.state.withLock { state in
                for id in call.files {
                    state.files[id]?.unwritten -= 1
                    state.files[id]?.bell.ring()
                }
            }
            self.settleWhatIsLeft(of: call.files)
        } catch {
            self.fail(call, error)
        }
        self.pump()
    }

    private func fail(_ call: SegmentPool.Call, _ error: any Error) {
        self.state.withLock { state in
            state.calls[call.number] = nil
            let failure = state.pool.fail(call)
            state.noteTime()
            // An engine that was stopped does not do better with less.
            let isStopped = error is CancellationError || (error as? CastError)?.code == .unavailable
            for id in call.files where isStopped || failure == .given(id) {
                if state.files[id]?.failure == nil { state.files[id]?.failure = error }
            }
            for work in state.files.values { work.bell.ring() }
        }
    }

    private func settleWhatIsLeft(of files: Set<SegmentPool.FileID>) {
        for id in files {
            let heard = self.state.withLock { $0.pool.settleWhatIsLeft(of: id) }
            self.take(heard, engine: nil)
        }
    }

    /// Turns what was heard into words of the file.
    private func take(_ heard: [SegmentPool.Heard], engine: String?) {
        guard !heard.isEmpty else { return }
        let begun = ContinuousClock.now
        let answers = heard.map { heard in
            let segment = heard.item.segment
            let entry = Checkpoint.Entry(
                key: Checkpoint.Key(segment), words: segment.placed(heard.result.words), failure: heard.result.failure,
                isSpeechless: heard.result.isSpeechless ? true : nil, engine: engine, language: nil)
            return (heard.item.file, heard.item.index, segment, entry)
        }
        self.meter.add(.words, busy: begun.duration(to: .now))
        self.keep(answers)
        self.note(answers)
    }

    private typealias Answer = (file: SegmentPool.FileID, index: Int, segment: SpeechSegment, entry: Checkpoint.Entry)

    /// Writes answers to the checkpoints of their files.
    private func keep(_ answers: [Answer]) {
        for (id, answers) in Dictionary(grouping: answers, by: \.file) {
            let (checkpoint, language) = self.state.withLock { ($0.files[id]?.checkpoint, $0.pool.language(of: id)) }
            checkpoint?.add(
                answers.map { answer in
                    var entry = answer.entry
                    entry.language = language
                    return entry
                })
        }
    }

    private func note(_ answers: [Answer]) {
        let told = self.state.withLock { state in
            for answer in answers { state.files[answer.file]?.answer(answer.index, answer.segment, answer.entry) }
            for work in state.files.values { work.bell.ring() }
            return Set(answers.map(\.file)).compactMap { id in
                state.files[id].flatMap { work in work.share.map { (work.progress, $0) } }
            }
        }
        for (progress, share) in told { progress.tell(share) }
    }

    // MARK: What others see

    package var stages: [StageReport] {
        var reports = [Stage.decode, .cut, .pool, .engine, .words].map { self.meter[$0] }
        self.state.withLock { state in
            state.noteTime()
            for place in reports.indices {
                switch reports[place].stage {
                case .decode: reports[place].queue = self.decoders.waiting
                case .pool:
                    reports[place].queue = state.pool.waiting.count
                    // What is in memory now, not what passed through.
                    reports[place].audioSeconds = state.pool.heldSeconds
                case .engine:
                    reports[place].queue = state.pool.callsUnderWay
                    reports[place].busySeconds = state.time.busy / .seconds(1)
                    reports[place].waitingSeconds = state.time.waiting / .seconds(1)
                case .fetch, .cut, .words, .upload: break
                }
            }
        }
        return reports
    }
}

extension SpeechSegment {
    /// A segment's words at their places in the file, each as long as its sound.
    fileprivate func placed(_ words: [BatchResult.Word]) -> [Transcript.Word] {
        words.map { word in
            let (start, end) = self.trimmed(start: word.start, end: word.end)
            let first = self.fileTime(of: start, isEnd: false)
            return Transcript.Word(
                text: word.text, start: first, end: max(first, self.fileTime(of: end, isEnd: true)),
                probability: word.probability)
        }
    }
}

extension Transcript.Gap {
    fileprivate init(_ gap: FileWork.Gap) {
        let reason: Reason =
            switch gap.reason {
            case .silence: .silence
            case .music: .music
            case .failed: .failed
            }
        self.init(start: gap.start, end: gap.end, reason: reason)
    }
}
