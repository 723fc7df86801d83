package import CastAPI
package import CastCore
package import Foundation
package import Hummingbird
package import Logging

/// A node's own page and JSON: what it is doing, for people and for the server's reachability test.
package struct StatusPage: Sendable {
    let name: String
    let state: NodeState
    let now: @Sendable () -> Date

    package init(name: String, state: NodeState, now: @escaping @Sendable () -> Date = { Date() }) {
        self.name = name
        self.state = state
        self.now = now
    }

    /// `GET /status`: the existing node's fields, and ours.
    package struct Status: Sendable, Codable, Equatable {
        package struct Job: Sendable, Codable, Equatable {
            package var jobID: JobID
            package var episodeTitle: String
            package var elapsedSeconds: Int
            package var progressPercent: Int

            enum CodingKeys: String, CodingKey {
                case jobID = "job_id"
                case episodeTitle = "episode_title"
                case elapsedSeconds = "elapsed_seconds"
                case progressPercent = "progress_percent"
            }
        }

        package var status: String
        package var name: String
        package var running: Bool
        @Null package var currentJob: Job?
        /// Jobs whose audio is here or on its way.
        package var prefetched: Int
        /// Results that the server has not taken yet.
        package var unsent: Int
        package var completed: Int
        package var failed: Int

        enum CodingKeys: String, CodingKey {
            case status, name, running, prefetched, unsent, completed, failed
            case currentJob = "current_job"
        }
    }

    package var status: Status {
        let snapshot = self.state.snapshot
        var job: Status.Job?
        if let held = snapshot.current, let id = held.claim.jobID, case .recognising(let since, let share) = held.stage
        {
            job = Status.Job(
                jobID: id, episodeTitle: held.claim.episodeTitle ?? "",
                elapsedSeconds: Int(self.now().timeIntervalSince(since)), progressPercent: Int(share * 100))
        }
        return Status(
            status: "ok", name: self.name, running: true, currentJob: job,
            prefetched: snapshot.held.count - (job == nil ? 0 : 1), unsent: snapshot.results,
            completed: snapshot.completed, failed: snapshot.failed)
    }

    /// The page on a socket, as a service.
    package func application(host: String, port: Int, logger: Logger) -> some ApplicationProtocol {
        let router = Router()
        router.get("/status") { _, _ in self.status }
        router.get("/health") { _, _ in ["status": "ok"] }
        router.get("/") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: self.html)))
        }
        return Application(
            router: router, configuration: .init(address: .hostname(host, port: port), serverName: "cast2md-node"),
            logger: logger)
    }

    /// Reloads itself; needs no script.
    var html: String {
        let status = self.status
        let job =
            status.currentJob.map { job in
                "<p><strong>\(Self.escaped(job.episodeTitle))</strong></p>"
                    + "<p><progress max=\"100\" value=\"\(job.progressPercent)\"></progress> \(job.progressPercent) %, "
                    + "\(job.elapsedSeconds) s</p>"
            } ?? "<p>Waiting for work.</p>"
        return """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">
            <meta name="viewport" content="width=device-width"><title>\(Self.escaped(self.name))</title>
            <style>body{font:1rem/1.5 system-ui;margin:2rem auto;max-width:40rem;padding:0 1rem;color-scheme:light dark}
            dt{float:left;clear:left;width:9rem}progress{width:60%}</style></head><body>
            <h1>\(Self.escaped(self.name))</h1>\(job)
            <dl><dt>Fetched ahead</dt><dd>\(status.prefetched)</dd><dt>Not handed in</dt><dd>\(status.unsent)</dd>
            <dt>Done</dt><dd>\(status.completed)</dd><dt>Failed</dt><dd>\(status.failed)</dd></dl></body></html>
            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }
}

extension StatusPage.Status: ResponseEncodable {}
