import ArgumentParser
import CastAPI
import CastCore
import Foundation
import Logging
import Transcription

struct TranscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcribe",
        abstract: "Transcribe a file on this machine, without any server."
    )

    @Argument(help: "An audio or video file; anything that ffmpeg reads.")
    var file: String

    @Option(help: "md, txt, srt, vtt or json (default: the output file's ending, else md).")
    var format: String?

    @Option(name: .shortAndLong, help: "Where to write (default: standard output).")
    var output: String?

    @Option(help: "The model (default: WHISPER_MODEL, else base).")
    var model: String?

    @Option(help: "The language as ISO 639-1 code, for example de (default: found out).")
    var language: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let format = try self.chosenFormat()
        var logger = Logger(label: "cast2md")
        logger.logLevel = .warning
        let speech = try LocalSpeech(
            model: self.model ?? environment["WHISPER_MODEL"] ?? "base", home: HomeFolder(environment: environment),
            environment: environment, logger: logger)
        let bar = ProgressBar(label: (self.file as NSString).lastPathComponent)
        let (file, language) = (self.file, self.language)
        let transcript = try await speech.run { pipeline in
            defer { bar.finish() }
            return try await pipeline.transcribe(file, language: language) { bar.show($0) }
        }
        let title = ((self.file as NSString).lastPathComponent as NSString).deletingPathExtension
        try self.write(try format.render(transcript, header: TranscriptHeader(title: title)))
    }

    private func chosenFormat() throws -> TranscriptFormat {
        let ending = self.output.map { ($0 as NSString).pathExtension.lowercased() }
        guard let name = self.format ?? ending, !name.isEmpty else { return .md }
        return try Choice.read(name, as: "a format")
    }

    private func write(_ text: String) throws {
        guard let output else {
            FileHandle.standardOutput.write(Data(text.utf8))
            return
        }
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw CastError(.unavailable, "\(output) cannot be written.", cause: error)
        }
    }
}
