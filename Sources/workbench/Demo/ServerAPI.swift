import CastAPI
import CastClient
import CastCore
import Foundation

/// The few calls of the server's API that the demo needs.
struct ServerAPI: Sendable {
    /// For example `http://127.0.0.1:8000`.
    let address: String
    private let client: CastClient

    /// Runs a body with the calls of the server at an address.
    static func with<Result: Sendable>(
        _ address: String, _ body: @escaping @Sendable (ServerAPI) async throws -> Result
    ) async throws -> Result {
        let url = try CastClient.address(address)
        // This machine's own server: never through a proxy.
        return try await Connections.with(to: url, environment: [:]) { connections in
            try await body(ServerAPI(address: address, client: CastClient(server: url, connections: connections)))
        }
    }

    /// Waits until the server answers.
    func waitUntilHealthy(for limit: Duration = .seconds(30)) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if (try? await self.client.get("/api/health", as: HealthResponse.self)) != nil { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CastError(.timedOut, "The server did not answer at \(self.address) within \(limit).")
    }

    func add(feed: String) async throws -> FeedMessage {
        try await self.client.post("/api/feeds", AddFeedRequest(url: feed))
    }

    /// Newest first.
    func episodes(of feed: FeedMessage, limit: Int) async throws -> [EpisodeMessage] {
        let answer: EpisodeListResponse = try await self.client.get("/api/feeds/\(feed.id)/episodes?limit=\(limit)")
        return answer.episodes
    }

    func episode(_ id: EpisodeID) async throws -> EpisodeMessage {
        try await self.client.get("/api/episodes/\(id)")
    }

    /// Has the episode downloaded and transcribed.
    func process(_ episode: EpisodeMessage) async throws {
        _ = try await self.client.post("/api/queue/episodes/\(episode.id)/process", as: QueuedResponse.self)
    }

    /// What the transcript says, without times.
    func text(of episode: EpisodeMessage) async throws -> String {
        let transcript: Transcript = try await self.client.get("/api/episodes/\(episode.id)/transcript?format=json")
        return transcript.sentences.map(\.text).joined(separator: "\n")
    }

    /// The Markdown as the server wrote it; the demo's server runs on this machine.
    func markdown(of episode: EpisodeMessage) throws -> String {
        guard let path = episode.transcriptPath else { throw CastError(.notFound, "There is no transcript yet.") }
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    /// What is being worked on at this moment, by episode.
    func running() async throws -> [EpisodeID: RunningJob] {
        let status: QueueStatusResponse = try await self.client.get("/api/queue/status")
        let downloads = status.downloadQueue.runningJobs.map { ($0.episodeID, RunningJob.download) }
        let transcriptions = status.transcribeQueue.runningJobs.map {
            ($0.episodeID, RunningJob.transcription(percent: min(max($0.progress ?? 0, 0), 100)))
        }
        return Dictionary(downloads + transcriptions) { _, transcription in transcription }
    }
}

/// What is done for an episode at this moment.
enum RunningJob: Sendable {
    case download
    case transcription(percent: Int)
}

extension EpisodeMessage {
    /// Whether there is nothing left to do, for better or worse.
    var isFinished: Bool { self.status == .completed || self.status == .failed }
}
