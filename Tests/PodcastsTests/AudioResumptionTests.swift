import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Podcasts
import Testing

@Suite(.timeLimit(.minutes(1))) struct AudioResumptionTests {
    @Test func `a connection that breaks is taken up where it broke`() async throws {
        try await TestServer.run { request, number in
            number == 1
                ? .cut(Recording.audio, after: Recording.half, [.contentType: "audio/mpeg", .eTag: "\"a\""])
                : Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let downloaded = try await Recording.download(scratch, try server.url("audio"), resumptions: 1)
                try Recording.expectWhole(downloaded, scratch)
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
                ? .cut(Recording.audio, after: Recording.half, [.contentType: "audio/mpeg", .eTag: "\"a\""])
                : Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await Recording.download(scratch, try server.url("audio"))
                }
                #expect(error?.code == .unavailable)
                #expect(scratch.files == ["episode.part", "episode.part.json"])
                let downloaded = try await Recording.download(scratch, try server.url("audio"))
                try Recording.expectWhole(downloaded, scratch)
                #expect(server.log.all.last?.headerFields[.range] != nil)
            }
        }
    }

    @Test(arguments: ["changed tag", "no ranges", "wrong place", "other length", "weak tag"])
    func `a resumed download never mixes two recordings`(server kind: String) async throws {
        let tag = kind == "weak tag" ? "W/\"a\"" : "\"a\""
        try await TestServer.run { request, number in
            if number == 1 {
                let old = kind == "changed tag" ? Recording.audio.map { $0 &+ 1 } : Recording.audio
                // The bytes of the old recording must be audio as well.
                return .cut(
                    Array("ID3".utf8) + old.dropFirst(3), after: Recording.half,
                    [.contentType: "audio/mpeg", .eTag: tag])
            }
            let isRanged = request.headers[.range] != nil
            switch kind {
            case "changed tag": return Recording.ranged(request, etag: "\"b\"")
            case "wrong place" where isRanged:
                return .bytes(
                    Array(Recording.audio[1...]),
                    [.contentRange: "bytes 1-\(Recording.audio.count - 1)/\(Recording.audio.count)"],
                    status: .partialContent)
            case "other length" where isRanged:
                let first = request.headers[.range]?.dropFirst("bytes=".count).dropLast() ?? ""
                return .bytes(
                    Recording.audio, [.contentRange: "bytes \(first)-999999/1000000"], status: .partialContent)
            default: return .bytes(Recording.audio, [.contentType: "audio/mpeg"])
            }
        } body: { server in
            try await Scratch.run { scratch in
                let downloaded = try await Recording.download(scratch, try server.url("audio"), resumptions: 1)
                try Recording.expectWhole(downloaded, scratch)
                let isAskedForRange = server.log.all.contains { $0.headerFields[.range] != nil }
                #expect(isAskedForRange == (kind != "weak tag"))
            }
        }
    }

    @Test func `a download that was complete but not renamed needs no bytes`() async throws {
        try await TestServer.run { request, _ in
            Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let part = scratch.directory.appendingPathComponent("episode.part")
                try Data(Recording.audio).write(to: part)
                let notes =
                    #"{"url":"\#(try server.url("audio"))","etag":"\"a\"","total":\#(Recording.audio.count),"mediaType":"audio/mpeg"}"#
                try Data(notes.utf8).write(to: part.appendingPathExtension("json"))
                let downloaded = try await Recording.download(scratch, try server.url("audio"))
                try Recording.expectWhole(downloaded, scratch)
                #expect(server.log.all.count == 1)
                #expect(server.log.all.first?.headerFields[.range] == "bytes=\(Recording.audio.count)-")
            }
        }
    }

    @Test func `a part that is longer than the recording is thrown away`() async throws {
        try await TestServer.run { request, _ in
            Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                let part = scratch.directory.appendingPathComponent("episode.part")
                try Data(Recording.audio + [1, 2, 3]).write(to: part)
                let notes =
                    #"{"url":"\#(try server.url("audio"))","etag":"\"a\"","total":\#(Recording.audio.count),"mediaType":"audio/mpeg"}"#
                try Data(notes.utf8).write(to: part.appendingPathExtension("json"))
                let downloaded = try await Recording.download(scratch, try server.url("audio"))
                try Recording.expectWhole(downloaded, scratch)
            }
        }
    }

    @Test func `a part of another address is thrown away`() async throws {
        try await TestServer.run { request, number in
            number == 1
                ? .cut(Recording.audio, after: Recording.half, [.contentType: "audio/mpeg", .eTag: "\"a\""])
                : Recording.ranged(request)
        } body: { server in
            try await Scratch.run { scratch in
                await #expect(throws: CastError.self) { try await Recording.download(scratch, try server.url("old")) }
                let downloaded = try await Recording.download(scratch, try server.url("new"))
                try Recording.expectWhole(downloaded, scratch)
                #expect(server.log.all.last?.headerFields[.range] == nil)
            }
        }
    }

    @Test func `a cancelled download keeps its part for the next`() async throws {
        let (cut, end) = AsyncStream.makeStream(of: Void.self)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        try await TestServer.run { request, number in
            guard number == 1 else { return Recording.ranged(request) }
            return Response(
                status: .ok, headers: [.contentType: "audio/mpeg", .eTag: "\"a\""],
                body: ResponseBody(contentLength: Recording.audio.count) { writer in
                    try await writer.write(ByteBuffer(bytes: Recording.audio.prefix(270_000)))
                    for await _ in cut {}
                    throw CutOff()
                })
        } body: { server in
            try await Scratch.run { scratch in
                let task = Task {
                    try await Recording.download(scratch, try server.url("audio")) { bytes, _ in
                        if bytes > 0 { start.yield() }
                    }
                }
                var iterator = started.makeAsyncIterator()
                await iterator.next()
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                end.finish()
                #expect(scratch.files == ["episode.part", "episode.part.json"])
                try Recording.expectWhole(try await Recording.download(scratch, try server.url("audio")), scratch)
                #expect(server.log.all.last?.headerFields[.range] != nil)
            }
        }
    }

    @Test func `a server that falls silent is given up, and its bytes are kept`() async throws {
        let (cut, end) = AsyncStream.makeStream(of: Void.self)
        try await TestServer.run { _, _ in
            Response(
                status: .ok, headers: [.contentType: "audio/mpeg", .eTag: "\"a\""],
                body: ResponseBody(contentLength: Recording.audio.count) { writer in
                    try await writer.write(ByteBuffer(bytes: Recording.audio.prefix(Recording.half)))
                    for await _ in cut {}
                    throw CutOff()
                })
        } body: { server in
            try await Scratch.run {
                $0.addresses = .anything
                // Long enough for the first half to come on a busy machine.
                $0.silenceTimeout = .seconds(3)
            } body: { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await Recording.download(scratch, try server.url("audio"))
                }
                end.finish()
                #expect(error?.code == .timedOut)
                #expect(scratch.files == ["episode.part", "episode.part.json"])
            }
        }
    }
}
