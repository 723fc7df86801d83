import ArgumentParser
import CastCore
import Foundation

struct SpeechBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speech",
        abstract:
            "Measures how much of an engine's speed the worker delivers, and the real engine beside its own calls.",
        discussion: """
            pace: the engine is none: it answers at a set multiple of real time, and takes as long for it as one would. \
            Everything else is real: the worker claims, fetches, decodes, cuts, fills batches, assembles and hands in. \
            The serial way does one thing after the other, with the same engine, in the same run. \
            whisper: the real faster-whisper on an hour of people speaking, beside its own calls on the whole file.
            """)

    @Option(help: "The folder for what is made.")
    var cache = ".cache"

    @Option(help: "Which parts, separated by commas: pace, whisper.")
    var parts = "pace,whisper"

    @Option(help: "Multiples of real time, with commas.")
    var speeds = "100,300,1000,3000"

    @Option(help: "Episodes of forty minutes.")
    var episodes = 50

    @Option(help: "Episodes for engines below 1,000 times real time, which take long.")
    var slowEpisodes = 12

    @Flag(help: "Leave the serial way out.")
    var onlyOurs = false

    func validate() throws {
        guard !self.multiples.isEmpty, self.multiples.allSatisfy({ $0 > 0 }), self.episodes > 0 else {
            throw ValidationError("--speeds takes numbers above 0, --episodes a number above 0.")
        }
        guard Set(self.parts.split(separator: ",")).isSubset(of: ["pace", "whisper"]) else {
            throw ValidationError("Parts are pace and whisper.")
        }
    }

    private var multiples: [Double] { self.speeds.split(separator: ",").compactMap { Double($0) } }

    func run() async throws {
        let bench = SpeechBench(
            cache: self.cache, speeds: self.multiples, episodes: self.episodes, slowEpisodes: self.slowEpisodes,
            isSerialWanted: !self.onlyOurs)
        let whisper = WhisperBench(cache: self.cache)
        let parts = self.parts.split(separator: ",")
        try await untilInterrupted {
            if parts.contains("pace") { try await bench.run() }
            if parts.contains("whisper") { try await whisper.run() }
        }
    }
}

/// Our worker and the serial way, with engines of several speeds.
struct SpeechBench: Sendable {
    var cache: String
    var speeds: [Double]
    var episodes: Int
    var slowEpisodes: Int
    var isSerialWanted: Bool

    func run() async throws {
        let corpus = try await SpeechCorpus.load(cache: self.cache, episodes: self.episodes)
        Console.line(
            "\(corpus.files.count) episodes of \(Int(corpus.seconds / 60)) min, MP3 128 kbit/s stereo, human prompts; "
                + "\(ProcessInfo.processInfo.activeProcessorCount) cores")
        Console.error("two ffmpeg processes alone, \(corpus.files.count) episodes")
        let before = try await DecodeCeiling.measure(corpus.files, corpus.seconds)
        var rows: [(String, Double, SpeechBenchRow)] = []
        for speed in self.speeds {
            let files = Array(corpus.files.prefix(speed < 1000 ? min(self.slowEpisodes, self.episodes) : self.episodes))
            let audio = corpus.seconds * Double(files.count)
            Console.error("our worker, engine at \(Int(speed))x, \(files.count) episodes")
            rows.append(("ours", speed, try await WorkerWay.run(files, audio: audio, speed: speed)))
            guard self.isSerialWanted else { continue }
            Console.error("the serial way, engine at \(Int(speed))x, \(files.count) episodes")
            rows.append(("serial", speed, try await SerialWay.run(files, audio: audio, speed: speed)))
        }
        // The machine is not as fast all the time: measured on both sides of what is compared with it.
        Console.error("two ffmpeg processes alone, once more")
        let after = try await DecodeCeiling.measure(corpus.files, corpus.seconds)
        let ceiling = 2 / (1 / before + 1 / after)
        Console.line(
            "two ffmpeg processes alone decode \(Int(ceiling)) times real time "
                + "(\(Int(before)) before, \(Int(after)) after)\n")
        Console.line(
            SpeechBenchRow.table(
                [SpeechBenchRow.header] + rows.map { way, speed, row in row.cells(way, speed, ceiling) }))
    }
}
