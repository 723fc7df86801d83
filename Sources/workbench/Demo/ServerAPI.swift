import AsyncHTTPClient
import CastAPI
import CastCore
import Foundation
import NIOCore
import NIOHTTP1

/// The few calls of the server's API that the demo needs.
struct ServerAPI: Sendable {
    /// For example `http://127.0.0.1:8000`.
    var address: String

    /// Waits until the server answers.
    func waitUntilHealthy(for limit: Duration = .seconds(30)) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if (try? await self.call("GET", "/api/health")) != nil { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CastError(.timedOut, "The server did not answer at \(self.address) within \(limit).")
    }

    func add(feed: String) async throws -> FeedMessage {
        try await self.decode("POST", "/api/feeds", body: AddFeedRequest(url: feed))
    }

    /// Newest first.
    func episodes(of feed: FeedMessage, limit: Int) async throws -> [EpisodeMessage] {
        let answer: EpisodeListResponse = try await self.decode("GET", "/api/feeds/\(feed.id)/episodes?limit=\(limit)")
        return answer.episodes
    }

    func episode(_ id: EpisodeID) async throws -> EpisodeMessage {
        try await self.decode("GET", "/api/episodes/\(id)")
    }

    /// Has the episode downloaded and transcribed.
    func process(_ episode: EpisodeMessage) async throws {
        try await self.call("POST", "/api/queue/episodes/\(episode.id)/process")
    }

    /// What the transcript says, without times.
    func text(of episode: EpisodeMessage) async throws -> String {
        let transcript: Transcript = try await self.decode("GET", "/api/episodes/\(episode.id)/transcript?format=json")
        return transcript.sentences.map(\.text).joined(separator: "\n")
    }

    func markdown(of episode: EpisodeMessage) async throws -> String {
        String(decoding: try await self.call("GET", "/api/episodes/\(episode.id)/transcript?format=md"), as: UTF8.self)
    }

    /// What is being worked on at this moment, by episode.
    func running() async throws -> [EpisodeID: RunningJob] {
        let status: QueueStatusResponse = try await self.decode("GET", "/api/queue/status")
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

// MARK: - Calls

extension ServerAPI {
    private func decode<Answer: Decodable>(
        _ method: String, _ path: String, body: (any Encodable)? = nil
    ) async throws -> Answer {
        let data = try await self.call(method, path, body: body)
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            throw CastError(.internalFault, "\(method) \(path) gave an answer of another form.", cause: error)
        }
    }

    @discardableResult
    private func call(_ method: String, _ path: String, body: (any Encodable)? = nil) async throws -> Data {
        var request = HTTPClientRequest(url: self.address + path)
        request.method = .init(rawValue: method)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(try JSONEncoder().encode(body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let data = Data(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        guard (200..<300).contains(response.status.code) else {
            let refusal = try? JSONDecoder().decode(ErrorResponse.self, from: data)
            throw CastError(
                .unavailable, refusal?.detail.sentence ?? "\(method) \(path) was answered with \(response.status).")
        }
        return data
    }
}
