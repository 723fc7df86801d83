import CastAPI
import CastClient
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import Synchronization
import Testing

/// What the command line asks, asked of a whole server.
@Suite(.timeLimit(.minutes(2))) struct ServerAdminTests {
    /// A server with a feed whose first episodes are queued for recognition.
    static func run(
        episodes: Int = 3, _ body: @escaping @Sendable (LiveServer, Feed, [Episode]) async throws -> Void
    ) async throws {
        try await LiveServer.run { server in
            let (feed, made) = try await server.parts.database.makeFeed(episodes: episodes, withAudio: true, at: Date())
            try await body(server, feed, made)
        }
    }

    @Test func `jobs are listed, moved up, cancelled and remembered`() async throws {
        try await Self.run { server, feed, _ in
            let admin = server.admin
            _ = try await admin.queueFeed(feed.id, newest: nil)
            let queued = try await admin.jobs(state: "queued", kind: .transcribe, limit: 10).jobs
            #expect(queued.count == 3)
            #expect(try await admin.jobs(state: "stuck", kind: nil, limit: 10).jobs == [])
            let last = try #require(queued.last)
            _ = try await admin.moveUp(last.jobID)
            #expect(try await admin.jobs(state: "queued", kind: nil, limit: 10).jobs.first?.jobID == last.jobID)
            _ = try await admin.cancel(last.jobID)
            #expect(try await admin.cancelAll(feed: feed.id).message == "Cancelled 2 queued jobs")
            #expect(try await admin.jobs(state: "queued", kind: nil, limit: 10).jobs == [])
            #expect(try await admin.endedJobs(limit: 2).count <= 2)
            let error = await #expect(throws: CastError.self) { try await admin.retry(JobID(9999)) }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `the queue is paused and resumed, by kind and as a whole`() async throws {
        try await Self.run { server, _, _ in
            let admin = server.admin
            let one = try await admin.pause(.transcribe, reason: "the GPU is needed")
            #expect(one.paused.map(\.jobType) == [.transcribe])
            #expect(one.paused.first?.reason == "the GPU is needed")
            #expect(Set(try await admin.pause(nil, reason: nil).paused.map(\.jobType)) == Set(JobKind.allCases))
            #expect(try await admin.resume(.download).paused.count == 2)
            #expect(try await admin.resume(nil).paused == [])
        }
    }

    @Test func `a feed's settings change one by one, and empty takes one away`() async throws {
        try await Self.run { server, feed, _ in
            let admin = server.admin
            let changed = try await admin.changeFeed(
                feed.id,
                [
                    "language": .string("de"), "model": .string("large-v3"), "auto_queue": .string("all"),
                    "publisher_transcripts": .bool(false), "custom_title": .string("Ours"),
                ])
            #expect(changed.language == "de")
            #expect(changed.model == "large-v3")
            #expect(changed.autoQueue == .all)
            #expect(!changed.publisherTranscripts)
            #expect(changed.displayTitle == "Ours")
            let back = try await admin.changeFeed(feed.id, ["language": .null, "custom_title": .null])
            #expect(back.language == nil)
            #expect(back.displayTitle == feed.title)
            #expect(back.model == "large-v3")
        }
    }

    @Test func `settings are listed, set all or none, and taken back`() async throws {
        try await Self.run { server, _, _ in
            let admin = server.admin
            #expect(try await admin.settings().count == SettingCatalog.all.count)
            _ = try await admin.setSettings(["fresh_days": "14", "publisher_transcripts": "false"])
            #expect(try await admin.settings()["fresh_days"]?.value == .int(14))
            let error = await #expect(throws: CastError.self) {
                try await admin.setSettings(["fresh_days": "21", "lease_seconds": "soon"])
            }
            #expect(error?.code == .invalid)
            #expect(try await admin.settings()["fresh_days"]?.value == .int(14))
            _ = try await admin.resetSetting("fresh_days")
            #expect(try await admin.settings()["fresh_days"]?.source == "default")
            #expect(try await admin.settings()["publisher_transcripts"]?.source == "database")
            _ = try await admin.resetAllSettings()
            #expect(try await admin.settings().values.allSatisfy { $0.source == "default" })
        }
    }

    private struct Enough: Error {}

    @Test func `events are listed, and followed from where one was`() async throws {
        try await Self.run { server, feed, _ in
            let admin = server.admin
            let first = try #require(try await admin.events(limit: 1).events.first)
            _ = try await admin.pause(.download, reason: nil)
            let seen = Mutex<[Event.Kind]>([])
            await #expect(throws: (any Error).self) {
                try await admin.followEvents(after: first.id) { event in
                    seen.withLock { $0.append(event.event) }
                    if event.event == .queuePaused { _ = try await admin.resume(.download) }
                    if event.event == .queueResumed { throw Enough() }
                }
            }
            #expect(seen.withLock { $0 } == [.queuePaused, .queueResumed])
        }
    }

    @Test func `a transcript is found, and exported once in a form`() async throws {
        try await Self.run(episodes: 2) { server, feed, episodes in
            let admin = server.admin
            for (episode, text) in zip(episodes, ["The quick brown fox.", "A lazy dog sleeps."]) {
                try await Self.transcribe(episode, of: feed, text, on: server)
            }
            let found: WholeSearchResponse? = try await eventually {
                let found = try await admin.search("brown fox", feed: feed.id, limit: 5)
                return found.results.isEmpty ? nil : found
            }
            let hit = try #require(found?.results.first)
            #expect(hit.episodeID == episodes[0].id)
            #expect(TerminalText.snippet(hit.snippet, isTerminal: false).contains("quick brown fox"))
            #expect(try await admin.transcript(of: episodes[0].id, as: .txt).contains("The quick brown fox."))
            #expect(try await admin.transcript(of: episodes[0].id, as: .vtt).hasPrefix("WEBVTT"))

            let folder = server.folder.appendingPathComponent("export")
            let export = TranscriptExport(admin, feed: feed.id, format: .txt)
            var results: [TranscriptExport.Outcome.Result] = []
            try await export.write(to: folder) { results.append($0.result) }
            #expect(results == [.written, .written])
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(files == episodes.map { "\($0.stem).txt" }.sorted())
            // One file is lost, and one is older than its episode: both come again, and nothing else does.
            results = []
            try await export.write(to: folder) { results.append($0.result) }
            #expect(results == [.kept, .kept])
            try FileManager.default.removeItem(at: folder.appendingPathComponent(files[0]))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 0)],
                ofItemAtPath: folder.appendingPathComponent(files[1]).path)
            results = []
            try await export.write(to: folder) { results.append($0.result) }
            #expect(results == [.written, .written])
        }
    }

    /// Has a node hand in a transcript, as nodes of any kind do.
    static func transcribe(_ episode: Episode, of feed: Feed, _ text: String, on server: LiveServer) async throws {
        try server.parts.storage.makeFolder(of: "\(feed.folder)/audio/x")
        try Data("audio".utf8).write(to: try server.parts.storage.url(of: "\(feed.folder)/audio/\(episode.stem).mp3"))
        _ = try await server.admin.queueEpisode(episode.id, priority: 1)
        try await Connections.with(to: server.url, environment: [:]) { connections in
            let node: RegisterNodeResponse = try await CastClient(server: server.url, connections: connections).post(
                "/api/nodes/register",
                RegisterNodeRequest(
                    name: "n\(episode.id)", url: "http://localhost:8001", whisperModel: "base",
                    whisperBackend: "whisper"))
            let client = CastClient(server: server.url, key: node.apiKey, connections: connections)
            let claim: JSONValue = try await client.post("/api/nodes/\(node.nodeID)/claim")
            guard case .object(let fields) = claim, case .int(let job)? = fields["job_id"] else {
                throw CastError(.notFound, "No job was handed out: \(claim)")
            }
            let body: [String: JSONValue] = ["transcript_text": .string("# T\n\n**[00:01]** \(text)\n")]
            let _: JSONValue = try await client.post("/api/nodes/jobs/\(job)/complete", body)
        }
    }
}
