import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Podcasts
import Testing

@Suite(.timeLimit(.minutes(1))) struct FeedFetcherTests {
    private static let xml = "<rss><channel><title>Show</title></channel></rss>"

    private func fetch(
        _ scratch: Scratch, _ url: URL, _ validators: FeedValidators = FeedValidators(),
        limits: FeedFetcher.Limits = .init()
    ) async throws -> FeedFetcher.Outcome {
        try await FeedFetcher(client: scratch.client, limits: limits).fetch(
            url, validators: validators, into: scratch.directory)
    }

    @Test func `a feed is fetched with its validators, and asked for with them the next time`() async throws {
        try await TestServer.run { request, _ in
            if request.headers[.ifNoneMatch] == "\"a\"",
                request.headers[.ifModifiedSince] == "Tue, 02 Jan 2024 15:04:05 GMT"
            {
                return Response(status: .notModified)
            }
            return .text(
                Self.xml,
                [.eTag: "\"a\"", .lastModified: "Tue, 02 Jan 2024 15:04:05 GMT", .contentType: "application/rss+xml"])
        } body: { server in
            try await Scratch.run { scratch in
                guard case .fetched(let fetched) = try await self.fetch(scratch, try server.url("feed")) else {
                    Issue.record("nothing fetched")
                    return
                }
                #expect(try String(contentsOf: fetched.file, encoding: .utf8) == Self.xml)
                #expect(
                    fetched.validators == FeedValidators(etag: "\"a\"", lastModified: "Tue, 02 Jan 2024 15:04:05 GMT"))
                #expect(fetched.movedTo == nil)
                #expect(fetched.byteCount == Int64(Self.xml.utf8.count))
                #expect(server.log.all.first?.headerFields[.userAgent]?.contains("cast2md") == true)
                let second = try await self.fetch(scratch, try server.url("feed"), fetched.validators)
                #expect(second == .notModified(movedTo: nil))
            }
        }
    }

    @Test(
        arguments: [
            ([301, 308], "3"), ([301, 302], "2"), ([302, 301], nil), ([307], nil), ([308], "2"),
        ] as [([Int], String?)]) func `only permanent redirects move the feed`(codes: [Int], moved: String?)
        async throws
    {
        try await TestServer.run { request, number in
            guard number <= codes.count else { return .text(Self.xml) }
            return .redirect("/\(number + 1)", .init(code: codes[number - 1]))
        } body: { server in
            try await Scratch.run { scratch in
                guard case .fetched(let fetched) = try await self.fetch(scratch, try server.url("1")) else {
                    Issue.record("nothing fetched")
                    return
                }
                #expect(fetched.url == (try server.url("\(codes.count + 1)")))
                #expect(fetched.movedTo == (try moved.map { try server.url($0) }))
            }
        }
    }

    @Test func `redirects end somewhere`() async throws {
        try await TestServer.run { request, number in
            switch request.uri.path {
            case "/circle": .redirect("/circle", .found)
            case "/file": .redirect("file:///etc/passwd", .found)
            case "/nowhere": Response(status: .found)
            default: .redirect("/\(number)-more", .found)
            }
        } body: { server in
            try await Scratch.run { scratch in
                for (path, words) in [
                    ("circle", "circle"), ("file", "not http or https"), ("nowhere", "where to"),
                    ("long", "more than 5"),
                ] {
                    let error = await #expect(throws: CastError.self) {
                        try await self.fetch(scratch, try server.url(path))
                    }
                    #expect(error?.code == .invalid)
                    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
                }
                #expect(server.log.all.count == 9)
            }
        }
    }

    @Test(
        arguments: [
            (404, .gone), (410, .gone), (401, .forbidden), (403, .forbidden), (429, .unavailable), (500, .unavailable),
            (503, .unavailable), (400, .invalid), (418, .invalid), (206, .invalid),
        ] as [(Int, CastError.Code)]) func `statuses become codes`(status: Int, code: CastError.Code) async throws
    {
        try await TestServer.run { _, _ in
            .text("no", [.retryAfter: "120"], status: .init(code: status))
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await self.fetch(scratch, try server.url("feed?token=secret"))
                }
                #expect(error?.code == code)
                #expect(error?.retryAfter == (code == .unavailable ? .seconds(120) : nil))
                #expect(error?.message.contains("secret") == false)
                #expect(scratch.files == [])
            }
        }
    }

    @Test(
        arguments: [("Tue, 02 Jan 2024 15:04:05 GMT", 0), ("99999999", 86_400), ("-5", 0), ("soon", nil)]
            as [(String, Int?)])
    func `a server's wish to be left alone is kept within reason`(header: String, seconds: Int?) async throws {
        try await TestServer.run { _, _ in
            .text("busy", [.retryAfter: header], status: .serviceUnavailable)
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await self.fetch(scratch, try server.url("feed"))
                }
                #expect(error?.retryAfter == seconds.map { .seconds($0) })
            }
        }
    }

    @Test(arguments: [true, false]) func `a feed that is too large is refused, announced or not`(isAnnounced: Bool)
        async throws
    {
        try await TestServer.run { _, _ in
            let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 600)
            return Response(
                status: .ok,
                body: ResponseBody(contentLength: isAnnounced ? 1200 : nil) { writer in
                    try await writer.write(part)
                    try await writer.write(part)
                    try await writer.finish(nil)
                })
        } body: { server in
            try await Scratch.run { scratch in
                var limits = FeedFetcher.Limits()
                limits.bytes = 1000
                let error = await #expect(throws: CastError.self) {
                    try await self.fetch(scratch, try server.url("feed"), limits: limits)
                }
                #expect(error?.code == .tooLarge)
                #expect(scratch.files == [])
            }
        }
    }

    @Test func `a packed feed is unpacked, and a bomb is not`() async throws {
        // Made by gzip: "<rss/>", and 400 KB of one letter.
        let small = try #require(Data(base64Encoded: "H4sIAAAAAAACA7MpKi7WtwMAZykovQYAAAA="))
        try await TestServer.run { request, _ in
            #expect(request.headers[.acceptEncoding] == "gzip")
            return .bytes(Array(request.uri.path == "/bomb" ? Self.bomb : small), [.contentEncoding: "gzip"])
        } body: { server in
            try await Scratch.run { scratch in
                guard case .fetched(let fetched) = try await self.fetch(scratch, try server.url("small")) else {
                    Issue.record("nothing fetched")
                    return
                }
                #expect(try String(contentsOf: fetched.file, encoding: .utf8) == "<rss/>")
                try FileManager.default.removeItem(at: fetched.file)
                let error = await #expect(throws: CastError.self) {
                    try await self.fetch(scratch, try server.url("bomb"))
                }
                #expect(error?.code == .invalid)
                #expect(error?.message.contains("unpacks") == true, "\(error?.message ?? "")")
                #expect(scratch.files == [])
            }
        }
    }

    @Test func `a server that trickles is given up at the deadline`() async throws {
        let (cut, end) = AsyncStream.makeStream(of: Void.self)
        try await TestServer.run { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "<rss>"))
                    for await _ in cut {}
                    try await writer.finish(nil)
                })
        } body: { server in
            try await Scratch.run { scratch in
                var limits = FeedFetcher.Limits()
                limits.time = .milliseconds(300)
                let error = await #expect(throws: CastError.self) {
                    try await self.fetch(scratch, try server.url("feed"), limits: limits)
                }
                #expect(error?.code == .timedOut)
                #expect(scratch.files == [])
                end.finish()
            }
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "[::1]"]) func `a private address is refused at once`(host: String)
        async throws
    {
        try await TestServer.run { _, _ in
            .text(Self.xml)
        } body: { server in
            // With so long a limit, a refusal that waits for it fails by the suite's own limit.
            try await Scratch.run {
                $0.connectTimeout = .seconds(3600)
            } body: { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await self.fetch(scratch, try server.url("feed", host: host))
                }
                #expect(error?.code == .forbidden)
                #expect(error?.message.contains("ALLOW_PRIVATE_ADDRESSES=true") == true, "\(error?.message ?? "")")
                #expect(server.log.all.isEmpty)
            }
        }
    }

    @Test func `credentials of an address are sent as a header and stay with their host`() async throws {
        try await TestServer.run { request, _ in
            request.uri.path == "/feed"
                ? .redirect(
                    "http://localhost:\(request.head.authority?.split(separator: ":").last ?? "")/other", .found)
                : .text(Self.xml)
        } body: { server in
            try await Scratch.run { scratch in
                let url = try #require(URL(string: "http://ada:pass%20word@127.0.0.1:\(server.port)/feed"))
                _ = try await self.fetch(scratch, url)
                #expect(server.log.all.map { $0.headerFields[.authorization] } == ["Basic YWRhOnBhc3Mgd29yZA==", nil])
            }
        }
    }

    @Test func `a server that is not there is unavailable at once`() async throws {
        try await Scratch.run {
            $0.addresses = .anything
            $0.connectTimeout = .seconds(3600)
        } body: { scratch in
            for address in ["http://127.0.0.1:1/feed", "http://name.invalid/feed"] {
                let error = await #expect(throws: CastError.self) {
                    try await self.fetch(scratch, try #require(URL(string: address)))
                }
                #expect(error?.code == .unavailable, "\(address)")
            }
        }
    }

    private static let bomb =
        Data(
            base64Encoded: "H4sIAAAAAAACA+3BMQEAAADCoKzrX8IUfkABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                + "AAAAAAAAAADA3wB1+IeRgBoGAA==") ?? Data()
}
