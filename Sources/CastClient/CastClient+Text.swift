import AsyncHTTPClient
import CastCore
import Foundation
import NIOCore
import NIOHTTP1

extension CastClient {
    /// A GET whose answer is text, whole.
    ///
    /// - Throws: What the server said; `.tooLarge` for more than 64 MB, which no transcript is.
    package func text(_ path: String, timeout: Duration = .seconds(60)) async throws -> String {
        try await self.translating {
            try await withTimeLimit(timeout, clock: self.clock, self.place) {
                let response = try await self.execute(self.request(.GET, path))
                return String(
                    decoding: (try await response.body.collect(upTo: 64 << 20)).readableBytesView, as: UTF8.self)
            }
        }
    }

    /// Reads a stream of server-sent events until the server ends it.
    ///
    /// - Parameters:
    ///   - last: The id of the last event that was seen; the stream goes on after it.
    ///   - onEvent: Gets each event; when it throws, the connection is closed and the error passed on.
    package func events(
        _ path: String, after last: String?, onEvent: (ServerSentEvent) async throws -> Void
    ) async throws {
        var request = self.request(.GET, path)
        request.headers.replaceOrAdd(name: "Accept", value: "text/event-stream")
        if let last { request.headers.add(name: "Last-Event-ID", value: last) }
        let sent = request
        try await self.translating {
            let response = try await self.execute(sent)
            var parser = ServerSentEvents()
            for try await chunk in response.body {
                for event in try parser.take(chunk.readableBytesView) { try await onEvent(event) }
            }
        }
    }
}
