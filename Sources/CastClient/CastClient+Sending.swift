import AsyncHTTPClient
import CastAPI
import CastCore
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

extension CastClient {
    /// The server as a sentence names it.
    var place: String {
        let port = self.server.port.map { ":\($0)" } ?? ""
        return "\(self.server.host ?? self.server.absoluteString)\(port)"
    }

    func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var base = self.server.absoluteString
        while base.hasSuffix("/") { base.removeLast() }
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "User-Agent", value: "cast2md/\(castVersion)")
        request.headers.add(name: "Accept", value: "*/*")
        if let key { request.headers.add(name: nodeKeyHeader, value: key) }
        return request
    }

    /// Sends a request and returns a success's head with the body still to be read.
    ///
    /// - Throws: What the server said, or that it was not the server who spoke.
    func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        // The caller's own limit is shorter; this one only keeps a connection from being held for ever.
        let response = try await self.connections.http.execute(request, timeout: .minutes(30))
        let status = Int(response.status.code)
        guard (200..<300).contains(status) else {
            // A proxy's page may be long; an error of the server's is not.
            let body = (try? await response.body.collect(upTo: 1 << 20)).map { Data($0.readableBytesView) } ?? Data()
            throw CastError(status: status, body: body, server: self.place)
        }
        return response
    }

    /// Runs a body and turns what the HTTP client throws into `CastError`.
    func translating<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as CastError {
            throw error
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            throw self.fault(error)
        }
    }

    private func fault(_ error: any Error) -> CastError {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .readTimeout, .deadlineExceeded:
                return CastError(.timedOut, "\(self.place) fell silent.", cause: error)
            case .connectTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout:
                return CastError(.unavailable, "\(self.place) does not answer.", cause: error)
            case .remoteConnectionClosed:
                return CastError(.unavailable, "\(self.place) broke the connection off.", cause: error)
            case .invalidProxyResponse, .proxyAuthenticationRequired:
                return CastError(
                    .unavailable, "The proxy \(self.connections.proxy ?? "") refuses to connect to \(self.place).",
                    cause: error)
            default: return CastError(.unavailable, "\(self.place) could not be asked.", cause: error)
            }
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            return CastError(.unavailable, "The name \(self.server.host ?? "") cannot be looked up.", cause: error)
        case is NIOTooManyBytesError:
            return CastError(.tooLarge, "The answer of \(self.place) is too large.", cause: error)
        case let error as CocoaError:
            return CastError(.storageFull, "A file cannot be read or written: \(error.localizedDescription)")
        default:
            return CastError(.unavailable, "\(self.place) cannot be reached.", cause: error)
        }
    }
}
