import CastCore
import CastTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Podcasts
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ExactDownloadTests {
    /// What the server is said to have: 300 000 bytes.
    static let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251) }

    static func source(_ server: TestServer, path: String = "1.mp3", etag: String? = nil) throws -> AudioSource {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data(Self.bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return AudioSource(
            url: try server.url(path).absoluteString, size: Int64(Self.bytes.count),
            sha256: try FileDigest.sha256(of: file), etag: etag)
    }

    /// Asks a stand-in for the file, and hands on what came of it.
    static func fetch(
        etag: String? = nil, patience: FetchPatience = FetchPatience(),
        change: @escaping @Sendable (inout WebClient.Configuration) -> Void = { $0.addresses = .anything },
        _ respond: @escaping @Sendable (Request, Int) async throws -> Response,
        judge: @escaping @Sendable (Result<Data, any Error>, TestServer, _ received: Int) throws -> Void
    ) async throws {
        try await TestServer.run(respond) { server in
            try await Scratch.run(change) { scratch in
                let download = ExactDownload(client: scratch.client, patience: patience)
                let file = scratch.directory.appendingPathComponent("audio")
                let received = Mutex(0)
                let result: Result<Data, any Error>
                do {
                    try await download.fetch(try Self.source(server, etag: etag), to: file) { bytes in
                        received.withLock { $0 += bytes }
                    }
                    result = .success(try Data(contentsOf: file))
                    #expect(scratch.files == ["audio"])
                } catch {
                    result = .failure(error)
                    #expect(scratch.files.isEmpty, "nothing is left of what is of no use")
                }
                try judge(result, server, received.withLock { $0 })
            }
        }
    }

    @Test func `the file comes as it is known, through redirects, and nothing is asked twice`() async throws {
        try await Self.fetch { request, _ in
            request.uri.path == "/1.mp3" ? .redirect("/there/1.mp3", .found) : .bytes(Self.bytes)
        } judge: { result, server, received in
            let file = try result.get()
            #expect(file == Data(Self.bytes))
            #expect(received == Self.bytes.count)
            #expect(server.log.all.map(\.path) == ["/1.mp3", "/there/1.mp3"])
            #expect(server.log.all.allSatisfy { $0.headerFields[.range] == nil })
        }
    }

    @Test func `without a length before it the file is taken as well`() async throws {
        try await Self.fetch { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(bytes: Self.bytes))
                    try await writer.finish(nil)
                })
        } judge: { result, _, _ in
            let file = try result.get()
            #expect(file == Data(Self.bytes))
        }
    }

    /// Whether not a byte of the body was read.
    struct Other: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: String
        var readsNothing = false
        var body: @Sendable () -> Response
    }

    static let others = [
        Other(testDescription: "other bytes, as many", words: "other bytes") {
            .bytes(Self.bytes.dropLast() + [Self.bytes[Self.bytes.count - 1] &+ 1])
        },
        Other(testDescription: "an advertisement more", words: "has 300008 bytes instead of 300000", readsNothing: true)
        {
            .bytes(Self.bytes + Array("new ad!!".utf8))
        },
        Other(testDescription: "shorter", words: "has 299999 bytes instead of 300000", readsNothing: true) {
            .bytes(Self.bytes.dropLast())
        },
        Other(testDescription: "shorter, without a length", words: "ended after 1000 of 300000 bytes") {
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(bytes: Self.bytes.prefix(1000)))
                    try await writer.finish(nil)
                })
        },
        Other(testDescription: "without an end", words: "is longer than 300000 bytes") {
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    while !Task.isCancelled { try await writer.write(ByteBuffer(bytes: Self.bytes.prefix(50_000))) }
                })
        },
        Other(testDescription: "a web page", words: "has 9 bytes instead", readsNothing: true) {
            .text("<p>Hello!", [.contentType: "text/html"])
        },
        Other(testDescription: "nothing", words: "has 0 bytes instead", readsNothing: true) { .bytes([]) },
    ]

    @Test(arguments: Self.others) func `what is not the same file is not taken`(other: Other) async throws {
        try await Self.fetch { _, _ in
            other.body()
        } judge: { result, server, received in
            let error = #expect(throws: ExactDownload.Differs.self) { try result.get() }
            #expect(error?.description.contains(other.words) == true, "\(error?.description ?? "")")
            #expect((received == 0) == other.readsNothing)
            #expect(received <= Self.bytes.count)
            #expect(server.log.all.count == 1)
        }
    }

    @Test(arguments: [
        (404, CastError.Code.gone), (410, .gone), (403, .forbidden), (429, .unavailable), (500, .unavailable),
        (206, .unavailable), (204, .unavailable),
    ])
    func `an answer that is no file is an error of its kind`(status: Int, code: CastError.Code) async throws {
        try await Self.fetch { _, _ in
            .bytes(status == 204 ? [] : Self.bytes, status: HTTPResponse.Status(code: status))
        } judge: { result, server, received in
            let error = #expect(throws: CastError.self) { try result.get() }
            #expect(error?.code == code)
            #expect(received == 0)
            #expect(server.log.all.count == 1)
        }
    }

    @Test func `redirects end somewhere, and lead nowhere but to the web`() async throws {
        try await Self.fetch { request, _ in
            .redirect(request.uri.path == "/1.mp3" ? "/2.mp3" : "/1.mp3", .found)
        } judge: { result, server, _ in
            #expect(throws: CastError.self) { try result.get() }
            #expect(server.log.all.count == 2)
        }
        try await Self.fetch { _, number in
            .redirect("/\(number + 1).mp3", .found)
        } judge: { result, server, _ in
            #expect(throws: CastError.self) { try result.get() }
            #expect(server.log.all.count == 6)
        }
        try await Self.fetch { _, _ in
            .redirect("file:///etc/passwd", .found)
        } judge: { result, _, _ in
            #expect(throws: CastError.self) { try result.get() }
        }
    }

    @Test func `addresses of this machine are refused where they are not allowed`() async throws {
        try await Self.fetch(change: { _ in }) { _, _ in
            .bytes(Self.bytes)
        } judge: { result, server, _ in
            let error = #expect(throws: CastError.self) { try result.get() }
            #expect(error?.code == .forbidden)
            #expect(server.log.all.isEmpty)
        }
    }

    @Test(arguments: [true, false])
    func `a publisher that says nothing, or not the rest, is given up`(saysSomething: Bool) async throws {
        let (never, hold) = AsyncStream.makeStream(of: Void.self)
        try await Self.fetch(change: {
            $0.addresses = .anything
            $0.silenceTimeout = .seconds(1)
        }) { _, _ in
            guard saysSomething else {
                for await _ in never {}
                return .bytes(Self.bytes)
            }
            return Response(
                status: .ok,
                body: ResponseBody(contentLength: Self.bytes.count) { writer in
                    try await writer.write(ByteBuffer(bytes: Self.bytes.prefix(1000)))
                    for await _ in never {}
                })
        } judge: { result, _, received in
            hold.finish()
            let error = #expect(throws: CastError.self) { try result.get() }
            #expect(error?.code == .timedOut)
            #expect(received == (saysSomething ? 1000 : 0))
        }
    }

    @Test func `a publisher that is slower than it may be is given up`() async throws {
        var patience = FetchPatience()
        patience.grace = .seconds(1)
        // A minute for all of it, so that it is the slowness that ends it.
        patience.slowest = 5000
        let (never, hold) = AsyncStream.makeStream(of: Void.self)
        try await Self.fetch(patience: patience) { _, _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: Self.bytes.count) { writer in
                    try await writer.write(ByteBuffer(bytes: Self.bytes.prefix(1000)))
                    try await Task.sleep(for: .milliseconds(1100))
                    try await writer.write(ByteBuffer(bytes: [Self.bytes[1000]]))
                    for await _ in never {}
                })
        } judge: { result, _, received in
            hold.finish()
            let error = #expect(throws: CastError.self) { try result.get() }
            #expect(error?.code == .timedOut)
            #expect(error?.message.contains("too slow") == true)
            // On a busy machine the first piece may come late already.
            #expect([1000, 1001].contains(received))
        }
    }

    @Test func `a file that does not come within its time is given up, whatever comes in between`() async throws {
        let (never, hold) = AsyncStream.makeStream(of: Void.self)
        let clock = ManualClock()
        try await TestServer.run { _, _ in
            for await _ in never {}
            return .bytes(Self.bytes)
        } body: { server in
            try await Scratch.run { scratch in
                let download = ExactDownload(client: scratch.client, clock: clock)
                let file = scratch.directory.appendingPathComponent("audio")
                let source = try Self.source(server)
                async let fetched: Void = download.fetch(source, to: file) { _ in }
                await clock.waitForSleepers()
                clock.advance(by: FetchPatience().limit(for: source.size))
                do {
                    try await fetched
                    Issue.record("it came")
                } catch let error as CastError {
                    #expect(error.code == .timedOut)
                    #expect(error.message.contains("took longer than 10 seconds"))
                }
                #expect(scratch.files.isEmpty)
                hold.finish()
            }
        }
    }

    @Test func `a connection that breaks is taken up once where it broke, if the file is known again`() async throws {
        try await Self.fetch(etag: "\"a\"") { request, number in
            number == 1
                ? .cut(Self.bytes, after: 200_000, [.eTag: "\"a\""])
                : Self.rest(of: request)
        } judge: { result, server, received in
            let file = try result.get()
            #expect(file == Data(Self.bytes))
            #expect(received == Self.bytes.count)
            #expect(server.log.all.count == 2)
            #expect(server.log.all.last?.headerFields[.ifRange] == "\"a\"")
        }
    }

    @Test(arguments: ["no validator", "whole again", "other length", "breaks again"])
    func `a connection that breaks and cannot be taken up is left`(kind: String) async throws {
        try await Self.fetch(etag: kind == "no validator" ? nil : "\"a\"") { request, number in
            if number == 1 || kind == "breaks again" {
                let isFirst = number == 1
                return .cut(
                    isFirst ? Self.bytes : Array(Self.bytes.dropFirst(Self.offset(request))), after: 100_000,
                    isFirst ? [:] : [.contentRange: "bytes \(Self.offset(request))-299999/300000"],
                    status: isFirst ? .ok : .partialContent)
            }
            switch kind {
            case "whole again": return .bytes(Self.bytes)
            default: return Self.rest(of: request, total: 300_001)
            }
        } judge: { result, server, _ in
            let error = #expect(throws: CastError.self) { try result.get() }
            #expect(error?.code == .unavailable)
            #expect(server.log.all.count == (kind == "no validator" ? 1 : 2))
        }
    }

    @Test func `a publisher that is gone is an error at once`() async throws {
        // The port of a server that has ended.
        let port = Mutex(0)
        try await TestServer.run { _, _ in
            .bytes([])
        } body: { server in
            port.withLock { $0 = server.port }
        }
        try await Scratch.run { scratch in
            let source = AudioSource(
                url: "http://127.0.0.1:\(port.withLock { $0 })/1.mp3", size: 10,
                sha256: String(repeating: "0", count: 64))
            let error = await #expect(throws: CastError.self) {
                try await ExactDownload(client: scratch.client).fetch(
                    source, to: scratch.directory.appendingPathComponent("audio")
                ) { _ in }
            }
            #expect(error?.code == .unavailable)
        }
    }

    private static func offset(_ request: Request) -> Int {
        request.headers[.range].flatMap { $0.firstMatch(of: /bytes=(\d+)-/) }.flatMap { Int($0.1) } ?? 0
    }

    private static func rest(of request: Request, total: Int = 300_000) -> Response {
        let offset = Self.offset(request)
        return .bytes(
            Array(Self.bytes.dropFirst(offset)), [.contentRange: "bytes \(offset)-299999/\(total)"],
            status: .partialContent)
    }
}
