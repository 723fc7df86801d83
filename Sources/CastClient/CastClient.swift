import AsyncHTTPClient
import CastAPI
import CastCore
package import Foundation
import NIOCore
import NIOHTTP1

/// Calls a server's HTTP API: typed answers, `CastError` for everything that goes wrong, timeouts on every call.
///
/// An error with a code other than `.unavailable` and `.timedOut` is the server's own answer; those two say that there
/// was none, or that the server could not do its work.
package struct CastClient: Sendable {
    /// Without a slash at its end.
    package let address: String
    private let key: String?
    private let http: HTTPClient

    init(address: String, key: String?, http: HTTPClient) {
        self.address = address
        self.key = key
        self.http = http
    }

    /// Runs a body with a client, and lets go of its connections afterwards.
    ///
    /// - Parameters:
    ///   - key: A node's key, sent as `X-Transcriber-Key`.
    ///   - environment: Says whether there is a proxy to go through.
    /// - Throws: `.invalid` for an address that is none.
    package static func withClient<Result: Sendable>(
        _ address: String, key: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
        _ body: (CastClient) async throws -> Result
    ) async throws -> Result {
        let trimmed = address.hasSuffix("/") ? String(address.dropLast()) : address
        guard let url = URL(string: trimmed), let scheme = url.scheme, ["http", "https"].contains(scheme),
            url.host != nil
        else {
            throw CastError(.invalid, "“\(address)” is not a server's address; it looks like http://127.0.0.1:8000.")
        }
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(120))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        if let proxy = try ProxyRules(environment: environment).proxy(for: url) {
            configuration.proxy = .server(host: proxy.host, port: proxy.port)
        }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(CastClient(address: trimmed, key: key, http: http))
            try await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    package func get<Answer: Decodable>(
        _ path: String, as type: Answer.Type, timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        try await self.call(.GET, path, body: nil, timeout: timeout).decode(type)
    }

    package func delete<Answer: Decodable>(
        _ path: String, as type: Answer.Type, timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        try await self.call(.DELETE, path, body: nil, timeout: timeout).decode(type)
    }

    package func post<Answer: Decodable>(
        _ path: String, as type: Answer.Type, attempt: String? = nil, timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        try await self.call(.POST, path, body: nil, attempt: attempt, timeout: timeout).decode(type)
    }

    package func post<Answer: Decodable>(
        _ path: String, _ body: some Encodable, as type: Answer.Type, attempt: String? = nil,
        timeout: Duration = .seconds(30)
    ) async throws -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return try await self.call(.POST, path, body: try encoder.encode(body), attempt: attempt, timeout: timeout)
            .decode(type)
    }

    /// Sends a file as a request's body, streamed.
    package func upload<Answer: Decodable>(_ file: URL, to path: String, as type: Answer.Type) async throws -> Answer {
        var request = self.request(.POST, path)
        let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int64 ?? 0
        request.headers.add(name: "Content-Type", value: "application/octet-stream")
        request.body = .stream(FileChunks(file: file), length: .known(size))
        // As slow as a home's uplink may be: a quarter of an hour, and a second for every 50 KB.
        return try await self.answer(to: request, timeout: .seconds(900 + size / 50_000)).decode(type)
    }

    /// Sends a request and answers the response's head, for a body that is to be streamed.
    func open(_ path: String, headers: [(String, String)], timeout: Duration) async throws -> HTTPClientResponse {
        var request = self.request(.GET, path)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        return try await self.translating { try await self.http.execute(request, timeout: TimeAmount(timeout)) }
    }

    private func call(
        _ method: HTTPMethod, _ path: String, body: Data?, attempt: String? = nil, timeout: Duration
    ) async throws -> Answered {
        var request = self.request(method, path)
        if let attempt { request.headers.add(name: attemptHeader, value: attempt) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        return try await self.answer(to: request, timeout: timeout)
    }

    private func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: self.address + path)
        request.method = method
        request.headers.add(name: "User-Agent", value: "cast2md/\(castVersion)")
        request.headers.add(name: "Accept", value: "application/json")
        if let key { request.headers.add(name: nodeKeyHeader, value: key) }
        return request
    }

    /// Sends a request, reads the whole answer within the time, and turns a refusal into an error.
    private func answer(to request: HTTPClientRequest, timeout: Duration) async throws -> Answered {
        let answered = try await self.translating {
            // The client's own deadline ends with the head; the body has to come within the time as well.
            try await withThrowingTaskGroup(of: Answered?.self) { group in
                group.addTask {
                    let response = try await self.http.execute(request, timeout: TimeAmount(timeout))
                    let body = try await response.body.collect(upTo: 256 << 20)
                    return Answered(
                        status: Int(response.status.code), type: response.headers.first(name: "Content-Type") ?? "",
                        body: Data(body.readableBytesView), address: self.address)
                }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        }
        guard let answered else {
            throw CastError(
                .timedOut, "The server \(self.address) did not answer within \(timeout.components.seconds) seconds.")
        }
        if answered.status >= 300 { throw answered.refusal }
        return answered
    }

    /// Network faults in words.
    private func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CastError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as HTTPClientError where error == .cancelled {
            throw CancellationError()
        } catch let error as HTTPClientError where [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error) {
            throw CastError(.timedOut, "The server \(self.address) did not answer in time.", cause: error)
        } catch {
            throw CastError(
                .unavailable, "The server \(self.address) cannot be reached. Is it running? (cast2md serve)",
                cause: error)
        }
    }
}

/// A whole answer.
struct Answered: Sendable {
    var status: Int
    var type: String
    var body: Data
    var address: String

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: self.body)
        } catch {
            throw CastError(
                .unavailable, "\(self.address) answered \(self.status), but not as a cast2md server does.", cause: error
            )
        }
    }

    /// What a status above 299 means.
    ///
    /// Only an answer in our own form is taken for the server's word; a proxy's page with a 404 is not.
    var refusal: CastError {
        guard let answer = try? JSONDecoder().decode(ErrorResponse.self, from: self.body) else {
            return CastError(
                .unavailable, "\(self.address) answered with status \(self.status), and not as a cast2md server does.")
        }
        let code = answer.code.flatMap(CastError.Code.init(rawValue:)) ?? Self.code(of: self.status)
        return CastError(code, answer.detail.sentence)
    }

    /// The code for an answer of the existing server, which sends none.
    private static func code(of status: Int) -> CastError.Code {
        switch status {
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 409: .conflict
        case 410: .gone
        case 413: .tooLarge
        case 408, 504: .timedOut
        case 429, 500...: .unavailable
        default: .invalid
        }
    }
}

/// A file's bytes in pieces, for a request's body.
private struct FileChunks: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let file: URL

    struct AsyncIterator: AsyncIteratorProtocol {
        let handle: FileHandle?

        mutating func next() async throws -> ByteBuffer? {
            guard let data = try self.handle?.read(upToCount: 1 << 18), !data.isEmpty else {
                try self.handle?.close()
                return nil
            }
            return ByteBuffer(bytes: data)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(handle: FileHandle(forReadingAtPath: self.file.path)) }
}

extension TimeAmount {
    init(_ duration: Duration) {
        self = .nanoseconds(
            duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
    }
}
