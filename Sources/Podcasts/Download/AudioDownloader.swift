import AsyncHTTPClient
import CastCore
package import Foundation
package import Logging
import NIOCore
import NIOHTTP1

/// Fetches an episode's audio to a file, going on where an earlier try stopped.
///
/// The bytes go to `<destination>.part`, with notes on their origin in `<destination>.part.json`; the destination
/// itself appears at once and whole. After a crash, a cancellation or a broken connection the next call goes on with
/// them, provided that the server says that they are still of the same recording.
package struct AudioDownloader: Sendable {
    package struct Limits: Sendable {
        package var bytes: Int64 = 4 << 30
        /// For the whole download, all tries included; how long a server may be silent is the client's business.
        package var time = Duration.seconds(4 * 3600)
        /// How often a connection that broke is taken up again before the error is the caller's.
        package var resumptions = 3
        package var pause = Duration.seconds(2)

        package init() {}
    }

    package struct Downloaded: Sendable, Equatable {
        package var file: URL
        package var byteCount: Int64
        /// As the server said; empty where it said nothing.
        package var mediaType: String
        package var format: AudioFormat
        /// Where it came from, after all redirects.
        package var url: URL
        /// The publisher's validators, where the file was not here before the call.
        package var etag: String?
        package var lastModified: String?
    }

    /// Called with the bytes on disk and, where it is known, how many there will be.
    package typealias Progress = @Sendable (_ bytes: Int64, _ total: Int64?) -> Void

    let client: WebClient
    let limits: Limits
    let clock: any Clock<Duration>
    let logger: Logger

    package init(
        client: WebClient, limits: Limits = Limits(), clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.client = client
        self.limits = limits
        self.clock = clock
        self.logger = logger
    }

    /// Fetches `url` to `destination`, replacing what is there; with `addsExtension` the ending that fits the audio is
    /// put behind the destination's name.
    ///
    /// Throws `CastError`: `.gone` is for good; `.unavailable` and `.timedOut` keep what came so far, and another call
    /// goes on with it; after `.storageFull`, `.tooLarge` and `.invalid` nothing is left on disk. `CancellationError`
    /// keeps it as well.
    package func download(
        _ url: URL, to destination: URL, addsExtension: Bool = false, progress: @escaping Progress = { _, _ in }
    ) async throws -> Downloaded {
        let limit = self.limits.time
        let part = PartialDownload(for: destination)
        let attempt = AudioTransfer(downloader: self, url: url, part: part, progress: progress)
        do {
            let received = try await withDeadline(
                limit, clock: self.clock, "\(url.place) took longer than \(limit.components.seconds) seconds."
            ) {
                try await self.transfer(attempt)
            }
            var file = destination
            if addsExtension { file.appendPathExtension(received.format.fileExtension) }
            try OutputFile.move(part.file, to: file)
            part.removeNotes()
            return Downloaded(
                file: file, byteCount: received.byteCount, mediaType: received.mediaType, format: received.format,
                url: received.url, etag: received.etag, lastModified: received.lastModified)
        } catch let error as CastError {
            switch error.code {
            case .unavailable, .timedOut, .conflict: break
            default: part.remove()
            }
            throw error
        }
    }

    /// What an earlier call put at `destination` whole, if its caller did not come to take it.
    package static func finished(_ url: URL, at destination: URL) -> Downloaded? {
        guard FileManager.default.fileExists(atPath: destination.path), let file = try? OutputFile(destination),
            let size = try? file.size, size > 0
        else { return nil }
        return Downloaded(
            file: destination, byteCount: size, mediaType: "",
            format: AudioFormat.guess(magic: file.start(64), mediaType: "", path: url.path), url: url)
    }

    /// Removes whatever calls for `destination` left, whole or in part.
    package static func discard(_ destination: URL) {
        PartialDownload(for: destination).remove()
        try? FileManager.default.removeItem(at: destination)
    }

    private func transfer(_ attempt: AudioTransfer) async throws -> AudioTransfer.Received {
        var resumptions = 0
        while true {
            let before = attempt.bytesOnDisk
            do {
                return try await attempt.run()
            } catch let error as CastError where error.code == .unavailable || error.code == .timedOut {
                // Without a byte gained the server is better left alone for longer than we would wait here.
                guard resumptions < self.limits.resumptions, attempt.bytesOnDisk > before else { throw error }
                resumptions += 1
                self.logger.info(
                    "download broke off, resuming",
                    metadata: ["url": "\(attempt.url.place)", "bytes": "\(attempt.bytesOnDisk)", "error": "\(error)"])
                try await self.clock.sleep(for: self.limits.pause)
            }
        }
    }
}
