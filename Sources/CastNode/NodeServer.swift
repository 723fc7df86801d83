package import CastAPI
package import CastClient
package import CastCore
package import Foundation

/// The server's side of a node's work, as a bag of calls of which a test replaces those that it is about.
package struct NodeServer: Sendable {
    package var heartbeat: @Sendable (HeartbeatRequest) async throws -> HeartbeatResponse
    package var claim: @Sendable () async throws -> ClaimResponse
    package var fetchAudio: @Sendable (ClaimResponse, URL) async throws -> Void
    package var progress: @Sendable (_ job: JobID, _ percent: Int, _ attempt: String?) async throws -> Void
    package var complete: @Sendable (_ job: JobID, CompleteRequest, _ attempt: String?) async throws -> Void
    package var fail: @Sendable (_ job: JobID, FailRequest, _ attempt: String?) async throws -> Void
    package var release: @Sendable (_ job: JobID, _ attempt: String?) async throws -> Void
    package var requestTermination: @Sendable () async throws -> Void

    package init(_ api: NodeAPI) {
        self.heartbeat = { try await api.heartbeat($0) }
        self.claim = { try await api.claim() }
        self.fetchAudio = { try await api.fetchAudio($0, to: $1) }
        self.progress = { try await api.progress($0, percent: $1, attempt: $2) }
        self.complete = { try await api.complete($0, $1, attempt: $2) }
        self.fail = { try await api.fail($0, $1, attempt: $2) }
        self.release = { try await api.release($0, attempt: $1) }
        self.requestTermination = { _ = try await api.requestTermination() }
    }

    /// A server that does not answer, for tests to fill in.
    package static var unreachable: NodeServer { NodeServer() }

    private init() {
        let away = CastError(.unavailable, "There is no server in this test.")
        self.heartbeat = { _ in throw away }
        self.claim = { throw away }
        self.fetchAudio = { _, _ in throw away }
        self.progress = { _, _, _ in throw away }
        self.complete = { _, _, _ in throw away }
        self.fail = { _, _, _ in throw away }
        self.release = { _, _ in throw away }
        self.requestTermination = { throw away }
    }
}
