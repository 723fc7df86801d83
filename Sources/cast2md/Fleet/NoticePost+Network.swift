import CastServer
import Ntfy

extension NoticePost {
    /// Runs a body with the real thing, and lets go of its connections afterwards.
    static func withNetwork<Value: Sendable>(_ body: (NoticePost) async throws -> Value) async throws -> Value {
        let client = NtfyClient()
        let result: Result<Value, any Error>
        do {
            result = .success(
                try await body(
                    NoticePost { notice, topic, server in try await client.send(notice, to: topic, at: server) }))
        } catch {
            result = .failure(error)
        }
        await client.close()
        return try result.get()
    }
}
