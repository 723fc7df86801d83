import AsyncHTTPClient
package import CastAPI
package import CastCore
package import Foundation
import NIOCore
import NIOHTTP1

/// The calls of a node; they work against the existing Python server as well.
package struct NodeAPI: Sendable {
    private let client: CastClient
    private let node: NodeID

    package init(_ client: CastClient, node: NodeID) {
        self.client = client
        self.node = node
    }

    package static func register(_ request: RegisterNodeRequest, at client: CastClient) async throws
        -> RegisterNodeResponse
    {
        try await client.post("/api/nodes/register", request, as: RegisterNodeResponse.self)
    }

    package func heartbeat(_ request: HeartbeatRequest) async throws -> HeartbeatResponse {
        try await self.client.post("/api/nodes/\(self.node)/heartbeat", request, as: HeartbeatResponse.self)
    }

    package func claim() async throws -> ClaimResponse {
        try await self.client.post("/api/nodes/\(self.node)/claim", as: ClaimResponse.self)
    }

    package func progress(_ job: JobID, percent: Int, attempt: String?) async throws {
        _ = try await self.client.post(
            "/api/nodes/jobs/\(job)/progress", ProgressRequest(progressPercent: percent), as: MessageResponse.self,
            attempt: attempt, timeout: .seconds(10))
    }

    package func complete(_ job: JobID, _ request: CompleteRequest, attempt: String?) async throws {
        _ = try await self.client.post(
            "/api/nodes/jobs/\(job)/complete", request, as: MessageResponse.self, attempt: attempt,
            timeout: .seconds(60))
    }

    package func fail(_ job: JobID, _ request: FailRequest, attempt: String?) async throws {
        _ = try await self.client.post(
            "/api/nodes/jobs/\(job)/fail", request, as: MessageResponse.self, attempt: attempt)
    }

    package func release(_ job: JobID, attempt: String?) async throws {
        _ = try await self.client.post(
            "/api/nodes/jobs/\(job)/release", as: MessageResponse.self, attempt: attempt, timeout: .seconds(5))
    }

    package func requestTermination() async throws -> TerminationResponse {
        try await self.client.post(
            "/api/nodes/\(self.node)/request-termination", as: TerminationResponse.self, timeout: .seconds(10))
    }

    package func unregister() async throws {
        _ = try await self.client.delete("/api/nodes/\(self.node)", as: MessageResponse.self)
    }

    /// Fetches a job's audio to a file; what a broken call left there is gone on with.
    ///
    /// - Throws: The server's own refusal (`.notFound`, `.gone`, `.forbidden`, …), or `.unavailable` for a connection
    ///   that broke or ended early; another call then resumes.
    package func fetchAudio(_ claim: ClaimResponse, to file: URL) async throws {
        guard let path = claim.audioURL, !path.isEmpty else {
            throw CastError(.notFound, "The job has no audio.")
        }
        let have = (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int64) ?? 0
        var headers: [(String, String)] = []
        if have > 0 { headers.append(("Range", "bytes=\(have)-")) }
        let response = try await self.client.open(path, headers: headers, timeout: .seconds(30))
        switch response.status.code {
        case 200, 206: break
        case 416 where have > 0 && (claim.audioSize ?? have) == have: return
        default:
            let body = (try? await response.body.collect(upTo: 1 << 16)).map { Data($0.readableBytesView) } ?? Data()
            let answered = Answered(
                status: Int(response.status.code), type: "", body: body, address: self.client.address)
            if response.status.code == 416 { try? FileManager.default.removeItem(at: file) }
            throw answered.refusal
        }
        let resumes = response.status.code == 206
        try await self.write(response, to: file, from: resumes ? have : 0, expected: claim.audioSize)
    }

    private func write(
        _ response: HTTPClientResponse, to file: URL, from offset: Int64, expected: Int64?
    ) async throws {
        if offset == 0, !FileManager.default.createFile(atPath: file.path, contents: nil) {
            throw CastError(.storageFull, "\(file.path) cannot be written.")
        }
        guard let handle = FileHandle(forWritingAtPath: file.path) else {
            throw CastError(.storageFull, "\(file.path) cannot be written.")
        }
        defer { try? handle.close() }
        try handle.truncate(atOffset: UInt64(offset))
        try handle.seek(toOffset: UInt64(offset))
        let length = response.headers.first(name: "Content-Length").flatMap { Int64($0) }
        var count = offset
        do {
            for try await chunk in response.body {
                try Task.checkCancellation()
                try handle.write(contentsOf: Data(chunk.readableBytesView))
                count += Int64(chunk.readableBytes)
            }
        } catch let error as HTTPClientError {
            throw CastError(.unavailable, "The connection broke off in the middle of the audio.", cause: error)
        } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
            throw CastError(.storageFull, "There is no space left for the audio.", cause: error)
        }
        if let wanted = expected ?? length.map({ $0 + offset }), count != wanted {
            throw CastError(.unavailable, "The audio ended after \(count) of \(wanted) bytes.")
        }
    }
}
