import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@Suite struct PublishingTests {
    private func makeTranscribed(_ server: ServerFixture) async throws -> (feed: Feed, episodes: [Episode]) {
        let (feed, episodes) = try await server.parts.database.makeFeed(
            "Pilots & more", episodes: 3, withAudio: true, at: server.time.now)
        _ = try await server.send(.post, "/api/queue/episodes/\(episodes[1].id)/process")
        let node = try await server.register()
        let id = try #require(try await server.claim(node).jobID)
        _ = try await server.send(
            .post, "/api/nodes/jobs/\(id)/complete", key: node.apiKey,
            #"{"transcript_text":"**[00:01]** Ready for take-off."}"#)
        return (feed, episodes)
    }

    @Test func `a feed is published with the transcripts that there are`() async throws {
        try await ServerFixture.run { server in
            let (feed, episodes) = try await self.makeTranscribed(server)
            _ = try await server.send(.put, "/api/settings", #"{"settings":{"public_url":"https://casts.example/"}}"#)
            let answer = try await server.send(.get, "/feeds/\(feed.id).xml")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType]?.hasPrefix("application/rss+xml") == true)
            #expect(answer.text.contains("<title>Pilots &amp; more</title>"))
            #expect(answer.text.components(separatedBy: "<item>").count == 4)
            #expect(answer.text.components(separatedBy: "<podcast:transcript").count == 5)
            let link = "https://casts.example/api/episodes/\(episodes[1].id)/transcript?format=vtt"
            #expect(answer.text.contains(link))
            let tag = try #require(answer.headers[.eTag])
            let again = try await server.send(.get, "/feeds/\(feed.id).xml", headers: [.ifNoneMatch: tag])
            #expect(again.status == 304 && again.text.isEmpty)
            for (format, start) in [
                ("vtt", "WEBVTT"), ("srt", "1\n"), ("podcast", "{\"version\""), ("html", "<!DOCTYPE"),
            ] {
                let text = try await server.send(.get, "/api/episodes/\(episodes[1].id)/transcript?format=\(format)")
                #expect(text.text.hasPrefix(start), "\(format)")
            }
        }
    }

    @Test func `all transcripts of a feed come as an archive that unzip reads`() async throws {
        try await ServerFixture.run { server in
            let (feed, episodes) = try await self.makeTranscribed(server)
            try await withTemporaryFolder { folder in
                let file = folder.appendingPathComponent("all.zip")
                try await server.client.execute(uri: "/api/feeds/\(feed.id)/export?format=txt", method: .get) {
                    answer in
                    #expect(answer.headers[.contentType] == "application/zip")
                    try Data(answer.body.readableBytesView).write(to: file)
                }
                let check = Process()
                check.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                check.arguments = [
                    "python3", "-c",
                    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; "
                        + "print([(i.filename, z.read(i).decode()) for i in z.infolist()])", file.path,
                ]
                let output = Pipe()
                check.standardOutput = output
                try check.run()
                let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                check.waitUntilExit()
                #expect(check.terminationStatus == 0)
                #expect(text.contains("\(episodes[1].stem).txt") && text.contains("Ready for take-off."))
            }
        }
    }

    @Test func `a list of feeds goes out and comes in again`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.parts.database.makeFeed("Ünïcode <&>", at: server.time.now)
            let list = try await server.send(.get, "/api/feeds/opml").text
            let twice = try await server.send(.post, "/api/feeds/opml", list, headers: [.contentType: "text/xml"])
                .decode(ImportedFeedsResponse.self)
            #expect(twice.added == 0 && twice.existing == 1)
            let other = try await server.send(
                .post, "/api/feeds/opml",
                #"<opml version="2.0"><body><outline text="News" xmlUrl="https://n.example/f"/><outline xmlUrl="ftp://x/f"/></body></opml>"#,
                headers: [.contentType: "text/xml"]
            ).decode(ImportedFeedsResponse.self)
            #expect(other.added == 1)
            #expect(other.faults.count == 1)
            #expect(try await server.parts.database.feeds.due(at: server.time.now, onlyNew: true, limit: 9).count == 2)
            #expect(
                try await server.send(.post, "/api/feeds/opml", "hello", headers: [.contentType: "text/xml"]).status
                    == 400)
        }
    }
}
