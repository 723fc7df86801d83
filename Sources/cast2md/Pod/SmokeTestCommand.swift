import ArgumentParser
import CastCore
import Foundation
import Logging
import Transcription

struct SmokeTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoke-test",
        abstract: "Check that this machine recognises speech: silence, known words, speed.",
        discussion: """
            It loads the model, hears one second of silence (no word may come of it), then a clip whose words are known: \
            at most a fifth of them may be wrong, and it may not be far too slow. Without --clip it takes \
            \(Self.standardClip) with its words in \(Self.standardWords), which the image for pods has; where that is \
            missing too, only silence is tested, and the report says so. scripts/make-smoke-clip makes such a clip.

            Exit status 0: passed. 1: not passed; what was wrong is on standard error.
            """)

    static let standardClip = "/usr/local/share/cast2md/smoke-test.wav"
    static let standardWords = "/usr/local/share/cast2md/smoke-test.txt"

    @Option(help: "The model (default: WHISPER_MODEL, else base).")
    var model: String?

    @Option(help: "A recording of known words.")
    var clip: String?

    @Option(help: "The words in it (default: a text file beside the clip, with the ending .txt).")
    var expect: String?

    @Option(help: "Where it must compute: cuda or cpu (default: anywhere).")
    var device: String?

    @Option(
        help: ArgumentHelp(
            "The least seconds of audio a second (default: 3 on a GPU, 0.1 on a processor).", valueName: "speed"))
    var floor: Double?

    @Option(help: ArgumentHelp("For everything together.", valueName: "seconds"))
    var limit = 120.0

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...86_400).contains(self.limit) else {
            throw ValidationError("--limit must be from 1 to 86400 seconds.")
        }
        guard self.expect == nil || self.clip != nil else { throw ValidationError("--expect needs --clip.") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var settings = SmokeTest.Settings(model: self.model ?? Variables(environment).text("WHISPER_MODEL") ?? "base")
        settings.clip = try self.chosenClip()
        settings.device = self.device
        settings.floor = self.floor
        settings.limit = .seconds(self.limit)
        var logger = Logger(label: "cast2md.smoke")
        logger.logLevel = .warning
        // A recogniser that hangs in its driver cannot even be killed: the answer must not hang with it.
        let (limit, asJSON, model) = (self.limit, self.json, settings.model)
        DispatchQueue.global().asyncAfter(deadline: .now() + limit + 10) {
            var report = SmokeReport(model: model)
            report.failures = ["The recogniser hangs, and cannot be ended either."]
            try? Self.show(report, asJSON: asJSON)
            fflush(nil)
            _exit(ExitStatus.failed.rawValue)
        }
        let report = await SmokeTest(settings).run(
            home: HomeFolder(environment: environment), environment: environment, logger: logger)
        try Self.show(report, asJSON: self.json)
        if !report.isPassed { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private static func show(_ report: SmokeReport, asJSON: Bool) throws {
        try Output.show(report, asJSON: asJSON) { $0.text }
        for failure in report.failures { ExitStatus.complain(failure) }
    }

    private func chosenClip() throws -> SmokeTest.Clip? {
        guard let clip else {
            guard let words = Self.words(in: Self.standardWords),
                FileManager.default.fileExists(atPath: Self.standardClip)
            else { return nil }
            return SmokeTest.Clip(path: Self.standardClip, words: words)
        }
        guard FileManager.default.fileExists(atPath: clip) else {
            throw CastError(.notFound, "There is no file \(clip).")
        }
        let list = (clip as NSString).deletingPathExtension + ".txt"
        guard let words = self.expect ?? Self.words(in: list) else {
            throw CastError(.invalid, "Which words does it hold? Say --expect WORDS, or put them into \(list).")
        }
        return SmokeTest.Clip(path: clip, words: words)
    }

    private static func words(in path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let text = String(decoding: data.prefix(100_000), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }
}
