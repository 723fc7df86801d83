import AsyncHTTPClient
import CastAPI
import CastCore
package import Foundation
import NIOCore
import NIOHTTP1

/// Calls a cast2md server.
///
/// Errors are `CastError`s: what the server itself said has the status in `answeredStatus`; everything else (no
/// connection, a proxy's own page) is `.unavailable` or `.timedOut` and says nothing about what was asked.
package struct CastClient: Sendable {
    package let server: URL
    let key: String?
    let connections: Connections
    let clock: any Clock<Duration>

    /// - Parameters:
    ///   - server: The server's address, with or without a path in front of `/api`.
    ///   - key: The node's key, where a node calls.
    package init(
        server: URL, key: String? = nil, connections: Connections, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.server = server
        self.key = key
        self.connections = connections
        self.clock = clock
    }

    /// Reads a server's address as a person writes it: `host:8000` is `http://host:8000`.
    package static func address(_ text: String) throws -> URL {
        var text = text.trimmingCharacters(in: .whitespaces)
        if !text.contains("://") { text = "http://\(text)" }
        while text.hasSuffix("/") { text.removeLast() }
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), parts.host?.isEmpty == false, parts.query == nil,
            parts.fragment == nil, let url = parts.url
        else {
            throw CastError(.invalid, "“\(text)” is not a server's address. It looks like http://host:8000.")
        }
        return url
    }

    package func get<Answer: Decodable & Sendable>(
        _ path: String, as type: Answer.Type = Answer.self, timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        try await self.call(.GET, path, timeout: timeout)
    }

    /// - Parameter body: Sent as JSON; nil sends no body at all.
    package func post<Answer: Decodable & Sendable>(
        _ path: String, _ body: (any Encodable & Sendable)? = nil, headers: [String: String] = [:],
        as type: Answer.Type = Answer.self, timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        try await self.call(.POST, path, body, headers: headers, timeout: timeout)
    }

    package func patch<Answer: Decodable & Sendable>(
        _ path: String, _ body: any Encodable & Sendable, as type: Answer.Type = Answer.self,
        timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        try await self.call(.PATCH, path, body, timeout: timeout)
    }

    package func put<Answer: Decodable & Sendable>(
        _ path: String, _ body: any Encodable & Sendable, as type: Answer.Type = Answer.self,
        timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        try await self.call(.PUT, path, body, timeout: timeout)
    }

    package func delete<Answer: Decodable & Sendable>(
        _ path: String, as type: Answer.Type = Answer.self, timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        try await self.call(.DELETE, path, timeout: timeout)
    }

    /// Text as one part of a path.
    package static func segment(_ text: String) -> String {
        let allowed = CharacterSet(charactersIn: "-._~").union(
            CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    }

    private func call<Answer: Decodable & Sendable>(
        _ method: HTTPMethod, _ path: String, _ body: (any Encodable & Sendable)? = nil,
        headers: [String: String] = [:], timeout: Duration
    ) async throws -> Answer {
        var request = self.request(method, path)
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let body {
            request.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        }
        return try await self.answer(to: request, timeout: timeout)
    }

    /// Sends a request and reads its whole answer as JSON.
    func answer<Answer: Decodable & Sendable>(to request: HTTPClientRequest, timeout: Duration) async throws -> Answer {
        let data = try await self.translating {
            try await withTimeLimit(timeout, clock: self.clock, self.place) {
                let response = try await self.execute(request)
                return Data((try await response.body.collect(upTo: Self.largestAnswer)).readableBytesView)
            }
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            throw CastError(
                .unavailable, "\(self.place) did not answer as a cast2md server does. Check the address.", cause: error)
        }
    }

    /// Lists of many thousand episodes fit; nothing that fills the memory does.
    private static let largestAnswer = 64 << 20
}
