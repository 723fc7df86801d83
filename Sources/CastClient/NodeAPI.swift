package import CastAPI
package import CastCore
import Foundation

/// A job as a node names it: its number, and the attempt that the server gave a name, if it did.
package struct JobHandle: Sendable, Hashable, Codable {
    package var job: JobID
    package var attempt: String?

    package init(job: JobID, attempt: String? = nil) {
        self.job = job
        self.attempt = attempt
    }

    var headers: [String: String] { self.attempt.map { [attemptHeader: $0] } ?? [:] }
}

/// What a node asks of its server; a test overrides the calls that it is about.
package struct NodeAPI: Sendable {
    package var heartbeat: @Sendable (HeartbeatRequest) async throws -> HeartbeatResponse
    package var claim: @Sendable () async throws -> ClaimResponse
    /// One try to fetch a job's audio from a path of the server; goes on where an earlier one broke off.
    package var audio:
        @Sendable (_ job: JobHandle, _ path: String, _ part: PartialFile, _ onBytes: @escaping @Sendable (Int) -> Void)
            async throws -> Void
    package var progress: @Sendable (JobHandle, _ percent: Int) async throws -> Void
    package var complete: @Sendable (JobHandle, CompleteRequest) async throws -> Void
    package var fail: @Sendable (JobHandle, FailRequest) async throws -> Void
    package var release: @Sendable (JobHandle) async throws -> Void
    package var requestTermination: @Sendable () async throws -> TerminationResponse

    package init(
        heartbeat: @escaping @Sendable (HeartbeatRequest) async throws -> HeartbeatResponse,
        claim: @escaping @Sendable () async throws -> ClaimResponse,
        audio:
            @escaping @Sendable (JobHandle, String, PartialFile, @escaping @Sendable (Int) -> Void) async throws ->
            Void,
        progress: @escaping @Sendable (JobHandle, Int) async throws -> Void,
        complete: @escaping @Sendable (JobHandle, CompleteRequest) async throws -> Void,
        fail: @escaping @Sendable (JobHandle, FailRequest) async throws -> Void,
        release: @escaping @Sendable (JobHandle) async throws -> Void,
        requestTermination: @escaping @Sendable () async throws -> TerminationResponse
    ) {
        self.heartbeat = heartbeat
        self.claim = claim
        self.audio = audio
        self.progress = progress
        self.complete = complete
        self.fail = fail
        self.release = release
        self.requestTermination = requestTermination
    }

    /// The calls of a registered node; the existing Python server understands them too.
    package static func live(_ client: CastClient, node: NodeID) -> NodeAPI {
        let nodePath = "/api/nodes/\(CastClient.segment(node.rawValue))"
        @Sendable func jobPath(_ handle: JobHandle, _ verb: String) -> String {
            "/api/nodes/jobs/\(handle.job)/\(verb)"
        }
        @Sendable func tell(
            _ handle: JobHandle, _ verb: String, _ body: (any Encodable & Sendable)? = nil, timeout: Duration
        ) async throws {
            // The sentence in the answer is for people.
            _ = try await client.post(
                jobPath(handle, verb), body, headers: handle.headers, as: MessageResponse.self, timeout: timeout)
        }
        return NodeAPI(
            heartbeat: { try await client.post("\(nodePath)/heartbeat", $0) },
            claim: { try await client.post("\(nodePath)/claim") },
            audio: { handle, path, part, onBytes in
                // Only a path on the same server: the key goes nowhere else.
                let isLocal = path.hasPrefix("/") && !path.hasPrefix("//")
                try await client.download(
                    isLocal ? path : jobPath(handle, "audio"), to: part, headers: handle.headers, onBytes: onBytes)
            },
            progress: {
                try await tell($0, "progress", ProgressRequest(progressPercent: $1), timeout: .seconds(10))
            },
            complete: { try await tell($0, "complete", $1, timeout: .seconds(60)) },
            fail: { try await tell($0, "fail", $1, timeout: .seconds(30)) },
            release: { try await tell($0, "release", timeout: .seconds(5)) },
            requestTermination: {
                try await client.post("\(nodePath)/request-termination", timeout: .seconds(10))
            })
    }
}
