import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Podcasts
import Testing

@Suite(.timeLimit(.minutes(1))) struct PublisherTranscriptTests {
    private static let words = (1...25).map { "word\($0)" }.joined(separator: " ")
    private static let vtt = "WEBVTT\n\n00:01.000 --> 00:09.000\n\(Self.words).\n"
    private static let srt = "1\n00:00:01,000 --> 00:00:09,000\n\(Self.words).\n"
    private static let json = "{\"segments\": [{\"startTime\": 1, \"endTime\": 9, \"body\": \"\(Self.words).\"}]}"
    private static let page = "<html><body><cite>Ada</cite><time>0:01</time><p>\(Self.words).</p></body></html>"
    private static let login =
        "<!DOCTYPE html><html><form><input name=\"p\" type=\"password\"></form><p>\(Self.words)</p></html>"

    private func link(_ url: URL, _ type: String, _ language: String? = nil, _ relation: String? = nil)
        -> PublisherTranscript.Link
    {
        .init(url: url, mimeType: type, language: language, relation: relation)
    }

    @Test(arguments: [
        ("text/vtt", Self.vtt, ForeignTranscript.Form.vtt), ("application/srt", Self.srt, .srt),
        ("application/json", Self.json, .json),
        ("text/html", Self.page, .html), ("text/plain", Self.words, .text), ("text/vtt", Self.srt, .srt),
        ("text/plain", Self.vtt, .vtt),
        ("text/html", Self.json, .json), ("", Self.vtt, .vtt), ("", Self.words, .text),
        ("application/x-odd", Self.page, .html),
    ]) func `a transcript is read as what it is`(type: String, body: String, form: ForeignTranscript.Form) async throws
    {
        try await TestServer.run { _, _ in
            .text(body, [.contentType: "application/octet-stream"])
        } body: { server in
            try await Scratch.run { scratch in
                let link = self.link(try server.url("t"), type)
                let read = try await PublisherTranscript.fetch(link, language: "de-AT", with: scratch.client)
                #expect(read.form == form)
                #expect(read.link == link)
                #expect(read.transcript.source == .publisher)
                #expect(read.transcript.language == "de")
                #expect(read.transcript.sentences.map(\.text).joined().contains("word1 word2"))
                #expect(read.hasTimes == (form != .text))
            }
        }
    }

    @Test(arguments: [
        ("text/vtt", Self.login, "web page instead of WebVTT"),
        ("application/json", "<html>Error</html>", "web page instead of JSON"),
        ("text/html", Self.login, "log in"), ("text/vtt", "", "nothing"), ("text/vtt", "\n \n", "nothing"),
        ("text/vtt", "WEBVTT\n", "no text"),
        ("text/vtt", Self.words, "no times"),
        ("application/srt", "WEBVTT\n\n00:01.000 --> 00:02.000\nSoon.", "one word only"),
        ("text/plain", "Coming soon.", "2 words only"), ("application/json", Self.words, "plain text"),
        ("application/json", "{\"error\": 1}", "without “segments”"), ("text/vtt", "%PDF-1.7 \(Self.words)", "PDF"),
        ("text/plain", "PK\u{3}\u{4}\(Self.words)", "packed"), ("text/vtt", "a\0b \(Self.words)", "no text"),
        ("text/vtt", "ID3\u{4}", "recording"),
        ("application/x-odd", "<?xml version=\"1.0\"?><tt/>", "something else"),
    ]) func `what is no transcript is refused with words`(type: String, body: String, words: String) async throws {
        try await TestServer.run { _, _ in
            .text(body, [.contentType: "text/plain"])
        } body: { server in
            try await Scratch.run { scratch in
                let link = self.link(try server.url("t?token=secret"), type)
                let error = await #expect(throws: CastError.self) {
                    try await PublisherTranscript.fetch(link, language: nil, with: scratch.client)
                }
                #expect(error?.code == .invalid)
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
                #expect(error?.message.contains("secret") == false)
            }
        }
    }

    @Test func `few words of a script without spaces may be many`() async throws {
        let body = "WEBVTT\n\n00:01.000 --> 00:09.000\n" + String(repeating: "今日はお茶について話します。", count: 5)
        try await TestServer.run { _, _ in
            .text(body, [.contentType: "text/vtt; charset=utf-8"])
        } body: { server in
            try await Scratch.run { scratch in
                let read = try await PublisherTranscript.fetch(
                    self.link(try server.url("t"), "text/vtt"), language: "ja", with: scratch.client)
                #expect(read.transcript.sentences.count == 1)
            }
        }
    }

    @Test func `links are tried by language, form and purpose`() throws {
        func url(_ path: String) throws -> URL { try #require(URL(string: "https://e.org/\(path)")) }
        let links = [
            self.link(try url("odd"), ""), self.link(try url("en.vtt"), "text/vtt", "en"),
            self.link(try url("a.txt"), "text/plain"),
            self.link(try url("a.html"), "text/html", "de"), self.link(try url("b.vtt"), "text/vtt", "de-ch"),
            self.link(try url("c.vtt"), "", "de", "captions"), self.link(try url("a.json"), "application/json"),
            self.link(try url("a"), "application/x-subrip", "de"),
        ]
        let ranked = PublisherTranscript.ranked(links, feedLanguage: "de-AT").map(\.url.lastPathComponent)
        #expect(ranked == ["c.vtt", "b.vtt", "a", "a.json", "a.html", "a.txt", "odd", "en.vtt"])
        #expect(PublisherTranscript.ranked(links, feedLanguage: nil).first?.url.lastPathComponent == "c.vtt")
        #expect(PublisherTranscript.ranked([], feedLanguage: "de").isEmpty)
    }

    @Test func `the next link is tried when one cannot be read`() async throws {
        try await TestServer.run { request, _ in
            switch request.uri.path {
            case "/a.vtt": .text("<html>gone</html>", [.contentType: "text/html"])
            case "/a.srt": .text("no", status: .notFound)
            default: .text(Self.words, [.contentType: "text/plain"])
            }
        } body: { server in
            try await Scratch.run { scratch in
                let links = [
                    self.link(try server.url("a.txt"), "text/plain"),
                    self.link(try server.url("a.srt"), "application/srt"),
                    self.link(try server.url("a.vtt"), "text/vtt"),
                ]
                let read = try await PublisherTranscript.fetch(anyOf: links, feedLanguage: "en", with: scratch.client)
                #expect(read?.link == links[0])
                #expect(server.log.all.count == 3)
                let error = await #expect(throws: CastError.self) {
                    try await PublisherTranscript.fetch(
                        anyOf: Array(links[1...]), feedLanguage: "en", with: scratch.client)
                }
                #expect(error?.code == .invalid)
                #expect(error?.message.contains("web page") == true)
                #expect(error?.message.contains("status 404") == true)
                #expect(try await PublisherTranscript.fetch(anyOf: [], feedLanguage: nil, with: scratch.client) == nil)
            }
        }
    }

    @Test func `a server that is busy is worth another try later`() async throws {
        try await TestServer.run { request, _ in
            request.uri.path == "/a.vtt" ? .text("no", status: .notFound) : .text("no", status: .serviceUnavailable)
        } body: { server in
            try await Scratch.run { scratch in
                let links = [self.link(try server.url("a.vtt"), ""), self.link(try server.url("a.srt"), "")]
                let error = await #expect(throws: CastError.self) {
                    try await PublisherTranscript.fetch(anyOf: links, feedLanguage: nil, with: scratch.client)
                }
                #expect(error?.code == .unavailable)
            }
        }
    }

    @Test(arguments: [true, false]) func `a transcript that is too large is refused, announced or not`(
        isAnnounced: Bool
    ) async throws {
        try await TestServer.run { _, _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: isAnnounced ? 1200 : nil) { writer in
                    try await writer.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1200))
                    try await writer.finish(nil)
                })
        } body: { server in
            try await Scratch.run { scratch in
                var limits = PublisherTranscript.Limits()
                limits.bytes = 1000
                let link = self.link(try server.url("t"), "text/vtt")
                let error = await #expect(throws: CastError.self) {
                    try await PublisherTranscript.fetch(link, language: nil, with: scratch.client, limits: limits)
                }
                #expect(error?.code == .tooLarge)
            }
        }
    }
}
