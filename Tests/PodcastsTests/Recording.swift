import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Podcasts
import Testing

/// The recording that the tests download, and how.
enum Recording {
    /// A recording of 300 KB that begins like an MP3 and never repeats, so that a byte at the wrong place shows.
    static let audio: [UInt8] =
        Array("ID3".utf8) + (0..<75_000).flatMap { withUnsafeBytes(of: UInt32($0).bigEndian, Array.init) }
    static let half = 150_000

    static func download(
        _ scratch: Scratch, _ url: URL, resumptions: Int = 0, bytes: Int64 = 1 << 20, name: String = "episode",
        addsExtension: Bool = true, progress: @escaping AudioDownloader.Progress = { _, _ in }
    ) async throws -> AudioDownloader.Downloaded {
        var limits = AudioDownloader.Limits()
        limits.resumptions = resumptions
        limits.pause = .zero
        limits.bytes = bytes
        var logger = Logger(label: "test.download")
        logger.logLevel = .critical
        return try await AudioDownloader(client: scratch.client, limits: limits, logger: logger).download(
            url, to: scratch.directory.appendingPathComponent(name), addsExtension: addsExtension, progress: progress)
    }

    /// Serves `Self.audio` with ranges, as a good server does.
    static func ranged(_ request: Request, etag: String = "\"a\"") -> Response {
        let headers: HTTPFields = [.contentType: "audio/mpeg", .eTag: etag]
        guard let range = request.headers[.range], request.headers[.ifRange] == etag,
            let first = Int(range.dropFirst("bytes=".count).dropLast())
        else { return .bytes(Self.audio, headers) }
        var partial = headers
        guard first < Self.audio.count else {
            partial[.contentRange] = "bytes */\(Self.audio.count)"
            return Response(status: .rangeNotSatisfiable, headers: partial)
        }
        partial[.contentRange] = "bytes \(first)-\(Self.audio.count - 1)/\(Self.audio.count)"
        return .bytes(Array(Self.audio[first...]), partial, status: .partialContent)
    }

    static func expectWhole(_ downloaded: AudioDownloader.Downloaded, _ scratch: Scratch) throws {
        #expect(try Array(Data(contentsOf: downloaded.file)) == Self.audio)
        #expect(scratch.files == ["episode.mp3"])
        #expect(downloaded.byteCount == Int64(Self.audio.count))
    }
}
