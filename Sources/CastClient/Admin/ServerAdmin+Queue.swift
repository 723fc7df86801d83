package import CastAPI
package import CastCore
import Foundation

/// The queue as a person steers it.
extension ServerAdmin {
    /// - Parameters:
    ///   - state: `queued`, `running`, `completed`, `failed` or `stuck`; nil for all.
    package func jobs(state: String?, kind: JobKind?, limit: Int) async throws -> AllJobsResponse {
        var path = "/api/queue/all?limit=\(limit)"
        if let state { path += "&status=\(CastClient.segment(state))" }
        if let kind { path += "&job_type=\(kind.rawValue)" }
        return try await self.client.get(path, as: AllJobsResponse.self)
    }

    /// - Parameter kind: Nil for all kinds.
    package func pause(_ kind: JobKind?, reason: String?) async throws -> PausesResponse {
        try await self.client.post(
            "/api/queue/pause", PauseRequest(jobType: kind?.rawValue, reason: reason), as: PausesResponse.self)
    }

    package func resume(_ kind: JobKind?) async throws -> PausesResponse {
        try await self.client.post(
            "/api/queue/resume", PauseRequest(jobType: kind?.rawValue), as: PausesResponse.self)
    }

    package func retry(_ id: JobID) async throws -> QueuedResponse {
        try await self.client.post("/api/queue/\(id)/retry", as: QueuedResponse.self)
    }

    package func retryAllFailed() async throws -> BatchResponse {
        try await self.client.post("/api/queue/batch/retry-failed", as: BatchResponse.self)
    }

    package func cancel(_ id: JobID) async throws -> QueuedResponse {
        try await self.client.delete("/api/queue/\(id)", as: QueuedResponse.self)
    }

    /// Cancels everything that waits, of one feed or of all.
    package func cancelAll(feed: FeedID?) async throws -> BatchResponse {
        let filter = feed.map { "?feed_id=\($0)" } ?? ""
        return try await self.client.delete("/api/queue/batch/queued\(filter)", as: BatchResponse.self)
    }

    package func moveUp(_ id: JobID) async throws -> QueuedResponse {
        try await self.client.post("/api/queue/\(id)/move-up", as: QueuedResponse.self)
    }

    /// The jobs that ended, the latest first.
    package func endedJobs(limit: Int) async throws -> [ListedJobMessage] {
        let failed = try await self.jobs(state: "failed", kind: nil, limit: limit).jobs
        let completed = try await self.jobs(state: "completed", kind: nil, limit: limit).jobs
        let all = (failed + completed).sorted {
            ($0.completedAt?.date ?? .distantPast) > ($1.completedAt?.date ?? .distantPast)
        }
        return Array(all.prefix(limit))
    }
}
