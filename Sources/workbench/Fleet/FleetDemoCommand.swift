import ArgumentParser
import CastCore

struct FleetDemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Drains a queue of real speech with pods that come by themselves and leave by themselves.",
        discussion: """
            RunPod is an emulator on this machine whose pods are real processes; everything else is the real thing: \
            the server and its fleet, the nodes, the recogniser. Nothing is spent.
            """)

    @Option(help: "The folder for what is made and fetched.")
    var cache = ".cache"

    @Option(help: "The server's port, or the first after it that is free.")
    var port = 8000

    @Option(help: "Episodes to transcribe, each of a few seconds.")
    var episodes = 30

    func run() async throws {
        let demo = FleetDemo(cache: self.cache, port: self.port, episodes: self.episodes)
        try await untilInterrupted { try await demo.run() }
    }
}
