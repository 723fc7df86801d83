import AsyncHTTPClient
import CastCore
package import Foundation
import NIOCore
import NIOHTTP1

/// What a server gave with a feed so that it can be asked later whether it changed.
package struct FeedValidators: Sendable, Equatable, Codable {
    package var etag: String?
    package var lastModified: String?

    package init(etag: String? = nil, lastModified: String? = nil) {
        self.etag = etag
        self.lastModified = lastModified
    }
}

/// Fetches a feed to a file, unless it has not changed.
package struct FeedFetcher: Sendable {
    package struct Limits: Sendable {
        /// Bytes after unpacking.
        package var bytes: Int64 = 64 << 20
        /// For the whole fetch, redirects and body included.
        package var time = Duration.seconds(120)

        package init() {}
    }

    package struct Fetched: Sendable, Equatable {
        /// The caller removes it when it has read it.
        package var file: URL
        package var validators: FeedValidators
        /// Where the feed was found: what its relative addresses are resolved against.
        package var url: URL
        package var contentType: String?
        package var byteCount: Int64
        /// The address to remember, when the server says that the feed has moved for good.
        package var movedTo: URL?
    }

    package enum Outcome: Sendable, Equatable {
        /// The validators still hold. A feed may have moved all the same.
        case notModified(movedTo: URL?)
        case fetched(Fetched)
    }

    private let client: WebClient
    private let limits: Limits
    private let clock: any Clock<Duration>

    package init(client: WebClient, limits: Limits = Limits(), clock: any Clock<Duration> = ContinuousClock()) {
        self.client = client
        self.limits = limits
        self.clock = clock
    }

    /// Asks for the feed at `url`; what comes is written to a new file in `directory`, or nothing is left there.
    ///
    /// Throws `CastError`: `.gone` (404, 410), `.forbidden`, `.unavailable` (its `retryAfter` may say for how long),
    /// `.timedOut`, `.tooLarge`, `.storageFull`, `.invalid`; and `CancellationError`.
    package func fetch(
        _ url: URL, validators: FeedValidators = FeedValidators(), into directory: URL
    ) async throws -> Outcome {
        let limit = self.limits.time
        return try await withDeadline(
            limit, clock: self.clock, "\(url.place) took longer than \(limit.components.seconds) seconds."
        ) {
            try await self.fetchWithoutDeadline(url, validators, directory)
        }
    }

    private func fetchWithoutDeadline(
        _ url: URL, _ validators: FeedValidators, _ directory: URL
    ) async throws -> Outcome {
        var headers = [
            "Accept":
                "application/rss+xml, application/atom+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5",
            "Accept-Encoding": "gzip",
        ]
        headers["If-None-Match"] = validators.etag
        headers["If-Modified-Since"] = validators.lastModified
        let answer = try await self.client.get(url, headers: headers)
        let movedTo = answer.permanentURL == url ? nil : answer.permanentURL
        if answer.response.status == .notModified { return .notModified(movedTo: movedTo) }
        guard answer.response.status == .ok else {
            throw WebFault.error(status: answer.response.status, headers: answer.response.headers, url, now: Date())
        }
        let file = directory.appendingPathComponent("feed-\(UUID().uuidString).xml.part")
        do {
            let count = try await self.write(answer, to: file)
            return .fetched(
                Fetched(
                    file: file,
                    validators: FeedValidators(
                        etag: answer.header("ETag"), lastModified: answer.header("Last-Modified")),
                    url: answer.url, contentType: answer.header("Content-Type"), byteCount: count, movedTo: movedTo))
        } catch {
            try? FileManager.default.removeItem(at: file)
            throw error
        }
    }

    private func write(_ answer: WebClient.Answer, to file: URL) async throws -> Int64 {
        let tooLarge = CastError(
            .tooLarge, "\(answer.url.place) is larger than \(self.limits.bytes >> 20) MB, which no feed should be.")
        if let length = answer.header("Content-Length").flatMap({ Int64($0) }), length > self.limits.bytes {
            throw tooLarge
        }
        let output = try OutputFile(file)
        var count: Int64 = 0
        do {
            for try await chunk in answer.response.body {
                count += Int64(chunk.readableBytes)
                guard count <= self.limits.bytes else { throw tooLarge }
                try chunk.withUnsafeReadableBytes { try output.write($0) }
            }
        } catch {
            throw try WebFault.translated(error, answer.url)
        }
        return count
    }
}
