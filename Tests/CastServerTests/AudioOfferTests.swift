import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Testing

@Suite struct AudioOfferTests {
    private static let digest = String(repeating: "ab", count: 32)
    private static let pod = "RunPod Afterburner a3f2"

    /// A server that has fetched one episode's audio, and queued it for transcription.
    private static func run(
        feed: String = "https://pilots.example/feed.xml", audio: String = "https://pilots.example/1.mp3",
        environment: [String: String] = [:], hasOrigin: Bool = true, isUnlisted: Bool = false,
        provider: FleetProvider? = nil,
        _ body: @escaping @Sendable (ServerFixture, Episode) async throws -> Void
    ) async throws {
        var podcasts = PodcastSource.unimplemented
        podcasts.fetchAudio = { address, file, _ in
            try Data("0123456789".utf8).write(to: file)
            let origin = AudioSource(
                url: address, size: 10, sha256: Self.digest, etag: "\"a\"",
                lastModified: "Wed, 25 Nov 2026 01:31:10 GMT")
            return .init(size: 10, fileExtension: "mp3", origin: hasOrigin ? origin : nil)
        }
        try await ServerFixture.run(podcasts: podcasts, provider: provider, environment: environment) { server in
            let database = server.parts.database
            let feed = try await database.feeds.add(
                url: feed, draft: FeedDraft(title: "Pilots", isUnlisted: isUnlisted),
                episodes: [EpisodeDraft(guid: "1", title: "One", audioURL: audio, duration: 5)], at: server.time.now)
            let episode = try #require(try await database.episodes.list(feed: feed.id, limit: 1).episodes.first)
            _ = try await database.jobs.enqueueProcessing(of: episode.id, at: server.time.now)
            let wasBusy = try await DownloadService(parts: server.parts, clock: ContinuousClock()).downloadNext()
            #expect(wasBusy)
            try await body(server, episode)
        }
    }

    @Test func `a pod is told where the publisher has the audio, and how to know it again`() async throws {
        try await Self.run { server, _ in
            let node = try await server.register(Self.pod)
            let answer = try await server.send(.post, "/api/nodes/\(node.nodeID)/claim", key: node.apiKey)
            let fields = try answer.decode([String: JSONValue].self)
            #expect(fields["source_url"] == .string("https://pilots.example/1.mp3"))
            #expect(fields["source_size"] == .int(10))
            #expect(fields["source_sha256"] == .string(Self.digest))
            #expect(fields["source_etag"] == .string("\"a\""))
            #expect(fields["source_last_modified"] == .string("Wed, 25 Nov 2026 01:31:10 GMT"))
            let claim = try answer.decode(ClaimResponse.self)
            #expect(claim.source?.sha256 == Self.digest)
            // The server has it as ever.
            let audio = try await server.send(.get, claim.audioURL ?? "", key: node.apiKey)
            #expect(audio.text == "0123456789")
        }
    }

    /// A claim in which nothing of the publisher is said.
    private static func expectSilence(_ server: ServerFixture, _ name: String) async throws {
        let node = try await server.register(name)
        let answer = try await server.send(.post, "/api/nodes/\(node.nodeID)/claim", key: node.apiKey)
        #expect(try answer.decode(ClaimResponse.self).hasJob)
        #expect(!answer.text.contains("source_"))
        #expect(!answer.text.contains("pilots.example"))
    }

    @Test(arguments: [
        ("off", Self.pod, false), ("off", "home", false), ("pods", "home", false), ("pods", Self.pod, true),
        ("all", "home", true), ("all", Self.pod, true),
    ])
    func `the setting says who is told`(setting: String, name: String, isTold: Bool) async throws {
        try await Self.run(environment: ["NODE_AUDIO_FROM_PUBLISHER": setting]) { server, _ in
            guard isTold else { return try await Self.expectSilence(server, name) }
            let claim = try await server.claim(try await server.register(name))
            #expect(claim.source != nil)
        }
    }

