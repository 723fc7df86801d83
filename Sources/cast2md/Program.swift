import ArgumentParser
import CastCore

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cast2md",
        abstract: "Turns podcasts into Markdown transcripts.",
        discussion: ExitStatus.discussion,
        version: castVersion,
        subcommands: [
            ServeCommand.self, NodeCommand.self, EngineCommand.self, ModelsCommand.self, TranscribeCommand.self,
            AddCommand.self, FeedCommand.self, EpisodeCommand.self, QueueCommand.self, SearchCommand.self,
            ExportCommand.self, SettingsCommand.self, EventsCommand.self, DoctorCommand.self, BackupCommand.self,
            RestoreCommand.self, ImportCommand.self, PodsCommand.self, SmokeTestCommand.self, WatchdogCommand.self,
            PodEndCommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try Self.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            ExitStatus.end(with: error)
        }
    }
}
