import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Podcasts
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct AudioDownloaderTests {
    /// A recording of 300 KB that begins like an MP3 and never repeats, so that a byte at the wrong place shows.
    static let audio: [UInt8] =
        Array("ID3".utf8) + (0..<75_000).flatMap { withUnsafeBytes(of: UInt32($0).bigEndian, Array.init) }
    static let half = 150_000

    private func download(
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
    private static func ranged(_ request: Request, etag: String = "\"a\"") -> Response {
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

    private func expectWhole(_ downloaded: AudioDownloader.Downloaded, _ scratch: Scratch) throws {
        #expect(try Array(Data(contentsOf: downloaded.file)) == Self.audio)
        #expect(scratch.files == ["episode.mp3"])
        #expect(downloaded.byteCount == Int64(Self.audio.count))
    }

    @Test func `audio arrives whole, with its progress and nothing beside it`() async throws {
        try await TestServer.run { request, _ in
            request.uri.path == "/start" ? .redirect("/audio", .found) : Self.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let seen = Mutex<[Int64]>([])
                let downloaded = try await self.download(scratch, try server.url("start")) { bytes, total in
                    #expect(total == Int64(Self.audio.count))
                    seen.withLock { $0.append(bytes) }
                }
                try self.expectWhole(downloaded, scratch)
                #expect(downloaded.format == .mp3)
                #expect(downloaded.mediaType == "audio/mpeg")
                #expect(downloaded.url == (try server.url("audio")))
                let bytes = seen.withLock { $0 }
                #expect(bytes == bytes.sorted())
                #expect(bytes.last == Int64(Self.audio.count))
            }
        }
    }

    @Test func `a connection that breaks is taken up where it broke`() async throws {
        try await TestServer.run { request, number in
            number == 1
                ? .cut(Self.audio, after: Self.half, [.contentType: "audio/mpeg", .eTag: "\"a\""])
                : Self.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let downloaded = try await self.download(scratch, try server.url("audio"), resumptions: 1)
                try self.expectWhole(downloaded, scratch)
                let second = try #require(server.log.all.last)
                #expect(server.log.all.count == 2)
                let range = try #require(second.headerFields[.range]?.firstMatch(of: /bytes=(\d+)-/))
                #expect(try #require(Int(range.1)) > 0)
                #expect(second.headerFields[.ifRange] == "\"a\"")
            }
        }
    }

    @Test func `without resumptions left it is unavailable, and the next call goes on`() async throws {
        try await TestServer.run { request, number in
            number == 1
                ? .cut(Self.audio, after: Self.half, [.contentType: "audio/mpeg", .eTag: "\"a\""])
                : Self.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await self.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == .unavailable)
                #expect(scratch.files == ["episode.part", "episode.part.json"])
                let downloaded = try await self.download(scratch, try server.url("audio"))
                try self.expectWhole(downloaded, scratch)
                #expect(server.log.all.last?.headerFields[.range] != nil)
            }
        }
    }

    @Test(arguments: ["changed tag", "no ranges", "wrong place", "other length", "weak tag"])
    func `a resumed download never mixes two recordings`(server kind: String) async throws {
        let tag = kind == "weak tag" ? "W/\"a\"" : "\"a\""
        try await TestServer.run { request, number in
            if number == 1 {
                let old = kind == "changed tag" ? Self.audio.map { $0 &+ 1 } : Self.audio
                // The bytes of the old recording must be audio as well.
                return .cut(
                    Array("ID3".utf8) + old.dropFirst(3), after: Self.half, [.contentType: "audio/mpeg", .eTag: tag])
            }
            let isRanged = request.headers[.range] != nil
            switch kind {
            case "changed tag": return Self.ranged(request, etag: "\"b\"")
            case "wrong place" where isRanged:
                return .bytes(
                    Array(Self.audio[1...]), [.contentRange: "bytes 1-\(Self.audio.count - 1)/\(Self.audio.count)"],
                    status: .partialContent)
            case "other length" where isRanged:
                let first = request.headers[.range]?.dropFirst("bytes=".count).dropLast() ?? ""
                return .bytes(Self.audio, [.contentRange: "bytes \(first)-999999/1000000"], status: .partialContent)
            default: return .bytes(Self.audio, [.contentType: "audio/mpeg"])
            }
        } body: { server in
            try await Scratch.run { scratch in
                let downloaded = try await self.download(scratch, try server.url("audio"), resumptions: 1)
                try self.expectWhole(downloaded, scratch)
                let isAskedForRange = server.log.all.contains { $0.headerFields[.range] != nil }
                #expect(isAskedForRange == (kind != "weak tag"))
            }
        }
    }

    @Test func `a download that was complete but not renamed needs no bytes`() async throws {
        try await TestServer.run { request, _ in
            Self.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let part = scratch.directory.appendingPathComponent("episode.part")
                try Data(Self.audio).write(to: part)
                let notes =
                    #"{"url":"\#(try server.url("audio"))","etag":"\"a\"","total":\#(Self.audio.count),"mediaType":"audio/mpeg"}"#
                try Data(notes.utf8).write(to: part.appendingPathExtension("json"))
                let downloaded = try await self.download(scratch, try server.url("audio"))
                try self.expectWhole(downloaded, scratch)
                #expect(server.log.all.count == 1)
                #expect(server.log.all.first?.headerFields[.range] == "bytes=\(Self.audio.count)-")
            }
        }
    }

    @Test func `a part that is longer than the recording is thrown away`() async throws {
        try await TestServer.run { request, _ in
            Self.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let part = scratch.directory.appendingPathComponent("episode.part")
                try Data(Self.audio + [1, 2, 3]).write(to: part)
                let notes =
                    #"{"url":"\#(try server.url("audio"))","etag":"\"a\"","total":\#(Self.audio.count),"mediaType":"audio/mpeg"}"#
                try Data(notes.utf8).write(to: part.appendingPathExtension("json"))
                let downloaded = try await self.download(scratch, try server.url("audio"))
                try self.expectWhole(downloaded, scratch)
            }
        }
    }

    @Test func `a part of another address is thrown away`() async throws {
        try await TestServer.run { request, number in
            number == 1
                ? .cut(Self.audio, after: Self.half, [.contentType: "audio/mpeg", .eTag: "\"a\""])
                : Self.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                await #expect(throws: CastError.self) { try await self.download(scratch, try server.url("old")) }
                let downloaded = try await self.download(scratch, try server.url("new"))
                try self.expectWhole(downloaded, scratch)
                #expect(server.log.all.last?.headerFields[.range] == nil)
            }
        }
    }

    @Test(arguments: [
        ("text/html", "<!DOCTYPE html><html>Log in</html>", "a web page"),
        ("audio/mpeg", "\n<html>Error</html>", "a web page"), ("application/json", "{\"error\": 1}", "JSON"),
        ("application/xml", "<?xml version=\"1.0\"?><Error/>", "XML"), ("text/plain", "Not here", "text/plain"),
        ("image/png", "\u{89}PNG", "image/png"),
    ]) func `what is no audio is refused with words`(type: String, body: String, words: String) async throws {
        try await TestServer.run { _, _ in
            .text(body, [.contentType: type])
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await self.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == .invalid)
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
                #expect(scratch.files == [])
            }
        }
    }

    @Test(arguments: ["text/plain", "application/octet-stream", "binary/octet-stream"])
    func `audio under a poor name is taken`(type: String) async throws {
        try await TestServer.run { _, _ in
            .bytes(Self.audio, [.contentType: type])
        } body: { server in
            try await Scratch.run { scratch in
                try self.expectWhole(try await self.download(scratch, try server.url("audio")), scratch)
            }
        }
    }

    @Test(arguments: [true, false]) func `audio above the limit is refused and leaves nothing`(isAnnounced: Bool)
        async throws
    {
        try await TestServer.run { _, _ in
            Response(
                status: .ok, headers: [.contentType: "audio/mpeg"],
                body: ResponseBody(contentLength: isAnnounced ? Self.audio.count : nil) { writer in
                    try await writer.write(ByteBuffer(bytes: Self.audio))
                    try await writer.finish(nil)
                })
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await self.download(scratch, try server.url("audio"), bytes: 1000)
                }
                #expect(error?.code == .tooLarge)
                #expect(scratch.files == [])
            }
        }
    }

    @Test(
        arguments: [(404, .gone), (410, .gone), (403, .forbidden), (503, .unavailable), (204, .invalid)]
            as [(Int, CastError.Code)])
    func `statuses become codes`(status: Int, code: CastError.Code) async throws {
        try await TestServer.run { _, _ in
            Response(status: .init(code: status))
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await self.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == code)
            }
        }
    }

    @Test func `a full disk is said to be full, and nothing is left`() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        try await TestServer.run { request, _ in
            Self.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                // Every write to this device fails for want of space.
                try FileManager.default.createSymbolicLink(
                    atPath: scratch.directory.appendingPathComponent("episode.part").path,
                    withDestinationPath: "/dev/full")
                let error = await #expect(throws: CastError.self) {
                    try await self.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == .storageFull)
                #expect(error?.message.contains("no space left") == true, "\(error?.message ?? "")")
                #expect(scratch.files == [])
            }
        }
    }

    @Test func `a cancelled download keeps its part for the next`() async throws {
        let (cut, end) = AsyncStream.makeStream(of: Void.self)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        try await TestServer.run { request, number in
            guard number == 1 else { return Self.ranged(request) }
            return Response(
                status: .ok, headers: [.contentType: "audio/mpeg", .eTag: "\"a\""],
                body: ResponseBody(contentLength: Self.audio.count) { writer in
                    try await writer.write(ByteBuffer(bytes: Self.audio.prefix(270_000)))
                    for await _ in cut {}
                    throw CutOff()
                })
        } body: { server in
            try await Scratch.run { scratch in
                let task = Task {
                    try await self.download(scratch, try server.url("audio")) { bytes, _ in
                        if bytes > 0 { start.yield() }
                    }
                }
                var iterator = started.makeAsyncIterator()
                await iterator.next()
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                end.finish()
                #expect(scratch.files == ["episode.part", "episode.part.json"])
                try self.expectWhole(try await self.download(scratch, try server.url("audio")), scratch)
                #expect(server.log.all.last?.headerFields[.range] != nil)
            }
        }
    }

    @Test func `a server that falls silent is given up, and its bytes are kept`() async throws {
        let (cut, end) = AsyncStream.makeStream(of: Void.self)
        try await TestServer.run { _, _ in
            Response(
                status: .ok, headers: [.contentType: "audio/mpeg", .eTag: "\"a\""],
                body: ResponseBody(contentLength: Self.audio.count) { writer in
                    try await writer.write(ByteBuffer(bytes: Self.audio.prefix(Self.half)))
                    for await _ in cut {}
                    throw CutOff()
                })
        } body: { server in
            try await Scratch.run {
                $0.addresses = .anything
                $0.silenceTimeout = .milliseconds(300)
            } body: { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await self.download(scratch, try server.url("audio"))
                }
                end.finish()
                #expect(error?.code == .timedOut)
                #expect(scratch.files == ["episode.part", "episode.part.json"])
            }
        }
    }

    @Test func `two downloads of one episode do not mix`() async throws {
        let (cut, end) = AsyncStream.makeStream(of: Void.self)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        try await TestServer.run { _, _ in
            start.yield()
            for await _ in cut {}
            return .bytes(Self.audio, [.contentType: "audio/mpeg"])
        } body: { server in
            try await Scratch.run { scratch in
                async let first = self.download(scratch, try server.url("audio"))
                var iterator = started.makeAsyncIterator()
                await iterator.next()
                let error = await #expect(throws: CastError.self) {
                    try await self.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == .conflict)
                end.finish()
                try self.expectWhole(try await first, scratch)
            }
        }
    }

    @Test func `a name is used as it is when no ending is asked for`() async throws {
        try await TestServer.run { request, _ in
            Self.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let downloaded = try await self.download(
                    scratch, try server.url("audio"), name: "a.bin", addsExtension: false)
                #expect(downloaded.file.lastPathComponent == "a.bin")
                #expect(downloaded.format == .mp3)
                #expect(scratch.files == ["a.bin"])
            }
        }
    }
}
