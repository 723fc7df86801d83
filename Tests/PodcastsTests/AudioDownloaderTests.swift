import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Podcasts
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct AudioDownloaderTests {
    @Test func `audio arrives whole, with its progress and nothing beside it`() async throws {
        try await TestServer.run { request, _ in
            request.uri.path == "/start" ? .redirect("/audio", .found) : Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let seen = Mutex<[Int64]>([])
                let downloaded = try await Recording.download(scratch, try server.url("start")) { bytes, total in
                    #expect(total == Int64(Recording.audio.count))
                    seen.withLock { $0.append(bytes) }
                }
                try Recording.expectWhole(downloaded, scratch)
                #expect(downloaded.format == .mp3)
                #expect(downloaded.mediaType == "audio/mpeg")
                #expect(downloaded.url == (try server.url("audio")))
                let bytes = seen.withLock { $0 }
                #expect(bytes == bytes.sorted())
                #expect(bytes.last == Int64(Recording.audio.count))
            }
        }
    }

    @Test(arguments: [
        ("text/html", "<!DOCTYPE html><html>Log in</html>", "a web page"),
        ("audio/mpeg", "\n<html>Error</html>", "a web page"), ("application/json", "{\"error\": 1}", "JSON"),
        ("application/xml", "<?xml version=\"1.0\"?><Error/>", "XML"), ("text/plain", "Not here", "text/plain"),
        ("image/png", "\u{89}PNG", "image/png"), ("audio/mpeg", "{\"error\": \"expired\"}", "JSON"),
        ("audio/mpeg", "Access denied.\n", "text instead"), ("", "Not found", "text instead"),
        ("application/octet-stream", "<?xml version=\"1.0\"?><Error/>", "XML"),
        ("application/vnd.apple.mpegurl", "#EXTM3U\n#EXT-X-VERSION:3\n", "playlist"),
    ]) func `what is no audio is refused with words`(type: String, body: String, words: String) async throws {
        try await TestServer.run { _, _ in
            .text(body, [.contentType: type])
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await Recording.download(scratch, try server.url("audio"))
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
            .bytes(Recording.audio, [.contentType: type])
        } body: { server in
            try await Scratch.run { scratch in
                try Recording.expectWhole(try await Recording.download(scratch, try server.url("audio")), scratch)
            }
        }
    }

    @Test(arguments: [true, false]) func `audio above the limit is refused and leaves nothing`(isAnnounced: Bool)
        async throws
    {
        try await TestServer.run { _, _ in
            Response(
                status: .ok, headers: [.contentType: "audio/mpeg"],
                body: ResponseBody(contentLength: isAnnounced ? Recording.audio.count : nil) { writer in
                    try await writer.write(ByteBuffer(bytes: Recording.audio))
                    try await writer.finish(nil)
                })
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await Recording.download(scratch, try server.url("audio"), bytes: 1000)
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
                    try await Recording.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == code)
            }
        }
    }

    @Test func `a full disk is said to be full, and nothing is left`() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        try await TestServer.run { request, _ in
            Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                // Every write to this device fails for want of space.
                try FileManager.default.createSymbolicLink(
                    atPath: scratch.directory.appendingPathComponent("episode.part").path,
                    withDestinationPath: "/dev/full")
                let error = await #expect(throws: CastError.self) {
                    try await Recording.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == .storageFull)
                #expect(error?.message.contains("no space left") == true, "\(error?.message ?? "")")
                #expect(scratch.files == [])
            }
        }
    }

    @Test func `a file that cannot be written is not taken for a full disk`() async throws {
        try await TestServer.run { request, _ in
            Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                try FileManager.default.createDirectory(
                    at: scratch.directory.appendingPathComponent("episode.part"), withIntermediateDirectories: false)
                let error = await #expect(throws: CastError.self) {
                    try await Recording.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains("cannot be written") == true, "\(error?.message ?? "")")
            }
        }
    }

    @Test func `a file that an earlier call finished is known, until it is discarded`() async throws {
        try await Scratch.run { scratch in
            let url = try #require(URL(string: "https://a.example/talk"))
            let file = scratch.directory.appendingPathComponent("episode.fetched")
            #expect(AudioDownloader.finished(url, at: file) == nil)
            #expect(scratch.files == [])
            try Data(Recording.audio).write(to: file)
            let found = try #require(AudioDownloader.finished(url, at: file))
            #expect(found.byteCount == Int64(Recording.audio.count))
            #expect(found.format == .mp3)
            try Data("part".utf8).write(to: file.appendingPathExtension("part"))
            AudioDownloader.discard(file)
            #expect(scratch.files == [])
        }
    }

    @Test func `two downloads of one episode do not mix`() async throws {
        let (cut, end) = AsyncStream.makeStream(of: Void.self)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        try await TestServer.run { _, _ in
            start.yield()
            for await _ in cut {}
            return .bytes(Recording.audio, [.contentType: "audio/mpeg"])
        } body: { server in
            try await Scratch.run { scratch in
                async let first = Recording.download(scratch, try server.url("audio"))
                var iterator = started.makeAsyncIterator()
                await iterator.next()
                let error = await #expect(throws: CastError.self) {
                    try await Recording.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == .conflict)
                end.finish()
                try Recording.expectWhole(try await first, scratch)
            }
        }
    }

    @Test func `a name is used as it is when no ending is asked for`() async throws {
        try await TestServer.run { request, _ in
            Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let downloaded = try await Recording.download(
                    scratch, try server.url("audio"), name: "a.bin", addsExtension: false)
                #expect(downloaded.file.lastPathComponent == "a.bin")
                #expect(downloaded.format == .mp3)
                #expect(scratch.files == ["a.bin"])
            }
        }
    }
}
