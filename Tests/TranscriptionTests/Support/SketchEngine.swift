import CastCore
import Synchronization
import Transcription

/// An engine that hears a word in every sound between two pauses of a fifth of a second.
final class SketchEngine: SpeechEngine {
    /// A segment as the engine knows it: its place in the file and its length, in samples.
    struct Place: Hashable {
        var start: Int
        var count: Int

        init(_ segment: SpeechSegment) {
            self.start = segment.pieces.first?.fileStart ?? 0
            self.count = segment.samples.count
        }
    }

    private struct State {
        var calls: [(segments: Int, language: String?)] = []
        var answered: [Place] = []
    }

    let limits: BatchLimits
    private let failure: CastError?
    private let lastCall: Int
    /// What to answer for a segment instead of words.
    private let refusal: @Sendable (SpeechSegment) -> String?
    /// Whether nobody speaks in a segment.
    private let isSpeechless: @Sendable (SpeechSegment) -> Bool
    private let onCall: @Sendable () async -> Void
    private let state = Mutex(State())

    /// - Parameter lastCall: All calls after so many fail.
    init(
        batchSize: Int = 2, limits: BatchLimits? = nil, failure: CastError? = nil, lastCall: Int = .max,
        refusal: @escaping @Sendable (SpeechSegment) -> String? = { _ in nil },
        isSpeechless: @escaping @Sendable (SpeechSegment) -> Bool = { _ in false },
        onCall: @escaping @Sendable () async -> Void = {}
    ) {
        self.limits = limits ?? BatchLimits(segments: batchSize)
        self.failure = failure
        self.lastCall = lastCall
        self.refusal = refusal
        self.isSpeechless = isSpeechless
        self.onCall = onCall
    }

    var languages: [String?] { self.state.withLock { $0.calls.map(\.language) } }
    var batches: [Int] { self.state.withLock { $0.calls.map(\.segments) } }
    /// What it gave an answer for; a segment that was asked twice is in it once, so compare with `answers`.
    var answered: Set<Place> { Set(self.state.withLock { $0.answered }) }
    var answers: Int { self.state.withLock { $0.answered.count } }

    func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult {
        let call = self.state.withLock { state in
            state.calls.append((segments.count, language))
            return state.calls.count
        }
        await self.onCall()
        if let failure = self.failure { throw failure }
        if call > self.lastCall { throw CastError(.engineFailed, "It fell over.") }
        self.state.withLock { $0.answered += segments.map(Place.init) }
        return BatchResult(
            segments: segments.map { segment in
                if self.isSpeechless(segment) { return .init([], isSpeechless: true) }
                return self.refusal(segment).map { .init([], failure: $0) } ?? .init(Self.words(in: segment))
            }, language: language ?? "nl", languageProbability: 0.9, engine: "sketch 1")
    }

    private static func words(in segment: SpeechSegment) -> [BatchResult.Word] {
        var sounds: [ClosedRange<Int>] = []
        segment.samples.withUnsafeBufferPointer { samples in
            var index = 0
            while index < samples.count {
                if samples[index] > 500 || samples[index] < -500 {
                    if let last = sounds.last, index - last.upperBound < SoundSketch.rate / 5 {
                        sounds[sounds.count - 1] = last.lowerBound...index
                    } else {
                        sounds.append(index...index)
                    }
                }
                index += 1
            }
        }
        return sounds.map { sound in
            .init(
                text: "Word.", start: Double(sound.lowerBound) / Double(SoundSketch.rate),
                end: Double(sound.upperBound) / Double(SoundSketch.rate), probability: 0.8)
        }
    }
}

/// An engine that never answers; it says when it was asked.
final class EndlessEngine: SpeechEngine {
    let limits = BatchLimits(segments: 1)
    let asked: AsyncStream<Void>
    private let ask: AsyncStream<Void>.Continuation

    init() { (self.asked, self.ask) = AsyncStream.makeStream() }

    func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult {
        self.ask.yield()
        try await Task.sleep(for: .seconds(86_400))
        throw CancellationError()
    }
}

/// An engine that falls over when there is anything loud in its call.
final class TouchyEngine: SpeechEngine {
    let limits = BatchLimits(segments: 8)
    private let inner = SketchEngine()

    func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult {
        if segments.contains(where: { $0.samples.contains { $0 > 20_000 } }) {
            throw CastError(.engineFailed, "Too loud.")
        }
        return try await self.inner.recognise(segments, language: language)
    }
}
