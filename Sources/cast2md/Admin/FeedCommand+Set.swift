import ArgumentParser
import CastAPI
import CastClient
import CastCore

extension FeedCommand {
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a feed's own settings.",
            discussion: "An empty value takes a setting away: --language \"\" lets the language be found out again.")
        @Argument(help: "The feed's number.") var id: Int64
        @Option(help: "The language of all episodes as ISO 639-1 code, for example de.") var language: String?
        @Option(help: "Only nodes with this model get the feed's jobs.") var model: String?
        @Option(name: .customLong("auto-queue"), help: "What a refresh queues by itself: none, new or all.")
        var autoQueue: String?
        @Option(
            name: .customLong("publisher-transcripts"),
            help: "Whether a publisher's transcript is taken instead of transcribing: true or false.")
        var publisherTranscripts: Bool?
        @Option(help: "The feed's title here.") var title: String?
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard !self.changes.isEmpty else {
                throw ValidationError(
                    "Say what to change: --language, --model, --auto-queue, --publisher-transcripts or --title.")
            }
            do {
                _ = try self.autoQueue.map {
                    try Choice.read($0, as: "a way to queue", of: Feed.Options.AutoQueue.self)
                }
            } catch let error as CastError {
                throw ValidationError(error.message)
            }
        }

        private var changes: [String: JSONValue] {
            var changes: [String: JSONValue] = [:]
            for (name, text) in [("language", self.language), ("model", self.model), ("custom_title", self.title)] {
                if let text { changes[name] = text.isEmpty ? .null : .string(text) }
            }
            if let autoQueue { changes["auto_queue"] = .string(autoQueue) }
            if let publisherTranscripts { changes["publisher_transcripts"] = .bool(publisherTranscripts) }
            return changes
        }

        func run() async throws {
            let feed = try await self.server.withServer { try await $0.changeFeed(FeedID(self.id), self.changes) }
            try self.server.show(feed) { feed in
                var table = TextTable(["FEED", "\(feed.id)"], maximumWidth: 120)
                table.add(["Title", feed.displayTitle])
                table.add(["Language", feed.language ?? "found out"])
                table.add(["Model", feed.model ?? "any"])
                table.add(["Queued by itself", feed.autoQueue.rawValue])
                table.add(["Publisher's transcripts", feed.publisherTranscripts ? "taken" : "not taken"])
                return table.text
            }
        }
    }
}
