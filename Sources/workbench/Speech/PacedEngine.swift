import CastCore
import Foundation
import Logging
import Transcription

/// An engine that answers at a set multiple of real time, in the real helper's process.
///
/// It takes what the worker sends, waits as long as such an engine would compute, and answers words at the pace of
/// speech. Waiting costs no processor, as a GPU's work does not.
struct PacedEngine: Sendable {
    let engine: HelperEngine
    private let log: String

    /// - Parameter multiple: Seconds of audio for each second of time.
    init(multiple: Double, cache: String, folder: String, logger: Logger) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.log = folder + "/calls.txt"
        let settings = folder + "/engine.json"
        try JSONEncoder().encode(["speed": "\(multiple)", "log": self.log]).write(to: URL(filePath: settings))
        let installed = try EngineInstaller(
            .fasterWhisper, home: HomeFolder(path: cache + "/home"), environment: ProcessInfo.processInfo.environment
        ).find()
        try? FileManager.default.removeItem(atPath: folder + "/helper.py")
        try FileManager.default.copyItem(atPath: installed.scripts + "/helper.py", toPath: folder + "/helper.py")
        try Data(Self.module.utf8).write(to: URL(filePath: folder + "/engine_paced.py"))
        self.engine = HelperEngine(
            options: .init(python: installed.python, scripts: folder, module: "engine_paced", model: settings),
            logger: logger)
    }

    /// When it computed, and how much audio it was given, from its own notes.
    struct Work: Sendable {
        /// Seconds of audio in all calls.
        var audio = 0.0
        var calls = 0
        /// Share of the time from its first answer to its last in which it had nothing to do.
        var idleShare = 0.0
    }

    func work() throws -> Work {
        let lines = try String(contentsOfFile: self.log, encoding: .utf8).split(separator: "\n")
        let calls = lines.map { $0.split(separator: " ").compactMap { Double($0) } }.filter { $0.count == 3 }
        guard let first = calls.first, let last = calls.last else { return Work() }
        let span = last[1] - first[1]
        let busy = calls.dropFirst().reduce(0) { $0 + $1[1] - $1[0] }
        return Work(
            audio: calls.reduce(0) { $0 + $1[2] }, calls: calls.count, idleShare: span > 0 ? 1 - busy / span : 0)
    }

    private static let module = #"""
        """Answers at a set multiple of real time; made for measuring what is around it."""
        import json
        import time

        RATE = 16_000
        WORDS = "the people who live here say that it has always been like this and nobody minds".split()


        class Engine:
            def __init__(self, options):
                with open(options["model"]) as file:
                    settings = json.load(file)
                self.speed = float(settings["speed"])
                self.log = open(settings["log"], "w", buffering=1)

            def describe(self):
                return {
                    "engine": "paced", "version": "1", "device": "none", "compute_type": "none", "batch_size": 64,
                }

            def transcribe(self, header, payload):
                begun = time.monotonic()
                lengths = header["segments"]
                audio = sum(lengths) / RATE
                results = []
                for length in lengths:
                    words, at = [], 0.1
                    while at + 0.35 < length / RATE:
                        text = WORDS[len(words) % len(WORDS)]
                        words.append([text + "." if len(words) % 15 == 14 else text, round(at, 2), round(at + 0.3, 2), 0.9])
                        at += 0.4
                    results.append(words)
                left = begun + audio / self.speed - time.monotonic()
                if left > 0:
                    time.sleep(left)
                self.log.write(f"{begun} {time.monotonic()} {audio}\n")
                return {"segments": results, "language": header.get("language") or "en"}

        """#
}
