import ArgumentParser
import CastAPI
import CastClient
import CastCore

struct FeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed", abstract: "List, refresh, queue, change and remove feeds.",
        subcommands: [List.self, Refresh.self, Queue.self, Set.self, Remove.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all feeds.")
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let feeds = try await self.server.withServer { try await $0.feeds() }
            try self.server.show(feeds) { feeds in
                guard !feeds.isEmpty else { return "No feeds yet. Add one with: cast2md add https://…" }
                var table = TextTable(["ID", "TITLE", "EPISODES", "DONE", "FAILED", "REFRESHED", "PROBLEM"])
                for feed in feeds {
                    table.add([
                        "\(feed.id)", feed.displayTitle, "\(feed.episodeCount)",
                        "\(feed.statusCounts[EpisodeState.completed.rawValue] ?? 0)",
                        "\(feed.statusCounts[EpisodeState.failed.rawValue] ?? 0)", Shown.time(feed.lastPolled),
                        feed.lastError ?? "–",
                    ])
                }
                return table.text
            }
        }
    }

    struct Refresh: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Look for new episodes of a feed.")
        @Argument(help: "The feed's number.") var id: Int64
        @Flag(help: "Queue what is new.") var queue = false
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await self.server.withServer {
                try await $0.refreshFeed(FeedID(self.id), autoQueue: self.queue)
            }
            try self.server.show(answer) { "\($0.message)." }
        }
    }

    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Queue a feed's episodes that have no transcript.")
        @Argument(help: "The feed's number.") var id: Int64
        @Option(help: "Only so many, counted from the newest.") var newest: Int?
        @OptionGroup var server: ServerOptions

        func validate() throws {
            if let newest, newest < 1 { throw ValidationError("--newest must be 1 or more.") }
        }

        func run() async throws {
            let answer = try await self.server.withServer {
                try await $0.queueFeed(FeedID(self.id), newest: self.newest)
            }
            try self.server.show(answer) { "\($0.message)." }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a feed and its episodes; their files stay on the server's disk.")
        @Argument(help: "The feed's number.") var id: Int64
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await self.server.withServer { try await $0.removeFeed(FeedID(self.id)) }
            try self.server.show(answer) { $0.message }
        }
    }
}
