package import CastCore
import Foundation
package import Logging

/// Whether this machine's recogniser works at all: it loads its model, hears nothing in silence, hears the known words of a
/// clip, and is not far too slow.
///
/// A machine that passes may still fail a job; one that does not pass would fail every one.
package struct SmokeTest: Sendable {
    package struct Settings: Sendable, Equatable {
        package var model: String
        /// A recording of known words; nil tests silence only.
        package var clip: Clip?
        /// Where it must compute, for example `cuda`; nil takes any.
        package var device: String?
        /// Seconds of audio a second that it must at least reach; nil takes what suits the device.
        package var floor: Double?
        /// For everything together.
        package var limit = Duration.seconds(120)
        /// Of a hundred words, so many may be wrong.
        package var worstErrorRate = 0.2

        package init(model: String) { self.model = model }
    }

    package struct Clip: Sendable, Equatable {
        package var path: String
        package var words: String

        package init(path: String, words: String) {
            self.path = path
            self.words = words
        }
    }

    package let settings: Settings

    package init(_ settings: Settings) { self.settings = settings }

    /// Tests, and reports whatever came of it.
    ///
    /// - Parameter clock: For limit and speed.
    package func run(
        home: HomeFolder, environment: [String: String], logger: Logger,
        clock: some Clock<Duration> = ContinuousClock()
    ) async -> SmokeReport {
        var report = SmokeReport(model: self.settings.model)
        do {
            let speech = try LocalSpeech(
                model: self.settings.model, home: home, environment: environment, logger: logger)
            report = try await self.within(self.settings.limit, clock) {
                try await speech.run { pipeline in
                    try await self.examine(pipeline, speech.engine as? HelperEngine, clock)
                }
            }
        } catch {
            report.failures.append((error as? CastError)?.message ?? "\(error)")
        }
        return report
    }

    private func examine(
        _ pipeline: SpeechPipeline, _ engine: HelperEngine?, _ clock: some Clock<Duration>
    ) async throws -> SmokeReport {
        var report = SmokeReport(model: self.settings.model)
        guard let engine else {
            throw CastError(.internalFault, "The recogniser of \(self.settings.model) cannot be asked directly.")
        }
        let begun = clock.now
        let silence = try await engine.recognise([Self.silence], language: nil)
        report.loadSeconds = begun.duration(to: clock.now) / .seconds(1)
        report.engine = silence.engine
        report.device = engine.device
        if let failure = silence.segments.compactMap(\.failure).first {
            throw CastError(.engineFailed, "The recogniser cannot take a second of silence: \(failure)")
        }
        report.wordsInSilence = silence.segments.flatMap(\.words).map(\.text)
        if let clip = self.settings.clip {
            // Twice: what a device does for the first time says nothing of its speed.
            let passes = [
                try await self.hear(clip, pipeline, clock), try await self.hear(clip, pipeline, clock),
            ]
            report.clip = passes[1].speed > passes[0].speed ? passes[1] : passes[0]
        }
        report.failures = self.faults(of: report)
        return report
    }

    private func hear(
        _ clip: Clip, _ pipeline: SpeechPipeline, _ clock: some Clock<Duration>
    ) async throws -> SmokeReport.Clip {
        let begun = clock.now
        let transcript = try await pipeline.transcribe(clip.path, language: nil) { _ in }
        let seconds = begun.duration(to: clock.now) / .seconds(1)
        let heard = transcript.sentences.map(\.text).joined(separator: " ")
        return SmokeReport.Clip(
            said: clip.words, heard: heard, audioSeconds: transcript.duration ?? 0, seconds: seconds,
            wordErrorRate: WordDifference.rate(said: clip.words, heard: heard))
    }

    /// What is wrong with what was found, in sentences.
    func faults(of report: SmokeReport) -> [String] {
        var faults: [String] = []
        if let wanted = self.settings.device, report.device != wanted {
            faults.append("The recogniser computes on \(report.device ?? "an unknown device"), not on \(wanted).")
        }
        if !report.wordsInSilence.isEmpty {
            faults.append("Words were heard in silence: “\(report.wordsInSilence.joined(separator: " "))”.")
        }
        guard let clip = report.clip else { return faults }
        if clip.wordErrorRate > self.settings.worstErrorRate {
            faults.append(
                "\(clip.percentWrong) % of the words are wrong: “\(clip.heard.prefix(300))” was heard instead of “\(clip.said.prefix(300))”."
            )
        }
        let floor = self.settings.floor ?? Self.floor(of: report.device)
        if clip.speed < floor {
            faults.append(
                "It is too slow: \(SmokeReport.number(clip.speed)) seconds of audio a second, and \(SmokeReport.number(floor)) are the least."
            )
        }
        return faults
    }

    /// The least speed where none is asked for.
    ///
    /// Far below what any GPU that can be rented reaches, and above what a processor does with a large model: it finds
    /// a GPU that does not take part, not one that is a little slow. On a processor nearly nothing is too slow.
    static func floor(of device: String?) -> Double { device == "cuda" ? 3 : 0.1 }

    private static var silence: SpeechSegment {
        let count = AudioDecoder.sampleRate
        return SpeechSegment(
            samples: [Int16](repeating: 0, count: count), pieces: [.init(start: 0, fileStart: 0)],
            quiet: [Bool](repeating: true, count: count / SpeechCutter.frameLength))
    }

    private func within(
        _ limit: Duration, _ clock: some Clock<Duration>,
        _ body: @escaping @Sendable () async throws -> SmokeReport
    ) async throws -> SmokeReport {
        try await withThrowingTaskGroup(of: SmokeReport?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await clock.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let report = first else {
                throw CastError(.timedOut, "The test was not done within \(limit.components.seconds) seconds.")
            }
            return report
        }
    }
}
