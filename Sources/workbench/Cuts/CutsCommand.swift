import ArgumentParser
import CastCore
import Foundation
import HumanSpeech
import Logging
import Transcription

struct CutsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cuts",
        abstract: "Measures what cutting at pauses is worth: word errors and speed beside cuts on a fixed clock.",
        discussion: "The same recording of real human speech goes through the same engine and model both times.")

    @Option(help: "The folder for what is made and fetched.")
    var cache = ".cache"

    @Option(help: "Seconds of speech to measure with.")
    var seconds = 600.0

    @Option(help: "What the order of the prompts is drawn from.")
    var seed: UInt64 = 1

    @Option(help: "Which parts, separated by commas: words (through the engine), places (of cuts, without it).")
    var parts = "words,places"

    @Option(help: "Hours of speech for the places of cuts.")
    var hours = 2.0

    func validate() throws {
        guard Set(self.parts.split(separator: ",")).isSubset(of: ["words", "places"]) else {
            throw ValidationError("Parts are words and places.")
        }
    }

    func run() async throws {
        let bench = CutsBench(cache: self.cache, seconds: self.seconds, seed: self.seed)
        let places = BoundaryBench(cache: self.cache, seconds: self.hours * 3600)
        let parts = self.parts.split(separator: ",")
        try await untilInterrupted {
            if parts.contains("words") { try await bench.run() }
            if parts.contains("places") { try await places.run() }
        }
    }
}

/// Transcribes one recording once for each way of cutting.
struct CutsBench: Sendable {
    var cache: String
    var seconds: Double
    var seed: UInt64

    private static let cuttings: [(name: String, make: @Sendable () -> any Cutting)] = [
        ("at pauses (ours)", { SpeechCutter() }), ("every 20 s", { FixedClockCutter(seconds: 20) }),
    ]

    func run() async throws {
        let prompts = try await HumanPrompts.load(cache: self.cache)
        let folder = self.cache + "/bench"
        let recording = try await prompts.compose(
            .init(seed: self.seed, seconds: self.seconds), to: folder + "/speech.mp3")
        // The first call of an engine loads the model, which is nobody's cut.
        let first = try await prompts.compose(.init(seed: self.seed, seconds: 5), to: folder + "/first.mp3")
        var logger = Logger(label: "cuts")
        logger.logLevel = .warning
        var results: [CutsResult] = []
        var engine = "an unknown engine"
        for cutting in Self.cuttings {
            Console.error("Transcribing \(Int(recording.duration)) s of speech with cuts \(cutting.name)")
            let speech = try LocalSpeech(
                model: "base", home: HomeFolder(path: self.cache + "/home"),
                environment: ProcessInfo.processInfo.environment,
                logger: logger, makeCutter: cutting.make)
            let (transcript, took) = try await speech.run { pipeline in
                _ = try await pipeline.transcribe(first.path, language: "en") { _ in }
                let begun = ContinuousClock.now
                let transcript = try await pipeline.transcribe(recording.path, language: "en") { _ in }
                return (transcript, begun.duration(to: .now))
            }
            engine = transcript.engine ?? engine
            let text = transcript.sentences.map(\.text).joined(separator: "\n")
            results.append(
                CutsResult(
                    name: cutting.name, errors: .measure(reference: recording.text, hypothesis: text),
                    speed: recording.duration / (took / .seconds(1))))
        }
        Console.line(
            "\(Int(recording.duration)) s of human speech, \(results[0].errors.words) words; \(engine), base\n")
        Console.line(CutsReport.text(results))
    }
}
