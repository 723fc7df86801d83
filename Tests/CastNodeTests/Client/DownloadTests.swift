import CastClient
import CastCore
import CastTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import Testing

@Suite(.timeLimit(.minutes(1))) struct DownloadTests {
    static let audio = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
    static let tag = "\"v1\""

    /// Serves the audio as the server does, from where it is asked for.
    static func serve(
        _ asked: LoopbackServer.Asked, tag: String = Self.tag, audio: [UInt8] = Self.audio, cutAfter: Int? = nil
    ) -> Response {
        var start = 0
        if let range = asked.headers[.range]?.wholeMatch(of: /bytes=(\d+)-/), asked.headers[.ifRange] == tag {
            start = Int(range.1) ?? 0
        }
        let rest = Array(audio[start...])
        var headers: HTTPFields = [.eTag: tag, .contentType: "audio/mpeg"]
        if start > 0 { headers[.contentRange] = "bytes \(start)-\(audio.count - 1)/\(audio.count)" }
        let status = start > 0 ? HTTPResponse.Status.partialContent : .ok
        if let cutAfter { return .cut(rest, after: cutAfter, headers, status: status) }
        return .bytes(rest, headers, status: status)
    }

    @Test func `a download that is cut halfway goes on where it ended`() async throws {
        try await withTemporaryFolder { folder in
            try await LoopbackServer.run { asked, number in
                Self.serve(asked, cutAfter: number == 1 ? 100_000 : nil)
            } body: { server in
                let part = PartialFile(folder.appendingPathComponent("audio"))
                let error = await #expect(throws: CastError.self) {
                    try await server.client(key: "k").download("/audio", to: part)
                }
                #expect(error?.answeredStatus == nil)
                #expect(!FileManager.default.fileExists(atPath: part.destination.path), "half a file has no name")
                let got = try Data(contentsOf: part.partURL).count
                #expect(got > 0)

                try await server.client(key: "k").download("/audio", to: part)
                #expect(try Data(contentsOf: part.destination) == Data(Self.audio))
                #expect(!FileManager.default.fileExists(atPath: part.partURL.path))
                #expect(server.log.all.map { $0.headers[.range] } == [nil, "bytes=\(got)-"])
                #expect(server.log.all.last?.headers[.ifRange] == Self.tag)
            }
        }
    }

    @Test func `a file that changed meanwhile is fetched from its start`() async throws {
        try await withTemporaryFolder { folder in
            let other = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 3) }
            try await LoopbackServer.run { asked, number in
                number == 1
                    ? Self.serve(asked, cutAfter: 100_000) : Self.serve(asked, tag: "\"v2\"", audio: other)
            } body: { server in
                let part = PartialFile(folder.appendingPathComponent("audio"))
                await #expect(throws: CastError.self) { try await server.client().download("/audio", to: part) }
                try await server.client().download("/audio", to: part)
                #expect(try Data(contentsOf: part.destination) == Data(other))
            }
        }
    }

    @Test func `a refused range leads to a whole download`() async throws {
        try await withTemporaryFolder { folder in
            try await LoopbackServer.run { asked, number in
                switch number {
                case 1: Self.serve(asked, cutAfter: 100_000)
                case 2: Response(status: .rangeNotSatisfiable, headers: [.contentRange: "*/300000"])
                default: Self.serve(asked)
                }
            } body: { server in
                let part = PartialFile(folder.appendingPathComponent("audio"))
                for _ in 0..<2 {
                    await #expect(throws: CastError.self) { try await server.client().download("/audio", to: part) }
                }
                try await server.client().download("/audio", to: part)
                #expect(server.log.all.last?.headers[.range] == nil)
                #expect(try Data(contentsOf: part.destination) == Data(Self.audio))
            }
        }
    }

    @Test func `another part than the one asked for is not taken`() async throws {
        try await withTemporaryFolder { folder in
            try await LoopbackServer.run { asked, number in
                if number == 1 { return Self.serve(asked, cutAfter: 100_000) }
                // As many bytes as are missing, but from the file's start.
                let asked = asked.headers[.range]?.wholeMatch(of: /bytes=(\d+)-/).flatMap { Int($0.1) } ?? 0
                let bytes = Array(Self.audio[..<(Self.audio.count - asked)])
                return .bytes(
                    bytes, [.contentRange: "bytes 0-\(bytes.count - 1)/300000", .eTag: Self.tag],
                    status: .partialContent)
            } body: { server in
                let part = PartialFile(folder.appendingPathComponent("audio"))
                for _ in 0..<2 {
                    await #expect(throws: CastError.self) { try await server.client().download("/audio", to: part) }
                }
                #expect(!FileManager.default.fileExists(atPath: part.destination.path))
            }
        }
    }

    @Test func `a missing file is the server's answer, a login page is none`() async throws {
        try await withTemporaryFolder { folder in
            try await LoopbackServer.run { _, number in
                number == 1
                    ? .json(#"{"detail":"Audio file not found"}"#, status: .notFound)
                    : .bytes(Array("<html>".utf8), [.contentType: "text/html"])
            } body: { server in
                let part = PartialFile(folder.appendingPathComponent("audio"))
                let missing = await #expect(throws: CastError.self) {
                    try await server.client().download("/audio", to: part)
                }
                #expect(missing?.answeredStatus == 404)
                let page = await #expect(throws: CastError.self) {
                    try await server.client().download("/audio", to: part)
                }
                #expect(page?.answeredStatus == nil)
                #expect(!FileManager.default.fileExists(atPath: part.destination.path))
            }
        }
    }

    @Test func `a server that falls silent within the audio is given up`() async throws {
        try await withTemporaryFolder { folder in
            let gate = Gate(isOpen: false)
            try await LoopbackServer.run(silence: .milliseconds(200)) { _, _ in
                Response(
                    status: .ok, headers: [.eTag: Self.tag],
                    body: ResponseBody(contentLength: 10) { writer in
                        try await writer.write(ByteBuffer(string: "12345"))
                        try await gate.pass()
                    })
            } body: { server in
                let part = PartialFile(folder.appendingPathComponent("audio"))
                let error = await #expect(throws: CastError.self) {
                    try await server.client().download("/audio", to: part)
                }
                #expect(error?.code == .timedOut)
                gate.open()
            }
        }
    }
}
