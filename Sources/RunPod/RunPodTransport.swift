import AsyncHTTPClient
import CastCore
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Sends requests at the pace that RunPod allows, and repeats those that may be repeated.
final class RunPodTransport: Sendable {
    let settings: RunPodSettings
    let logger: Logger
    private let http: HTTPClient
    private let retry: RetryRule
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Date
    private let limiter = Mutex(RateLimiter())

    init(
        _ settings: RunPodSettings, retry: RetryRule, clock: any Clock<Duration>, now: @escaping @Sendable () -> Date,
        logger: Logger
    ) {
        self.settings = settings
        self.retry = retry
        self.clock = clock
        self.now = now
        self.logger = logger
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(60))
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        // Repeating is decided here, with everything else in sight.
        configuration.connectionPool.retryConnectionEstablishment = false
        // A connection that the other side closes just as it is used loses a create.
        configuration.connectionPool.idleTimeout = .seconds(3)
        self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func close() async { try? await self.http.shutdown() }

    /// Sends a request until it succeeds or its failure stands.
    func perform(_ call: RunPodCall) async throws(ProviderFailure) -> RunPodAnswer {
        var tries = 0
        while true {
            try await self.waitForTurn()
            tries += 1
            let failure: ProviderFailure
            switch await self.attempt(call) {
            case .success(let answer): return answer
            case .failure(let found): failure = found
            }
            guard !Task.isCancelled,
                let wait = self.retry.wait(
                    after: failure, tries: tries, isRepeatable: call.purpose.isRepeatable,
                    jitter: .random(in: -1...1))
            else { throw failure }
            self.logger.debug(
                "runpod is asked again",
                metadata: ["request": "\(call.name)", "error": "\(failure)", "wait": "\(wait)"])
            do {
                try await self.clock.sleep(for: wait)
            } catch {
                throw failure
            }
        }
    }

    /// Opens a stream of events and hands its bytes on as they come.
    func stream(_ call: RunPodCall, _ receive: (ByteBuffer) -> Void) async throws(ProviderFailure) {
        try await self.waitForTurn()
        do {
            let response = try await self.http.execute(self.request(call), timeout: .seconds(30))
            self.note(response.headers)
            guard response.status.code == 200 else {
                let body = (try? await response.body.collect(upTo: 1 << 16)) ?? ByteBuffer()
                throw ProviderFailure(self.answer(response, body), to: call.purpose)
            }
            for try await chunk in response.body { receive(chunk) }
        } catch let failure as ProviderFailure {
            throw self.redacted(failure)
        } catch {
            throw self.failure(error, call)
        }
    }

    /// Waits until RunPod's limits allow one more request.
    private func waitForTurn() async throws(ProviderFailure) {
        while let wait = self.limiter.withLock({ $0.take(now: self.now()) }) {
            guard wait <= self.retry.longestWait else {
                throw ProviderFailure(
                    .rateLimited(retryAfter: wait),
                    "RunPod's limit of requests is used up for \(wait.components.seconds) more seconds.")
            }
            do {
                try await self.clock.sleep(for: wait)
            } catch {
                throw ProviderFailure(.unavailable, "The request was called off before it was sent.")
            }
        }
    }

    private func attempt(_ call: RunPodCall) async -> Result<RunPodAnswer, ProviderFailure> {
        do {
            let answer = try await self.withTimeLimit(call.timeout) {
                let response = try await self.http.execute(self.request(call), timeout: .seconds(120))
                self.note(response.headers)
                return self.answer(response, try await response.body.collect(upTo: Self.largestAnswer))
            }
            self.logger.debug(
                "runpod answered",
                metadata: [
                    "request": "\(call.name)", "status": "\(answer.status)", "request.id": "\(answer.requestID ?? "-")",
                ])
            if answer.isSuccess { return .success(answer) }
            return .failure(self.redacted(ProviderFailure(answer, to: call.purpose)))
        } catch {
            return .failure(self.failure(error, call))
        }
    }

    private static let largestAnswer = 16 << 20

    private func request(_ call: RunPodCall) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: self.settings.base.absoluteString + call.path)
        request.method = call.method
        request.headers.add(name: "Authorization", value: self.settings.key.authorization)
        // RunPod's front door turns away programs that do not say what they are.
        request.headers.add(name: "User-Agent", value: "cast2md/\(castVersion)")
        request.headers.add(name: "Accept", value: "application/json, application/problem+json, text/event-stream")
        if let body = call.body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        return request
    }

    private func answer(_ response: HTTPClientResponse, _ body: ByteBuffer) -> RunPodAnswer {
        RunPodAnswer(
            status: Int(response.status.code), body: Data(body.readableBytesView),
            requestID: response.headers.first(name: "x-request-id").map { String($0.prefix(100)) },
            retryAfter: RateLimiter.retryAfter(response.headers.first(name: "Retry-After")))
    }

    private func note(_ headers: HTTPHeaders) {
        let rateLimit = headers["RateLimit"].joined(separator: ", ")
        let retryAfter = RateLimiter.retryAfter(headers.first(name: "Retry-After"))
        self.limiter.withLock {
            $0.note(rateLimit: rateLimit.isEmpty ? nil : rateLimit, retryAfter: retryAfter, now: self.now())
        }
    }

    private func redacted(_ failure: ProviderFailure) -> ProviderFailure {
        var failure = failure
        failure.text = self.settings.key.removed(from: failure.text)
        return failure
    }

    /// What it means that a request ended without a whole answer.
    private func failure(_ error: any Error, _ call: RunPodCall) -> ProviderFailure {
        let wasNeverSent = Self.isFailureToConnect(error)
        let reason =
            switch error {
            case is TimeIsUp: "RunPod did not answer in time."
            case is CancellationError: "The request was called off."
            case is NIOTooManyBytesError: "RunPod's answer is too large."
            default: wasNeverSent ? "RunPod cannot be reached." : "The connection to RunPod broke."
            }
        self.logger.debug("runpod did not answer", metadata: ["request": "\(call.name)", "reason": "\(reason)"])
        return ProviderFailure(wasNeverSent ? .unavailable : call.purpose.unclear, reason)
    }

    private static func isFailureToConnect(_ error: any Error) -> Bool {
        if error is NIOConnectionError { return true }
        // Only connecting is refused; other codes of the system come from connections that stood as well.
        if let error = error as? IOError { return error.errnoCode == ECONNREFUSED }
        guard let error = error as? HTTPClientError else { return false }
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout: return true
        default: return false
        }
    }

    private struct TimeIsUp: Error {}

    /// Limits a whole exchange; the HTTP client's own timeout ends with the answer's head.
    private func withTimeLimit<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw TimeIsUp()
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}

extension RunPodCall {
    /// For the log.
    var name: String { "\(self.method.rawValue) \(self.path.prefix(200))" }
}
