import ArgumentParser
import CastAPI
import CastClient
import CastCore
import Foundation

extension QueueCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List jobs: what runs, then what waits in its order, what failed, what is done.")
        @Option(help: "Only those: queued, running, failed or completed.") var state: String?
        @Flag(help: "Only those that run for longer than the server's threshold.") var stuck = false
        @Option(help: "Only of this kind: download, transcript_download or transcribe.") var kind: String?
        @Option(help: "At most so many, 1 to 10000.") var limit = 50
        @OptionGroup var server: ServerOptions

        func validate() throws {
            if self.stuck, self.state != nil { throw ValidationError("--stuck and --state exclude each other.") }
            let states = ["queued", "running", "failed", "completed"]
            if let state, !states.contains(state) {
                throw ValidationError("“\(state)” is not a state. Valid: \(states.joined(separator: ", ")).")
            }
            guard (1...10_000).contains(self.limit) else { throw ValidationError("--limit must be from 1 to 10000.") }
            _ = try Self.kind(self.kind)
        }

        func run() async throws {
            let (state, kind) = (self.stuck ? "stuck" : self.state, try Self.kind(self.kind))
            let answer = try await self.server.withServer {
                try await $0.jobs(state: state, kind: kind, limit: self.limit)
            }
            try self.server.show(answer) { answer in
                guard !answer.jobs.isEmpty else { return "No such jobs." }
                var table = TextTable(["JOB", "KIND", "STATE", "EPISODE", "FEED", "TRIES", "BY", "BECAUSE"])
                for job in answer.jobs {
                    table.add([
                        "\(job.jobID)", job.jobType.rawValue, job.isStuck ? "stuck" : job.status, job.episodeTitle,
                        job.podcastTitle, "\(job.attempts)/\(job.maxAttempts)", QueueCommand.holder(job.nodeName),
                        job.waitsFor ?? job.errorMessage ?? "–",
                    ])
                }
                let more = answer.total - answer.jobs.count
                return table.text + (more > 0 ? "\n… and \(more) more (--limit)." : "")
            }
        }

        static func kind(_ name: String?) throws -> JobKind? {
            do {
                return try name.map { try Choice.read($0, as: "a kind", of: JobKind.self) }
            } catch let error as CastError {
                throw ValidationError(error.message)
            }
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the jobs that ended, the latest first.")
        @Option(help: "At most so many, 1 to 1000.") var limit = 30
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard (1...1000).contains(self.limit) else { throw ValidationError("--limit must be from 1 to 1000.") }
        }

        func run() async throws {
            let jobs = try await self.server.withServer { try await $0.endedJobs(limit: self.limit) }
            try self.server.show(jobs) { jobs in
                guard !jobs.isEmpty else { return "No job has ended yet." }
                var table = TextTable(["ENDED", "JOB", "KIND", "STATE", "EPISODE", "BY", "BECAUSE"])
                for job in jobs {
                    table.add([
                        Shown.time(job.completedAt), "\(job.jobID)", job.jobType.rawValue, job.status,
                        job.episodeTitle, QueueCommand.holder(job.nodeName), job.errorMessage ?? "–",
                    ])
                }
                return table.text
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try failed jobs again, some or all.",
            discussion: "Every job is tried, whatever becomes of the others; the exit status is the first failure's.")
        @Argument(help: "The jobs' numbers.") var ids: [Int64] = []
        @Flag(name: .customLong("all-failed"), help: "All that failed.") var all = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard self.ids.isEmpty == self.all else { throw ValidationError("Name jobs, or say --all-failed.") }
        }

        func run() async throws {
            guard !self.all else {
                let answer = try await self.server.withServer { try await $0.retryAllFailed() }
                return try self.server.show(answer) { "\($0.message)." }
            }
            try await self.server.each(self.ids, "Job") { try await $0.retry(JobID($1)).message }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take jobs out of the queue: some by their numbers, or all that wait.",
            discussion: "Every job is tried, whatever becomes of the others; the exit status is the first failure's.")
        @Argument(help: "The jobs' numbers.") var ids: [Int64] = []
        @Flag(help: "All that wait.") var all = false
        @Option(help: "With --all: only those of this feed.") var feed: Int64?
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard self.ids.isEmpty == self.all else { throw ValidationError("Name jobs, or say --all.") }
            if self.feed != nil, !self.all { throw ValidationError("--feed goes with --all.") }
        }

        func run() async throws {
            guard !self.all else {
                let answer = try await self.server.withServer {
                    try await $0.cancelAll(feed: self.feed.map { FeedID($0) })
                }
                return try self.server.show(answer) { "\($0.message)." }
            }
            try await self.server.each(self.ids, "Job") { try await $0.cancel(JobID($1)).message }
        }
    }

    struct MoveUp: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Have a job done next.")
        @Argument(help: "The job's number.") var id: Int64
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await self.server.withServer { try await $0.moveUp(JobID(self.id)) }
            try self.server.show(answer) { "\($0.message) (job \($0.jobID))." }
        }
    }

    static func holder(_ name: String?) -> String {
        name == NodeID.server.rawValue ? "server" : name ?? "–"
    }
}

extension ServerOptions {
    /// Does something for every number and says what came of each; ends with the status of the first failure.
    func each(
        _ ids: [Int64], _ kind: String, act: @escaping @Sendable (ServerAdmin, Int64) async throws -> String
    ) async throws {
        let outcomes = try await self.withServer { admin in
            try await Outcome.each(ids) {
                try await act(admin, $0)
            } onOutcome: { outcome in
                guard !self.json else { return }
                if outcome.error == nil {
                    print(outcome.sentence(kind))
                } else {
                    ExitStatus.complain(outcome.sentence(kind))
                }
            }
        }
        if self.json { try self.show(outcomes) { _ in "" } }
        if let code = outcomes.lazy.compactMap(\.errorCode).first { throw ExitCode(ExitStatus(code).rawValue) }
    }
}
