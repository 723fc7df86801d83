import CastCore
import Synchronization
import Transcription

/// An engine that hears a word in every sound between two pauses of a fifth of a second.
final class SketchEngine: SpeechEngine {
    let limits: BatchLimits
    private let failure: CastError?
    private let calls = Mutex<[(segments: Int, language: String?)]>([])

    init(batchSize: Int = 2, failure: CastError? = nil) {
        self.limits = BatchLimits(segments: batchSize)
        self.failure = failure
    }

    var languages: [String?] { self.calls.withLock { $0.map(\.language) } }
    var batches: [Int] { self.calls.withLock { $0.map(\.segments) } }

    func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult {
        self.calls.withLock { $0.append((segments.count, language)) }
        if let failure = self.failure { throw failure }
        return BatchResult(
            segments: segments.map { BatchResult.Segment(Self.words(in: $0)) }, language: language ?? "nl",
            languageProbability: 0.9,
            engine: "sketch 1")
    }

    private static func words(in segment: SpeechSegment) -> [BatchResult.Word] {
        var sounds: [ClosedRange<Int>] = []
        for (index, sample) in segment.samples.enumerated() where abs(Int(sample)) > 500 {
            if let last = sounds.last, index - last.upperBound < SoundSketch.rate / 5 {
                sounds[sounds.count - 1] = last.lowerBound...index
            } else {
                sounds.append(index...index)
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
