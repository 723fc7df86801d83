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
        ("image/png", "\u{89}PNG", "image/png"),
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
