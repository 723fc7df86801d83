import AsyncHTTPClient
import CastCore
import Foundation
import NIOCore
import NIOHTTP1

/// The few calls of the server's API that the demo needs.
struct ServerAPI: Sendable {
    struct Feed: Decodable, Sendable {
        var id: Int
        var title: String
    }

    struct Episode: Decodable, Sendable {
        var id: Int
        var title: String
        var status: String
        var durationSeconds: Double?
        var transcriptPath: String?
        var errorMessage: String?
    }

    /// A job that a node or the server works on at this moment.
    struct RunningJob: Decodable, Sendable {
        var episodeId: Int
        var progressPercent: Double?
    }

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

    func add(feed: String) async throws -> Feed {
        try await self.decode("POST", "/api/feeds", body: ["url": feed])
    }

    /// Newest first.
    func episodes(of feed: Feed, limit: Int) async throws -> [Episode] {
        struct Answer: Decodable { var episodes: [Episode] }
        let answer: Answer = try await self.decode("GET", "/api/feeds/\(feed.id)/episodes?limit=\(limit)")
        return answer.episodes
    }

    func episode(_ id: Int) async throws -> Episode {
        try await self.decode("GET", "/api/episodes/\(id)")
    }

    /// Has the episode downloaded and transcribed.
    func process(_ episode: Episode) async throws {
        _ = try await self.call("POST", "/api/queue/episodes/\(episode.id)/process")
    }

    /// What the transcript says, without times.
    func text(of episode: Episode) async throws -> String {
        struct Transcript: Decodable {
            struct Sentence: Decodable { var text: String }
            var sentences: [Sentence]
        }
        let transcript: Transcript = try await self.decode("GET", "/api/episodes/\(episode.id)/transcript?format=json")
        return transcript.sentences.map(\.text).joined(separator: "\n")
    }

    func markdown(of episode: Episode) async throws -> String {
        String(decoding: try await self.call("GET", "/api/episodes/\(episode.id)/transcript?format=md"), as: UTF8.self)
    }

    /// The running jobs of all kinds, by episode.
    func running() async throws -> [Int: RunningJob] {
        struct Queue: Decodable { var runningJobs: [RunningJob] }
        struct Answer: Decodable { var downloadQueue, transcribeQueue: Queue }
        let answer: Answer = try await self.decode("GET", "/api/queue/status")
        let jobs = answer.downloadQueue.runningJobs + answer.transcribeQueue.runningJobs
        return Dictionary(jobs.map { ($0.episodeId, $0) }) { _, transcription in transcription }
    }
}

// MARK: - Calls

extension ServerAPI {
    private func decode<Answer: Decodable>(
        _ method: String, _ path: String, body: [String: String]? = nil
    ) async throws -> Answer {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = try await self.call(method, path, body: body)
        do {
            return try decoder.decode(Answer.self, from: data)
        } catch {
            throw CastError(.internalFault, "\(method) \(path) gave an answer of another form.", cause: error)
        }
    }

    @discardableResult
    private func call(_ method: String, _ path: String, body: [String: String]? = nil) async throws -> Data {
        var request = HTTPClientRequest(url: self.address + path)
        request.method = .init(rawValue: method)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(try JSONEncoder().encode(body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let data = Data(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        guard (200..<300).contains(response.status.code) else {
            struct Failure: Decodable { var detail: String }
            let detail = try? JSONDecoder().decode(Failure.self, from: data).detail
            throw CastError(.unavailable, detail ?? "\(method) \(path) was answered with \(response.status).")
        }
        return data
    }
}
