import ArgumentParser
import CastAPI
import CastClient
import CastCore

extension QueueCommand {
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hand nothing out any more; what runs goes on. It outlives a restart.")
        @Option(help: "Only this kind: download, transcript_download or transcribe.") var kind: String?
        @Option(help: "Why, for whoever wonders.") var reason: String?
        @OptionGroup var server: ServerOptions

        func validate() throws { _ = try List.kind(self.kind) }

        func run() async throws {
            let kind = try List.kind(self.kind)
            let answer = try await self.server.withServer { try await $0.pause(kind, reason: self.reason) }
            try self.server.show(answer, text: QueueCommand.text)
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Hand jobs out again.")
        @Option(help: "Only this kind: download, transcript_download or transcribe.") var kind: String?
        @OptionGroup var server: ServerOptions

        func validate() throws { _ = try List.kind(self.kind) }

        func run() async throws {
            let kind = try List.kind(self.kind)
            let answer = try await self.server.withServer { try await $0.resume(kind) }
            try self.server.show(answer, text: QueueCommand.text)
        }
    }

    private static func text(_ answer: PausesResponse) -> String {
        guard !answer.paused.isEmpty else { return "Nothing is paused." }
        var table = TextTable(["PAUSED", "SINCE", "BECAUSE"])
        for pause in answer.paused {
            table.add([pause.jobType.rawValue, Shown.time(pause.since), pause.reason ?? "–"])
        }
        return table.text
    }
}
