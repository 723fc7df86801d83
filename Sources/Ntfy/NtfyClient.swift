import AsyncHTTPClient
package import CastCore
import Foundation
import NIOCore
import NIOHTTP1

/// Publishes messages at an ntfy server, as JSON: a title may then hold any letters.
///
/// https://docs.ntfy.sh/publish/#publish-as-json
package struct NtfyClient: Sendable {
    private let http: HTTPClient

    package init() {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(20))
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .seconds(3)
        self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Lets go of all connections; nothing can be sent afterwards.
    package func close() async { try? await self.http.shutdown() }

    /// Sends a message, once.
    ///
    /// - Parameters:
    ///   - server: `https://ntfy.sh`, or an own one.
    ///   - topic: Whoever knows it reads along.
    /// - Throws: `.unavailable` or `.timedOut` for what may pass, `.invalid` for what sending it again does not cure.
    package func send(_ notice: Notice, to topic: String, at server: String) async throws {
        var request = HTTPClientRequest(url: server + "/")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "cast2md/\(castVersion)")
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(Message(notice, topic: topic))))
        let status: Int
        do {
            let response = try await self.http.execute(request, timeout: .seconds(20))
            // The answer repeats the message; only whether it was taken is of use.
            _ = try? await response.body.collect(upTo: 1 << 16)
            status = Int(response.status.code)
        } catch {
            if error is CancellationError { throw error }
            throw CastError(.unavailable, "The ntfy server cannot be reached.", cause: error)
        }
        guard !(200...299).contains(status) else { return }
        if status == 429 || status >= 500 {
            throw CastError(.unavailable, "The ntfy server answered \(status).")
        }
        throw CastError(.invalid, "The ntfy server refused the message with \(status). Check ntfy_url and ntfy_topic.")
    }

    private struct Message: Encodable {
        var topic: String
        var title: String
        var message: String
        /// 1 to 5; 3 unless said otherwise.
        var priority: Int?
        var tags: [String]?
        var click: String?

        init(_ notice: Notice, topic: String) {
            self.topic = topic
            self.title = notice.title
            // Longer ones are turned into attachments.
            self.message = String(notice.text.prefix(1_000))
            self.priority = notice.isUrgent ? 5 : nil
            self.tags = notice.isUrgent ? ["rotating_light"] : nil
            self.click = notice.link
        }
    }
}
