import ArgumentParser
import CastCore
import Foundation

struct SpeechBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speech",
        abstract:
            "Measures the worker: how much of an engine's speed it delivers, and the real engine beside its own calls.",
        discussion: """
            `pace`: an engine that answers at a set multiple of real time, behind the real helper process, with the real \
            server and the real worker: 50 episodes of 40 minutes, beside the serial way with the same engine. \
            `whisper`: the real faster-whisper on an hour of people speaking, beside its own calls on the whole file.
            """)

    @Option(help: "The folder for what is made and kept between runs.")
    var cache = ".cache"

    @Option(help: "Which parts, separated by commas: pace, whisper.")
    var parts = "pace,whisper"

    @Option(help: "Multiples of real time of the set engine, separated by commas.")
    var multiples = "100,300,1000,3000"

    @Option(help: "Episodes of 40 minutes; a fifth of them at 100 times real time, where they take long.")
    var episodes = 50

    func validate() throws {
        guard Set(self.parts.split(separator: ",")).isSubset(of: ["pace", "whisper"]) else {
            throw ValidationError("Parts are pace and whisper.")
        }
        guard self.multiples.split(separator: ",").allSatisfy({ Double($0).map { $0 > 0 } ?? false }) else {
            throw ValidationError("--multiples are numbers above 0, separated by commas.")
        }
        guard self.episodes > 0 else { throw ValidationError("--episodes must be at least 1.") }
    }

    func run() async throws {
        let parts = self.parts.split(separator: ",")
        let corpus = SpeechCorpus(cache: self.cache)
        let bench = PacedBench(corpus: corpus, episodes: self.episodes)
        let multiples = self.multiples.split(separator: ",").compactMap { Double($0) }
        try await untilInterrupted {
            if parts.contains("pace") { try await bench.run(multiples) }
            if parts.contains("whisper") { try await WhisperBench(corpus: corpus).run() }
        }
    }
}
