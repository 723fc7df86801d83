import ArgumentParser
import CastAPI
import CastClient
import CastCore

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "See the queue.", subcommands: [Status.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what waits, what runs, and where it stands.")
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let status = try await self.server.withServer { try await $0.queueStatus() }
            try self.server.show(status) { status in
                var counts = TextTable(["QUEUE", "WAITING", "RUNNING", "DONE", "FAILED", "WORKERS"])
                let download = status.downloadQueue
                let transcribe = status.transcribeQueue
                counts.add([
                    "download", "\(download.queued)", "\(download.running)", "\(download.completed)",
                    "\(download.failed)", "\(status.downloadWorkers)",
                ])
                counts.add([
                    "transcribe", "\(transcribe.queued)", "\(transcribe.running)", "\(transcribe.completed)",
                    "\(transcribe.failed)", "\(status.transcribeWorkers)",
                ])
                let running = download.runningJobs + transcribe.runningJobs
                guard !running.isEmpty else { return counts.text }
                var table = TextTable(["JOB", "EPISODE", "PERCENT", "BY", "SINCE"])
                for job in running {
                    table.add([
                        "\(job.jobID)", job.episodeTitle, "\(job.progress ?? 0)",
                        job.nodeName == NodeID.server.rawValue ? "server" : job.nodeName ?? "–",
                        Shown.time(job.startedAt),
                    ])
                }
                return counts.text + "\n\n" + table.text
            }
        }
    }
}
