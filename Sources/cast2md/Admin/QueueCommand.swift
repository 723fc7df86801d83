import ArgumentParser
import CastAPI
import CastClient
import CastCore

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "See and steer the queue.",
        subcommands: [
            Status.self, List.self, History.self, Pause.self, Resume.self, Retry.self, Cancel.self, MoveUp.self,
        ])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what waits, what runs, and where it stands.")
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let status = try await self.server.withServer { try await $0.queueStatus() }
            try self.server.show(status) { status in
                var counts = TextTable(["QUEUE", "WAITING", "RUNNING", "DONE", "FAILED", "WORKERS"])
                let download = status.downloadQueue
                let transcribe = status.transcribeQueue
                let published = status.transcriptDownloadQueue
                counts.add([
                    "download", "\(download.queued)", "\(download.running)", "\(download.completed)",
                    "\(download.failed)", "\(status.downloadWorkers)",
                ])
                counts.add([
                    "transcript_download", "\(published.queued)", "\(published.running)", "\(published.completed)",
                    "\(published.failed)", "\(status.transcriptDownloadWorkers)",
                ])
                counts.add([
                    "transcribe", "\(transcribe.queued)", "\(transcribe.running)", "\(transcribe.completed)",
                    "\(transcribe.failed)", "\(status.transcribeWorkers)",
                ])
                let running = download.runningJobs + published.runningJobs + transcribe.runningJobs
                let paused =
                    status.paused.isEmpty
                    ? "" : "\n\nPaused: \(status.paused.map(\.rawValue).joined(separator: ", "))."
                guard !running.isEmpty else { return counts.text + paused }
                var table = TextTable(["JOB", "EPISODE", "PERCENT", "BY", "SINCE"])
                for job in running {
                    table.add([
                        "\(job.jobID)", job.episodeTitle, "\(job.progress ?? 0)",
                        QueueCommand.holder(job.nodeName),
                        Shown.time(job.startedAt),
                    ])
                }
                return counts.text + "\n\n" + table.text + paused
            }
        }
    }
}
