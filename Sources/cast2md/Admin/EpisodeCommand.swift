import ArgumentParser
import CastAPI
import CastClient
import CastCore

struct EpisodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "episode", abstract: "List, show and queue episodes.",
        subcommands: [List.self, Show.self, Queue.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List episodes, newest first.")
        @Option(help: "Only of this feed.") var feed: Int64?
        @Option(help: "Only in this state, for example completed or failed.") var status: String?
        @Option(help: "At most so many, 1 to 1000.") var limit = 50
        @OptionGroup var server: ServerOptions

        func validate() throws {
            if self.feed != nil, self.status != nil {
                throw ValidationError("--feed and --status exclude each other.")
            }
            guard (1...1000).contains(self.limit) else { throw ValidationError("--limit must be from 1 to 1000.") }
            do {
                _ = try self.status.map { try Choice.read($0, as: "a state", of: EpisodeState.self) }
            } catch let error as CastError {
                throw ValidationError(error.message)
            }
        }

        func run() async throws {
            let answer = try await self.server.withServer {
                try await $0.episodes(
                    feed: self.feed.map { FeedID($0) }, status: self.status.flatMap(EpisodeState.init(rawValue:)),
                    limit: self.limit)
            }
            try self.server.show(answer) { answer in
                var table = TextTable(["ID", "DATE", "LENGTH", "STATE", "TITLE"])
                for episode in answer.episodes {
                    table.add([
                        "\(episode.id)", Shown.date(episode.publishedAt), Shown.duration(episode.durationSeconds),
                        episode.status.rawValue, episode.title,
                    ])
                }
                let more = answer.total - answer.episodes.count
                return table.text + (more > 0 ? "\n… and \(more) more (--limit)." : "")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an episode and what was tried for it.")
        @Argument(help: "The episode's number.") var id: Int64
        @OptionGroup var server: ServerOptions

        private struct Whole: Encodable {
            var episode: EpisodeMessage
            var attempts: [AttemptMessage]
        }

        func run() async throws {
            let id = EpisodeID(self.id)
            let whole = try await self.server.withServer {
                Whole(episode: try await $0.episode(id), attempts: try await $0.attempts(id))
            }
            try self.server.show(whole) { whole in
                let episode = whole.episode
                var facts = TextTable(["EPISODE", "\(episode.id)"], maximumWidth: 120)
                facts.add(["Title", episode.title])
                facts.add(["State", episode.status.rawValue])
                facts.add(["Published", Shown.time(episode.publishedAt)])
                facts.add(["Length", Shown.duration(episode.durationSeconds)])
                if let error = episode.errorMessage { facts.add(["Problem", error]) }
                if let path = episode.audioPath { facts.add(["Audio", path]) }
                if let path = episode.transcriptPath { facts.add(["Transcript", path]) }
                if let model = episode.transcriptModel { facts.add(["Model", model]) }
                guard !whole.attempts.isEmpty else { return facts.text }
                var tries = TextTable(["TRY", "STARTED", "ENDED", "BY", "OUTCOME", "REASON"])
                for attempt in whole.attempts {
                    tries.add([
                        attempt.jobType.rawValue, Shown.time(attempt.startedAt), Shown.time(attempt.endedAt),
                        attempt.nodeName ?? (attempt.nodeID == .server ? "server" : attempt.nodeID.rawValue),
                        attempt.outcome ?? "running", attempt.errorMessage ?? "–",
                    ])
                }
                return facts.text + "\n\n" + tries.text
            }
        }
    }

    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Queue episodes for transcription.",
            discussion: """
                Every episode is tried, whatever becomes of the others; the exit status is that of the first one that \
                could not be queued.
                """)
        @Argument(help: "The episodes' numbers.") var ids: [Int64]
        @Option(help: "Lower goes first.") var priority = 10
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let outcomes = try await self.server.withServer { admin in
                try await QueueOutcome.each(self.ids.map { EpisodeID($0) }) { id in
                    try await admin.queueEpisode(id, priority: self.priority)
                } onOutcome: { outcome in
                    if !self.server.json { Output.say(outcome) }
                }
            }
            if self.server.json { try self.server.show(outcomes) { _ in "" } }
            if let code = outcomes.lazy.compactMap(\.errorCode).first {
                throw ExitCode(ExitStatus(code).rawValue)
            }
        }
    }
}