    @Test(arguments: [
        ("https://me:secret@pilots.example/feed.xml", "https://pilots.example/1.mp3"),
        ("https://pilots.example/feed.xml", "https://me:secret@pilots.example/1.mp3"),
        ("https://www.patreon.com/rss/pilots?auth=x", "https://pilots.example/1.mp3"),
        ("https://pilots.example/feed.xml", "https://pilots.example/1.mp3?token=x"),
        ("https://pilots.example/private/feed.xml", "https://pilots.example/1.mp3"),
        ("https://pilots.example/feed.xml", "http://192.168.1.7/pilots.example/1.mp3"),
    ])
    func `of a private feed nothing is told`(feed: String, audio: String) async throws {
        try await Self.run(feed: feed, audio: audio) { server, _ in try await Self.expectSilence(server, Self.pod) }
    }

    @Test func `of a feed that asks not to be listed nothing is told, until it is read and does not`() async throws {
        try await Self.run(isUnlisted: true) { server, episode in
            try await Self.expectSilence(server, Self.pod)
            _ = try await server.parts.database.feeds.refresh(
                episode.feedID, draft: FeedDraft(title: "Pilots"), episodes: [], etag: nil, lastModified: nil,
                at: server.time.now)
            server.time.advance(by: 600)
            _ = try await server.parts.database.jobs.expireLeases(at: server.time.now, stalledBefore: server.time.now)
            server.time.advance(by: 600)
            let claim = try await server.claim(try await server.register("RunPod Afterburner b4c5"))
            #expect(claim.source != nil)
        }
    }

    @Test func `of audio whose bytes are not known nothing is told`() async throws {
        try await Self.run(hasOrigin: false) { server, _ in try await Self.expectSilence(server, Self.pod) }
    }

    @Test func `other audio in the episode's place is not the publisher's`() async throws {
        try await Self.run { server, episode in
            let database = server.parts.database
            try await database.episodes.setAudio(
                episode.id, path: episode.audioPath ?? "a/1.mp3", size: 10, duration: nil, at: server.time.now)
            try await Self.expectSilence(server, Self.pod)
        }
    }

    @Test func `an episode that was added by itself has no feed that could be private`() async throws {
        try await Self.run(feed: Feed.addedURL) { server, _ in
            let claim = try await server.claim(try await server.register(Self.pod))
            #expect(claim.source != nil)
        }
    }

    // MARK: What goes out

    @Test func `what is sent to pods is counted and shown`() async throws {
        let pods = ScriptedPods()
        try await Self.run(provider: pods.fleet) { server, _ in
            let before = try await server.send(.get, "/metrics").text
            #expect(before.contains("cast2md_uplink_bytes_per_second 0\n"))
            let (pod, home) = (try await server.register(Self.pod), try await server.register("home"))
            let claim = try await server.claim(pod)
            _ = try await server.send(.get, claim.audioURL ?? "", key: pod.apiKey)
            _ = try await server.send(
                .get, claim.audioURL ?? "", key: pod.apiKey, headers: [.range: "bytes=4-"])
            let metrics = try await server.send(.get, "/metrics").text
            #expect(metrics.contains("cast2md_audio_sent_bytes_total{to=\"pod\"} 16\n"))
            #expect(metrics.contains("cast2md_audio_sent_bytes_total{to=\"node\"} 0\n"))
            #expect(metrics.contains("cast2md_audio_transfers{to=\"pod\"} 0\n"))
            #expect(metrics.contains("cast2md_claims_total{source=\"publisher\"} 1\n"))
            #expect(!metrics.contains("cast2md_uplink_limit_bytes_per_second"))
            let other = try await server.claim(home)
            #expect(!other.hasJob)

            let uplink = try await server.send(.get, "/api/runpod/status").decode([String: JSONValue].self)["uplink"]
            #expect(
                uplink == .object(["bytes_per_second": .int(16), "limit_bytes_per_second": .null, "share": .int(1)]))
            let page = try await server.send(.get, "/settings/runpod").text
            #expect(page.contains("Sent to pods"))
        }
    }
}
