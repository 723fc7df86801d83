import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import Testing

@Suite struct UploadTests {
    private func upload(_ server: ServerFixture, _ query: String, _ audio: String) async throws -> ServerFixture.Answer
    {
        try await server.send(
            .post, "/api/episodes/upload?\(query)", audio, headers: [.contentType: "application/octet-stream"])
    }

    private func files(_ server: ServerFixture) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: server.parts.storage.root.path)
            .filter { $0.hasSuffix(".mp3") || $0.hasSuffix(".tmp") }
    }

    @Test func `the same file handed in twice is one episode`() async throws {
        try await ServerFixture.run { server in
            #expect(try await self.upload(server, "title=One&filename=a.mp3", "bytes").status == 201)
            let again = try await self.upload(server, "title=Two&filename=b.mp3", "bytes")
            #expect(again.status == 409)
            #expect(again.detail == "The same audio is there already, as “One”.")
            #expect(try await server.parts.database.episodes.list(limit: 10).total == 1)
            #expect(try self.files(server).count == 1)
        }
    }

    @Test func `a file that cannot be put in place leaves neither an episode nor a file`() async throws {
        try await ServerFixture.run { server in
            let stem = StorageName.stem(title: "Talk", publishedAt: server.time.now, now: server.time.now)
            let feed = try await server.parts.database.feeds.added(at: server.time.now)
            let blocked = "\(feed.folder)/audio/\(stem).mp3"
            try server.parts.storage.makeFolder(of: blocked + "/inside")
            let answer = try await self.upload(server, "title=Talk&filename=a.mp3", "bytes")
            #expect(answer.status == 503)
            #expect(try await server.parts.database.episodes.list(limit: 10).total == 0)
            #expect(try self.files(server) == [blocked])
        }
    }

    @Test(
        arguments: [
            ("title=..%2F..%2Fetc%0D%0Aevil&filename=a.mp3", "../../etc evil", "mp3"),
            ("title=%00%0A%20&filename=a.m4a", "Untitled", "m4a"),
            ("title=Talk&filename=x.%2E%2E%2Fpasswd", "Talk", "mp3"),
            ("title=Talk&filename=x.averyveryverylongending", "Talk", "mp3"),
        ]) func `titles and names that mean harm do none`(query: String, title: String, ending: String) async throws
    {
        try await ServerFixture.run { server in
            let episode = try await self.upload(server, query, "bytes").decode(EpisodeMessage.self)
            #expect(episode.title == title)
            let path = try #require(episode.audioPath)
            #expect(path.hasSuffix("." + ending))
            let folder = try await server.parts.database.feeds.added(at: server.time.now).folder
            #expect(path.hasPrefix(server.parts.storage.root.path + "/\(folder)/audio/2027-"))
        }
    }

    @Test func `a very long title is cut, not refused`() async throws {
        try await ServerFixture.run { server in
            let long = String(repeating: "a", count: 2000)
            let episode = try await self.upload(server, "title=\(long)&filename=a.mp3", "b").decode(EpisodeMessage.self)
            #expect(episode.title.count == 300)
        }
    }
}
