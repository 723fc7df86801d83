import ArgumentParser
import CastCore
import Foundation

struct ServerBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract:
            "Measures the server: the queue under nodes, audio beside nginx, a large feed, search, memory, start.",
        discussion: """
            The server is the cast2md program beside this one, with data folders of its own that are removed again. \
            Everything runs on this machine, the load as well, so figures are compared within one run only.
            """)

    @Option(help: "The folder for what is made and kept between runs.")
    var cache = ".cache"

    @Option(help: "Where the server's data folders are made: the disk that is measured.")
    var data: String?

    @Option(help: "Which parts, separated by commas: start, queue, feed, audio, search.")
    var parts = "start,queue,feed,audio,search"

    func validate() throws {
        let known: Set = ["start", "queue", "feed", "audio", "search"]
        let unknown = Set(self.parts.split(separator: ",").map(String.init)).subtracting(known)
        guard unknown.isEmpty else {
            throw ValidationError(
                "\(unknown.sorted().joined(separator: ", ")) is no part. Parts: start, queue, feed, audio, search.")
        }
    }

    func run() async throws {
        let parts = self.parts.split(separator: ",").map(String.init)
        let cache = self.cache + "/bench-server"
        try await untilInterrupted {
            if parts.contains("start") { try await StartBench(folder: cache).run() }
            if parts.contains("queue") {
                try await QueueBench(folder: self.data ?? cache, name: "on the disk").run()
                // Without a disk to wait for, it is the program that is measured.
                if self.data == nil, FileManager.default.fileExists(atPath: "/dev/shm") {
                    try await QueueBench(folder: "/dev/shm/cast2md-bench", name: "in memory (/dev/shm)").run()
                }
            }
            if parts.contains("feed") { try await FeedBench(folder: cache).run() }
            if parts.contains("audio") { try await AudioBench(folder: cache).run() }
            if parts.contains("search") { try await SearchBench(folder: cache).run() }
        }
    }
}
