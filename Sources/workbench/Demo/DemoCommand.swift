import ArgumentParser
import CastCore

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Takes a podcast from its feed to Markdown, with a real server, a real node and a real recogniser.",
        discussion: "Without a feed it makes a podcast of real human speech whose words are known.")

    @Option(help: "Somebody's feed; its newest three episodes are transcribed.")
    var feed: String?

    @Option(help: "The folder for what is made and fetched.")
    var cache = ".cache"

    @Option(help: "The server's port, or the first after it that is free.")
    var port: Int = 8000

    func run() async throws {
        let demo = Demo(feed: self.feed.flatMap { $0.isEmpty ? nil : $0 }, cache: self.cache, port: self.port)
        try await untilInterrupted { try await demo.run() }
    }
}
