import CastCore
import Foundation
import HumanSpeech
import Logging
import Subprocess
import SystemPackage
import Transcription

/// The real engine on an hour of people speaking: our pipeline beside faster-whisper's own calls on the whole file.
struct WhisperBench: Sendable {
    var cache: String

    private struct Row: Sendable {
        var name: String
        var speed: Double
        var text: String
        var errors: WordErrorRate
        /// Megabytes of all processes together.
        var peak: Double
    }

    func run() async throws {
        let hour = try await self.hour()
        Console.error("Transcribing \(Int(hour.duration)) s of speech four times; this takes about fifteen minutes")
        let rows = [
            try await self.ours("ours, cut at pauses", hour) { SpeechCutter() },
            try await self.ours("ours, cut every 20 s", hour) { FixedClockCutter(seconds: 20) },
            try await self.theirs("batched", hour), try await self.theirs("sequential", hour),
        ]
        Console.line(
            """

            faster-whisper, Whisper base (int8), \(Int(hour.duration)) s of human speech, \(rows[0].errors.words) words, \(
            ProcessInfo.processInfo.activeProcessorCount) cores

              way                             speed   word errors   unlike the uncut   peak memory
            """)
        for row in rows {
            // The sequential call is given the recording whole, and takes each window from where the last sentence ended.
            let unlike = WordErrorRate.measure(reference: rows[rows.count - 1].text, hypothesis: row.text)
            let cells = [
                (CutsReport.number(row.speed, digits: 1) + "×", 9),
                (CutsReport.number(row.errors.rate * 100, digits: 2) + " %", 14),
                (CutsReport.number(unlike.rate * 100, digits: 2) + " %", 19), ("\(Int(row.peak)) MB", 14),
            ]
            Console.line(
                "  " + row.name.padding(toLength: 28, withPad: " ", startingAt: 0)
                    + cells.map { QueueBench.pad($0.0, $0.1) }.joined())
        }
    }

    /// An hour whose words are known: pieces of ten minutes, each with its own order of the prompts.
    private func hour() async throws -> Recording {
        let folder = self.cache + "/bench-speech"
        let path = folder + "/hour.mp3"
        let facts = folder + "/hour.json"
        if let data = FileManager.default.contents(atPath: facts), FileManager.default.fileExists(atPath: path),
            let known = try? JSONDecoder().decode(Recording.self, from: data)
        {
            return known
        }
        let joined = try await HumanPrompts.load(cache: self.cache).compose(
            (0..<6).map { .init(seed: UInt64(7 + $0), seconds: 600) }, to: path)
        try JSONEncoder().encode(joined).write(to: URL(filePath: facts), options: .atomic)
        return joined
    }

    private func ours(
        _ name: String, _ hour: Recording, makeCutter: @escaping @Sendable () -> any Cutting
    ) async throws -> Row {
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        let speech = try LocalSpeech(
            model: "base", home: HomeFolder(path: self.cache + "/home"),
            environment: ProcessInfo.processInfo.environment, logger: logger, makeCutter: makeCutter)
        let first = try await HumanPrompts.load(cache: self.cache).compose(
            .init(seed: 1, seconds: 5), to: self.cache + "/bench/first.mp3")
        let (text, took, peak) = try await speech.run { pipeline in
            _ = try await pipeline.transcribe(first.path, language: "en") { _ in }
            OwnUse.resetPeak()
            let begun = ContinuousClock.now
            let transcript = try await pipeline.transcribe(hour.path, language: "en") { _ in }
            let took = begun.duration(to: .now)
            let peak = OwnUse.children(running: "helper.py").reduce(OwnUse.peak()) { $0 + OwnUse.peak(of: "\($1)") }
            return (transcript.sentences.map(\.text).joined(separator: "\n"), took, Double(peak >> 20))
        }
        return Row(
            name: name, speed: hour.duration / (took / .seconds(1)), text: text,
            errors: .measure(reference: hour.text, hypothesis: text), peak: peak)
    }

    private struct Answer: Decodable {
        var seconds: Double
        var text: String
        var peak: Double
    }

    /// The library's own call on the whole file, with the same model, precision and number of threads.
    private func theirs(_ way: String, _ hour: Recording) async throws -> Row {
        let home = HomeFolder(path: self.cache + "/home")
        let environment = ProcessInfo.processInfo.environment
        let installed = try EngineInstaller(.fasterWhisper, home: home, environment: environment).find()
        let model = try ModelStore(home: home, environment: environment).path(of: try ModelCatalog.model("base"))
        let result = try await Subprocess.run(
            .path(FilePath(installed.python)), arguments: ["-c", Self.script, model, hour.path, way],
            environment: .inherit.updating(["HF_HUB_OFFLINE": "1"]), output: .string(limit: 4 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw CastError(.engineFailed, "faster-whisper failed: \(result.standardError.suffix(500))")
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(result.standardOutput.utf8))
        return Row(
            name: "its own call, \(way)", speed: hour.duration / answer.seconds, text: answer.text,
            errors: .measure(reference: hour.text, hypothesis: answer.text), peak: answer.peak)
    }

    /// As its README shows it, with word times, which a transcript needs; loading the model is not counted.
    private static let script = #"""
        import json, os, resource, sys, time
        from faster_whisper import BatchedInferencePipeline, WhisperModel
        path, audio, way = sys.argv[1:]
        threads = len(os.sched_getaffinity(0))
        model = WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
        begun = time.monotonic()
        if way == "batched":
            found, _ = BatchedInferencePipeline(model).transcribe(
                audio, language="en", batch_size=8, beam_size=1, word_timestamps=True)
        else:
            found, _ = model.transcribe(audio, language="en", beam_size=1, vad_filter=True, word_timestamps=True)
        text = "\n".join(segment.text.strip() for segment in found)
        took = time.monotonic() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": took, "text": text, "peak": peak}))
        """#
}
