import AsyncAlgorithms
package import CastCore
import Foundation

/// Decoding, cutting, recognising and assembling, side by side: the recogniser never waits while there is audio.
package struct SpeechPipeline: Transcriber {
    package let model: String
    private let engine: any SpeechEngine
    private let makeCutter: @Sendable () -> any Cutting

    package var backend: Backend { Backend(model: self.model) }

    /// - Parameter makeCutter: How audio is cut; the default for everything but measurements.
    package init(
        model: String, engine: any SpeechEngine, makeCutter: @escaping @Sendable () -> any Cutting = { SpeechCutter() }
    ) {
        self.model = model
        self.engine = engine
        self.makeCutter = makeCutter
    }

    package func transcribe(
        _ path: String, language: String?, onProgress: @escaping @Sendable (Double) -> Void
    ) async throws -> Transcript {
        let facts = try await AudioDecoder().probe(path)
        let batches = AsyncThrowingChannel<[SpeechSegment], any Error>()
        return try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask {
                do {
                    let samples = try await self.cut(path, into: batches)
                    batches.finish()
                    return .decoded(samples: samples)
                } catch {
                    batches.fail(error)
                    throw error
                }
            }
            group.addTask {
                try await self.recognise(batches, language: language) { seconds in
                    if let duration = facts.duration, duration > 0 { onProgress(min(1, seconds / duration)) }
                }
            }
            var duration = facts.duration
            var recognised: Outcome?
            for try await outcome in group {
                switch outcome {
                case .decoded(let samples): duration = Double(samples) / Double(AudioDecoder.sampleRate)
                case .recognised: recognised = outcome
                }
            }
            guard case .recognised(let words, let found, let engineName) = recognised else { throw CancellationError() }
            onProgress(1)
            return Transcript(
                sentences: TranscriptAssembler(language: found).sentences(from: words), duration: duration,
                language: found, model: self.model, engine: engineName)
        }
    }

    private enum Outcome: Sendable {
        case decoded(samples: Int)
        case recognised(words: [Transcript.Word], language: String?, engine: String?)
    }

    /// Decodes and cuts; the channel makes it wait when the engine has enough to do.
    private func cut(_ path: String, into batches: AsyncThrowingChannel<[SpeechSegment], any Error>) async throws -> Int
    {
        var cutter = self.makeCutter()
        var batch: [SpeechSegment] = []
        let samples = try await AudioDecoder().decode(path) { samples in
            for segment in cutter.append(samples) {
                batch.append(segment)
                guard batch.count >= self.engine.limits.segments else { continue }
                await batches.send(batch)
                batch = []
            }
        }
        batch += cutter.finish()
        if !batch.isEmpty { await batches.send(batch) }
        return samples
    }

    private func recognise(
        _ batches: AsyncThrowingChannel<[SpeechSegment], any Error>, language: String?, onDone: (Double) -> Void
    ) async throws -> Outcome {
        var words: [Transcript.Word] = []
        var language = language
        var engineName: String?
        for try await batch in batches {
            let result = try await self.engine.recognise(batch, language: language)
            // Found once for the file, where somebody speaks; a jingle in another language does not change it.
            if result.segments.contains(where: { !$0.words.isEmpty }) { language = language ?? result.language }
            engineName = result.engine
            for (segment, found) in zip(batch, result.segments) {
                words += found.words.map { word in
                    let (start, end) = segment.trimmed(start: word.start, end: word.end)
                    let first = segment.fileTime(of: start, isEnd: false)
                    return Transcript.Word(
                        text: word.text, start: first, end: max(first, segment.fileTime(of: end, isEnd: true)),
                        probability: word.probability)
                }
            }
            if let last = batch.last { onDone(Double(last.fileEnd) / Double(AudioDecoder.sampleRate)) }
        }
        return .recognised(words: words, language: language, engine: engineName)
    }
}
