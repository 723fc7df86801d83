import ArgumentParser
import CastAPI
import CastClient
import CastCore
import Foundation

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a transcript, or all of a feed, to files.",
        discussion: """
            Of a feed every transcript gets a file of its own in the folder. What is there already and is not older \
            than its episode is passed over, so that the command can be repeated after a break, or every night.
            """)
    @Argument(help: "The episode's number.") var episode: Int64?
    @Option(help: "All transcripts of this feed, into the folder that -o names.") var feed: Int64?
    @Option(help: "md, txt, srt, vtt or json (default: the output file's ending, else md).") var format: String?
    @Option(name: .shortAndLong, help: "The file (default: standard output), or with --feed the folder.")
    var output: String?
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (self.episode == nil) != (self.feed == nil) else {
            throw ValidationError("Name an episode, or a feed by --feed.")
        }
        if self.feed != nil, self.output == nil { throw ValidationError("--feed needs a folder: -o FOLDER.") }
        do {
            _ = try self.chosenFormat()
        } catch let error as CastError {
            throw ValidationError(error.message)
        }
    }

    private func chosenFormat() throws -> TranscriptFormat {
        if let format { return try Choice.read(format, as: "a format") }
        guard self.feed == nil, let output else { return .md }
        return TranscriptFormat(rawValue: (output as NSString).pathExtension.lowercased()) ?? .md
    }

    private struct Written: Encodable {
        var episode: EpisodeID
        var file: String?
        var bytes: Int
    }

    func run() async throws {
        let format = try self.chosenFormat()
        if let feed, let output { return try await self.export(FeedID(feed), format, to: output) }
        guard let episode else { return }
        let text = try await self.server.withServer { try await $0.transcript(of: EpisodeID(episode), as: format) }
        guard let output else {
            FileHandle.standardOutput.write(Data(text.utf8))
            return
        }
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw CastError(.unavailable, "\(output) cannot be written.", cause: error)
        }
        let written = Written(episode: EpisodeID(episode), file: output, bytes: text.utf8.count)
        try self.server.show(written) { "Wrote \($0.file ?? "") (\($0.bytes) bytes)." }
    }

    private func export(_ feed: FeedID, _ format: TranscriptFormat, to folder: String) async throws {
        let asJSON = self.server.json
        let outcomes = try await self.server.withServer { admin in
            var outcomes: [TranscriptExport.Outcome] = []
            try await TranscriptExport(admin, feed: feed, format: format).write(to: URL(fileURLWithPath: folder)) {
                outcomes.append($0)
                guard !asJSON else { return }
                if let error = $0.error { ExitStatus.complain("Episode \($0.episode): \(error)") }
                if $0.result == .written { print($0.file) }
            }
            return outcomes
        }
        try self.server.show(outcomes) { outcomes in
            let count = { (result: TranscriptExport.Outcome.Result) in outcomes.count { $0.result == result } }
            return "\(count(.written)) written, \(count(.kept)) were there, \(count(.failed)) failed."
        }
        if let code = outcomes.lazy.compactMap(\.errorCode).first { throw ExitCode(ExitStatus(code).rawValue) }
    }
}
