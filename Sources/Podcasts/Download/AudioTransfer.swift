import AsyncHTTPClient
import CastCore
import Foundation
import NIOCore
import NIOHTTP1

/// One request for audio and what comes of it; run again it goes on where the bytes on disk end.
struct AudioTransfer: Sendable {
    struct Received: Sendable {
        var byteCount: Int64
        var mediaType: String
        var format: AudioFormat
        var url: URL
        var etag: String?
        var lastModified: String?
    }

    let downloader: AudioDownloader
    let url: URL
    let part: PartialDownload
    let progress: AudioDownloader.Progress

    /// How far the last writing came; what `run` promises to keep.
    var bytesOnDisk: Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: self.part.file.path)
        return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }

    func run() async throws -> Received { try await self.run(mayResume: true) }

    private func run(mayResume: Bool) async throws -> Received {
        let output = try OutputFile(self.part.file)
        let old = mayResume ? self.part.notes(for: self.url) : nil
        let size = try output.size
        var headers = ["Accept": "audio/*, video/*;q=0.9, */*;q=0.5", "Accept-Encoding": "identity"]
        let validator = size > 0 ? old?.validator : nil
        if let validator {
            headers["Range"] = "bytes=\(size)-"
            headers["If-Range"] = validator
        }
        let answer = try await self.downloader.client.get(self.url, headers: headers)

        switch (answer.response.status, old) {
        case (.partialContent, let notes?) where validator != nil:
            let range = ContentRange(answer.header("Content-Range"))
            // A server that gives another piece than was asked for, or a piece of another recording, is not resumed.
            guard range?.first == size, notes.total == nil || range?.total == nil || range?.total == notes.total else {
                return try await self.startOver(answer, output)
            }
            return try await self.receive(answer, output, at: size, total: range?.total ?? notes.total, notes)
        case (.rangeNotSatisfiable, let notes?) where validator != nil:
            // Nothing follows the bytes that are there: they are all of it, if their number is right.
            let total = ContentRange(answer.header("Content-Range"))?.total
            guard total == size, notes.total == nil || notes.total == size else {
                return try await self.startOver(answer, output)
            }
            return try self.finish(output, size, notes, answer.url)
        case (.ok, _):
            // Of an answer that came packed all the same, neither its length nor its ranges are those of our bytes.
            let isPlain = (answer.header("Content-Encoding") ?? "identity") == "identity"
            let notes = PartialDownload.Notes(
                url: self.url, etag: isPlain ? answer.header("ETag") : nil,
                lastModified: isPlain ? answer.header("Last-Modified") : nil,
                total: isPlain ? answer.header("Content-Length").flatMap { Int64($0) } : nil,
                mediaType: answer.mediaType)
            // In this order a crash in between leaves no bytes that the notes are wrong about.
            self.part.removeNotes()
            try output.truncate(to: 0)
            try self.part.save(notes)
            return try await self.receive(answer, output, at: 0, total: notes.total, notes)
        case (let status, _) where status.code < 300:
            throw CastError(.invalid, "\(self.url.place) answered with status \(status.code) instead of audio.")
        case (let status, _):
            throw WebFault.error(status: status, headers: answer.response.headers, self.url, now: Date())
        }
    }

    private func startOver(_ answer: WebClient.Answer, _ output: OutputFile) async throws -> Received {
        self.part.removeNotes()
        try output.truncate(to: 0)
        output.close()
        return try await self.run(mayResume: false)
    }

    private func receive(
        _ answer: WebClient.Answer, _ output: OutputFile, at offset: Int64, total: Int64?,
        _ notes: PartialDownload.Notes
    ) async throws -> Received {
        let limit = self.downloader.limits.bytes
        let tooLarge = CastError(.tooLarge, "\(self.url.place) is larger than the limit of \(limit) bytes.")
        if let total, total > limit { throw tooLarge }
        var count = offset
        // On a new start the first bytes wait here until there are enough to tell audio from a web page.
        var start: [UInt8]? = offset == 0 ? [] : nil
        try output.truncate(to: offset)
        self.progress(count, total)
        var reported = count
        do {
            for try await chunk in answer.response.body {
                guard count + Int64(chunk.readableBytes + (start?.count ?? 0)) <= limit else { throw tooLarge }
                if var bytes = start {
                    bytes.append(contentsOf: chunk.readableBytesView)
                    start = bytes
                    guard bytes.count >= 512 else { continue }
                    try self.judge(bytes, answer)
                    try bytes.withUnsafeBytes { try output.write($0) }
                    count += Int64(bytes.count)
                    start = nil
                } else {
                    try chunk.withUnsafeReadableBytes { try output.write($0) }
                    count += Int64(chunk.readableBytes)
                }
                if count - reported >= 256 << 10 {
                    reported = count
                    self.progress(count, total)
                }
            }
        } catch {
            throw try WebFault.translated(error, self.url)
        }
        if let bytes = start {
            try self.judge(bytes, answer)
            try bytes.withUnsafeBytes { try output.write($0) }
            count += Int64(bytes.count)
        }
        if let total, count != total {
            guard count < total else { throw CastError(.invalid, "\(self.url.place) sent more than it announced.") }
            throw CastError(.unavailable, "\(self.url.place) ended after \(count) of \(total) bytes.")
        }
        guard count > 0 else { throw CastError(.unavailable, "\(self.url.place) answered with an empty file.") }
        self.progress(count, total ?? count)
        return try self.finish(output, count, notes, answer.url)
    }

    private func judge(_ start: [UInt8], _ answer: WebClient.Answer) throws {
        guard let complaint = AudioFormat.complaint(mediaType: answer.mediaType, start: start) else { return }
        throw CastError(.invalid, "\(complaint) (\(answer.url.place))")
    }

    private func finish(
        _ output: OutputFile, _ size: Int64, _ notes: PartialDownload.Notes, _ url: URL
    ) throws -> Received {
        try output.synchronize()
        let format = AudioFormat.guess(magic: output.start(64), mediaType: notes.mediaType, path: url.path)
        return Received(
            byteCount: size, mediaType: notes.mediaType, format: format, url: url, etag: notes.etag,
            lastModified: notes.lastModified)
    }
}
