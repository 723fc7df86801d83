import AsyncHTTPClient
package import CastCore
import Crypto
package import Foundation
import NIOCore
import NIOHTTP1

/// Fetches a file of which every byte is known beforehand: it comes like that and in good time, or not at all.
///
/// For workers that ask a publisher for what their server has already. There is another way to get it, so nothing is
/// tried for long: one resumption after a break, and only where the publisher's validator proves the file to be the same.
package struct ExactDownload: Sendable {
    /// The publisher sends another file: new advertisements in it, say, or a new version.
    package struct Differs: Error, Equatable, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    let client: WebClient
    let gate: HostGate
    let patience: FetchPatience
    let clock: any Clock<Duration>

    /// - Parameter perHost: Downloads at once from one host.
    package init(
        client: WebClient, perHost: Int = 3, patience: FetchPatience = FetchPatience(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.client = client
        self.gate = HostGate(HostLimits(perHost: perHost))
        self.patience = patience
        self.clock = clock
    }

    /// Fetches `source` to `destination`.
    ///
    /// Nothing is left on disk unless all of it is there and like its digest.
    ///
    /// - Parameter onBytes: Hears how many bytes came, piece by piece.
    /// - Throws: `Differs`, `CastError`, or `CancellationError` when the task is cancelled.
    package func fetch(
        _ source: AudioSource, to destination: URL, onBytes: @escaping @Sendable (Int) -> Void
    ) async throws {
        guard let url = URL(string: source.url), let host = PublisherHosts.host(of: source.url),
            let place = URL(string: "http://\(host)")
        else { throw CastError(.invalid, "The publisher's address is no web address.") }
        let file = destination.appendingPathExtension("publisher")
        defer { try? FileManager.default.removeItem(at: file) }
        let limit = self.patience.limit(for: source.size)
        try await withDeadline(
            limit, clock: self.clock, "\(url.place) took longer than \(limit.components.seconds) seconds."
        ) {
            try await self.gate.withTurn(at: place) {
                try await self.transfer(source, url, to: file, self.clock, onBytes)
            }
        }
        try OutputFile.move(file, to: destination)
    }

    private func transfer(
        _ source: AudioSource, _ url: URL, to file: URL, _ clock: some Clock<Duration>,
        _ onBytes: @Sendable (Int) -> Void
    ) async throws {
        let output = try OutputFile(file)
        try output.truncate(to: 0)
        let begun = clock.now
        var hash = SHA256()
        var count: Int64 = 0
        var mayResume = source.validator != nil
        while true {
            let answer = try await self.answer(source, url, from: count)
            do {
                for try await chunk in answer.response.body {
                    let bytes = Int64(chunk.readableBytes)
                    guard count + bytes <= source.size else {
                        throw Differs(description: "\(answer.url.place) is longer than \(source.size) bytes")
                    }
                    try chunk.withUnsafeReadableBytes {
                        hash.update(bufferPointer: $0)
                        try output.write($0)
                    }
                    count += bytes
                    onBytes(chunk.readableBytes)
                    if self.patience.isTooSlow(bytes: count, after: begun.duration(to: clock.now)) {
                        throw CastError(.timedOut, "\(answer.url.place) is too slow.")
                    }
                }
                break
            } catch let error as Differs {
                throw error
            } catch {
                let fault = try WebFault.translated(error, url)
                guard mayResume, count > 0, fault.code == .unavailable else { throw fault }
                mayResume = false
            }
        }
        guard count == source.size else {
            throw Differs(description: "\(url.place) ended after \(count) of \(source.size) bytes")
        }
        guard FileDigest.text(hash.finalize()) == source.sha256 else {
            throw Differs(description: "\(url.place) has other bytes than the server's file")
        }
        try output.synchronize()
    }

    /// Asks for the file, or for what follows the bytes that are here; nothing else is ever read.
    private func answer(_ source: AudioSource, _ url: URL, from offset: Int64) async throws -> WebClient.Answer {
        var headers = ["Accept": "audio/*, video/*;q=0.9, */*;q=0.5", "Accept-Encoding": "identity"]
        if offset > 0, let validator = source.validator {
            headers["Range"] = "bytes=\(offset)-"
            headers["If-Range"] = validator
        }
        let answer = try await self.client.get(url, headers: headers)
        let status = answer.response.status
        guard status == (offset > 0 ? .partialContent : .ok) else {
            guard status.code >= 300 else {
                throw CastError(.unavailable, "\(url.place) does not go on where it broke off.")
            }
            throw WebFault.error(status: status, headers: answer.response.headers, url, now: Date())
        }
        if offset > 0 {
            let range = ContentRange(answer.header("Content-Range"))
            guard range?.first == offset, range?.total == source.size else {
                throw CastError(.unavailable, "\(url.place) does not go on where it broke off.")
            }
        }
        // Of an answer that came packed all the same, the length is not that of its bytes.
        let isPlain = (answer.header("Content-Encoding") ?? "identity") == "identity"
        if isPlain, let length = answer.header("Content-Length").flatMap({ Int64($0) }),
            length != source.size - offset
        {
            throw Differs(description: "\(answer.url.place) has \(length + offset) bytes instead of \(source.size)")
        }
        return answer
    }
}
