package import AsyncHTTPClient
import CastCore
package import Foundation
package import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPCompression

/// The one HTTP client for what publishers offer: feeds, audio, transcripts.
///
/// It is made once a process and shut down at its end. It follows redirects itself, so that each hop is checked, the
/// permanent ones are told from the others, and credentials stay with their host.
package final class WebClient: Sendable {
    package struct Configuration: Sendable {
        package var userAgent = "cast2md/1 (podcast transcription)"
        package var addresses = AddressPolicy.publicOnly
        package var connectTimeout = Duration.seconds(10)
        /// How long a server may say nothing, before its answer or within it.
        package var silenceTimeout = Duration.seconds(30)
        /// How many redirects are followed; with 0 a redirect is an answer like any other.
        package var redirects = 5

        package init() {}
    }

    /// An answer's head, with the body still to be read.
    package struct Answer: Sendable {
        package var response: HTTPClientResponse
        /// Where the answer came from, after all redirects.
        package var url: URL
        /// Where permanent redirects alone lead: what to ask for next time.
        ///
        /// It is the asked address where there were none.
        package var permanentURL: URL

        package var status: Int { Int(self.response.status.code) }

        package func header(_ name: String) -> String? { self.response.headers.first(name: name) }

        /// The media type without parameters, in lower case; empty where none was sent.
        package var mediaType: String {
            (self.header("Content-Type") ?? "").prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        }
    }

    private let configuration: Configuration
    private let client: HTTPClient
    private let logger: Logger

    package init(_ configuration: Configuration = Configuration(), logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        var client = HTTPClient.Configuration()
        client.timeout = .init(
            connect: .nanoseconds(configuration.connectTimeout.nanoseconds),
            read: .nanoseconds(configuration.silenceTimeout.nanoseconds))
        client.redirectConfiguration = .disallow
        // Otherwise a refused connection is tried again and again until the connect timeout has passed.
        client.connectionPool.retryConnectionEstablishment = false
        // So that the hook below sees every connection.
        client.httpVersion = .http1Only
        client.decompression = .enabled(limit: .ratio(200))
        client.http1_1ConnectionDebugInitializer = { [policy = configuration.addresses] channel in
            let address = channel.remoteAddress?.ipAddress ?? ""
            guard let refusal = policy.refusal(of: address) else { return channel.eventLoop.makeSucceededVoidFuture() }
            return channel.eventLoop.makeFailedFuture(AddressRefused(address: address, refusal: refusal))
        }
        self.client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: client)
    }

    /// Lets go of all connections; the client cannot be used afterwards.
    package func shutdown() async throws { try await self.client.shutdown() }

    /// Sends a GET and follows redirects; any other status is the caller's to judge.
    ///
    /// Throws `CastError`, or `CancellationError` when the task is cancelled.
    package func get(_ url: URL, headers: [String: String] = [:]) async throws -> Answer {
        var current = url
        var permanent = url
        var isPermanent = true
        var visited: Set<URL> = [url]
        for _ in 0...self.configuration.redirects {
            let response = try await self.send(current, headers: headers, original: url)
            guard self.configuration.redirects > 0, [301, 302, 303, 307, 308].contains(response.status.code) else {
                return Answer(response: response, url: current, permanentURL: permanent)
            }
            guard let location = response.headers.first(name: "Location"),
                let next = URL(string: location, relativeTo: current)?.absoluteURL
            else {
                throw CastError(.invalid, "\(current.place) redirects without saying where to.")
            }
            guard next.isWeb else {
                throw CastError(.invalid, "\(current.place) redirects to an address that is not http or https.")
            }
            guard visited.insert(next).inserted else {
                throw CastError(.invalid, "\(url.place) redirects in a circle.")
            }
            isPermanent = isPermanent && (response.status.code == 301 || response.status.code == 308)
            if isPermanent { permanent = next.withCredentials(of: url) }
            self.logger.debug("following redirect", metadata: ["from": "\(current.place)", "to": "\(next.place)"])
            current = next
        }
        throw CastError(.invalid, "\(url.place) redirects more than \(self.configuration.redirects) times.")
    }

    /// The status that an address answers a GET with; nothing of the body is read.
    ///
    /// - Throws: `.timedOut` when there was no answer within the limit, redirects included; what `get` throws.
    package func status(
        of url: URL, within limit: Duration, clock: any Clock<Duration> = ContinuousClock()
    ) async throws -> Int {
        try await withDeadline(
            limit, clock: clock, "\(url.place) did not answer within \(limit.components.seconds) seconds."
        ) {
            try await self.get(url).status
        }
    }

    private func send(_ url: URL, headers: [String: String], original: URL) async throws -> HTTPClientResponse {
        guard url.isWeb else { throw CastError(.invalid, "Only http and https addresses are fetched.") }
        // Names are looked at as well when they are addresses already: no need to connect for that.
        let host = (url.host ?? "").trimmingCharacters(in: ["[", "]"])
        if AddressPolicy.isAddress(host), let refusal = self.configuration.addresses.refusal(of: host) {
            throw AddressRefused(address: host, refusal: refusal).castError
        }
        var components = URLComponents(url: url, resolvingAgainstBaseURL: true)
        components?.fragment = nil
        let isSameHost = url.host == original.host
        let user = isSameHost ? original.user(percentEncoded: false) : nil
        let password = isSameHost ? original.password(percentEncoded: false) : nil
        components?.user = nil
        components?.password = nil
        var request = HTTPClientRequest(url: components?.string ?? url.absoluteString)
        request.headers.add(name: "User-Agent", value: self.configuration.userAgent)
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { request.headers.add(name: name, value: value) }
        if let user {
            let pair = Data("\(user):\(password ?? "")".utf8).base64EncodedString()
            request.headers.add(name: "Authorization", value: "Basic \(pair)")
        }
        do {
            // The client's own read timeout bounds the wait for the head.
            return try await self.client.execute(request, deadline: .distantFuture, logger: self.logger)
        } catch {
            throw try WebFault.translated(error, url)
        }
    }
}

/// Why a connection was given up as soon as it was made.
struct AddressRefused: Error {
    var address: String
    var refusal: String

    var castError: CastError {
        CastError(
            .forbidden,
            "\(self.address) \(self.refusal), which feeds and episodes may not lead to. "
                + "If that is meant, set ALLOW_PRIVATE_ADDRESSES=true and restart the server.")
    }
}

extension URL {
    /// The address with the name and password of another one of the same host: a redirect does not repeat them.
    fileprivate func withCredentials(of other: URL) -> URL {
        guard self.host == other.host, self.user == nil,
            var components = URLComponents(url: self, resolvingAgainstBaseURL: true)
        else { return self }
        components.percentEncodedUser = other.user(percentEncoded: true)
        components.percentEncodedPassword = other.password(percentEncoded: true)
        return components.url ?? self
    }
}

extension Duration {
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue + attoseconds / 1_000_000_000
    }
}
