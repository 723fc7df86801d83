import AsyncHTTPClient
package import CastCore
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// When a server said that it wants to be asked again; the cause of a `CastError`.
package struct RetryAfter: Error, Sendable, Equatable {
    package var delay: Duration

    package init(_ delay: Duration) { self.delay = delay }
}

extension CastError {
    /// How long the server that failed asked to be left alone.
    package var retryAfter: Duration? { (self.cause as? RetryAfter)?.delay }
}

/// Turns what goes wrong on the web into `CastError`: a code to decide by, and a sentence.
enum WebFault {
    /// The longest that a server may put us off.
    private static let longestDelay = 24 * 3600.0

    /// The error for a status that is not a success.
    static func error(status: HTTPResponseStatus, headers: HTTPHeaders, _ url: URL, now: Date) -> CastError {
        let place = url.place
        switch status.code {
        case 404, 410: return CastError(.gone, "\(place) does not exist any more (status \(status.code)).")
        case 401, 403:
            return CastError(
                .forbidden, "\(place) may not be read (status \(status.code)). Check the address and its credentials.")
        case 408, 425, 429, 500...599:
            let delay = headers.first(name: "Retry-After").flatMap { self.delay($0, now: now) }
            let sentence = status.code == 429 ? "wants fewer requests" : "has a fault"
            return CastError(
                .unavailable, "\(url.host ?? place) \(sentence) (status \(status.code)). It is tried again later.",
                cause: delay.map { RetryAfter($0) })
        default: return CastError(.invalid, "\(place) answered with status \(status.code).")
        }
    }

    static func delay(_ text: String, now: Date) -> Duration? {
        let seconds = Double(text.trimmingCharacters(in: .whitespaces)) ?? FeedDate.date(text)?.timeIntervalSince(now)
        guard let seconds, seconds.isFinite else { return nil }
        return .seconds(min(max(seconds, 0), self.longestDelay))
    }

    /// The error for one of the client's; throws `CancellationError` when it is only that the task was cancelled.
    static func translated(_ error: any Error, _ url: URL) throws -> CastError {
        if Task.isCancelled { throw CancellationError() }
        let host = url.host ?? url.place
        switch error {
        case let error as CastError: return error
        case is CancellationError: return CastError(.unavailable, "\(host) broke the connection off.", cause: error)
        case let error as AddressRefused: return error.castError
        case let error as HTTPClientError:
            switch error {
            // Nobody cancelled us: it is the client that gave up.
            case .cancelled: return CastError(.unavailable, "\(host) broke the connection off.", cause: error)
            case .readTimeout: return CastError(.timedOut, "\(host) fell silent.", cause: error)
            case .connectTimeout, .tlsHandshakeTimeout:
                return CastError(.unavailable, "\(host) does not answer.", cause: error)
            case .remoteConnectionClosed:
                return CastError(.unavailable, "\(host) broke the connection off.", cause: error)
            case .invalidURL, .emptyHost, .emptyScheme:
                return CastError(.invalid, "\(url.place) is no web address.", cause: error)
            default: return CastError(.unavailable, "\(host) could not be asked.", cause: error)
            }
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            return CastError(.unavailable, "The name \(host) cannot be looked up.", cause: error)
        case is NIOConnectionError: return CastError(.unavailable, "\(host) cannot be connected to.", cause: error)
        case is HTTPParserError: return CastError(.unavailable, "\(host) broke its answer off.", cause: error)
        default:
            let type = String(describing: Swift.type(of: error))
            // Neither type is in a module that this one depends on.
            if type.contains("Decompression") {
                return CastError(.invalid, "\(url.place) unpacks to far more than it should.", cause: error)
            }
            if type.contains("SSL") {
                return CastError(
                    .unavailable, "No secure connection to \(host): its certificate is not accepted.", cause: error)
            }
            return CastError(.unavailable, "\(host) could not be asked.", cause: error)
        }
    }
}

/// Runs `work`, and gives it up when `limit` has passed.
///
/// The client's own deadline ends with an answer's head; a body that trickles would go on for ever.
func withDeadline<Result: Sendable>(
    _ limit: Duration, clock: any Clock<Duration>, _ sentence: @autoclosure @Sendable @escaping () -> String,
    _ work: @Sendable @escaping () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await clock.sleep(for: limit)
            throw CastError(.timedOut, sentence())
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
