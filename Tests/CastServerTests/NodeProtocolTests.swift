import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import Testing

@Suite struct NodeProtocolTests {
    @Test func `a node of the existing server does its whole round`() async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode("Talk")
            let registered = try await server.send(
                .post, "/api/nodes/register",
                #"{"name":"n","url":"http://localhost:8001","whisper_model":"base","whisper_backend":"auto"}"#)
            let node = try registered.decode(RegisterNodeResponse.self)
            #expect(node.message == "Node 'n' registered successfully")
            #expect(node.apiKey.count == 43)

            let path = "/api/nodes/\(node.nodeID)"
            let beat = try await server.send(
                .post, "\(path)/heartbeat", key: node.apiKey, #"{"whisper_backend":"whisper"}"#)
            #expect(
                beat.text == #"{"message":"Heartbeat received","status":"ok"}"#
                    || beat.text == #"{"status":"ok","message":"Heartbeat received"}"#)

            let claim = try await server.send(.post, "\(path)/claim", key: node.apiKey).decode(ClaimResponse.self)
            let job = try #require(claim.jobID)
            #expect(claim.hasJob)
            #expect(claim.episodeTitle == "Talk")
            #expect(claim.audioURL == "/api/nodes/jobs/\(job)/audio")

            let audio = try await server.send(.get, claim.audioURL ?? "", key: node.apiKey)
            #expect(audio.text == "0123456789")
            #expect(audio.headers[.contentDisposition]?.hasSuffix("_Talk.mp3\"") == true)

            let progress = try await server.send(
                .post, "/api/nodes/jobs/\(job)/progress", key: node.apiKey, #"{"progress_percent":"55"}"#)
            #expect(progress.text == #"{"message":"Progress updated"}"#)
            #expect(try await server.parts.database.episodes.get(episode.id).state == .transcribing)

            let text = "# Talk\n\n**[00:01]** Hello there.\n**[00:03]** Goodbye.\n"
            let body = String(
                decoding: try JSONEncoder().encode(["transcript_text": text, "whisper_model": "base"]), as: UTF8.self)
            let done = try await server.send(.post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, body)
            #expect(done.text == #"{"message":"Job completed successfully"}"#)

            let stored = try await server.parts.database.episodes.get(episode.id)
            #expect(stored.state == .completed)
            #expect(stored.transcriptModel == "base")
            let markdown = try await server.send(.get, "/api/episodes/\(episode.id)/transcript?format=md").text
            #expect(markdown.contains("**[00:01]** Hello there."))
            #expect(try await server.claim(node).hasJob == false)
        }
    }

    @Test func `an empty claim names every field`() async throws {
        try await ServerFixture.run { server in
            let node = try await server.register()
            let answer = try await server.send(.post, "/api/nodes/\(node.nodeID)/claim", key: node.apiKey)
            let fields = try answer.decode([String: JSONValue].self)
            #expect(
                fields == [
                    "job_id": .null, "episode_id": .null, "episode_title": .null, "audio_url": .null,
                    "has_job": .bool(false),
                ])
        }
    }

    @Test func `completing twice is harmless, and the first text stays`() async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            for text in ["first", "second"] {
                let answer = try await server.send(
                    .post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, #"{"transcript_text":"\#(text)"}"#)
                #expect(answer.status == 200)
            }
            let text = try await server.send(.get, "/api/episodes/\(episode.id)/transcript?format=txt").text
            #expect(text.contains("first"))
            #expect(!text.contains("second"))
            #expect(try await server.parts.database.episodes.get(episode.id).transcriptModel == "unknown")
            // A failure that comes after the result changes nothing.
            let late = try await server.send(
                .post, "/api/nodes/jobs/\(job)/fail", key: node.apiKey, #"{"error_message":"late"}"#)
            #expect(late.status == 200)
            #expect(try await server.parts.database.episodes.get(episode.id).state == .completed)
        }
    }

    @Test func `a transcript whose times run backwards is refused, and the job stays the node's`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            let transcript = Transcript(sentences: [.init(text: "x", start: 9, end: 3)])
            let body = try JSONEncoder().encode(CompleteRequest(transcriptText: "x", transcript: transcript))
            let answer = try await server.send(
                .post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, String(decoding: body, as: UTF8.self))
            #expect(answer.status == 400)
            #expect(try await server.parts.database.jobs.running().map(\.job.id) == [job])
        }
    }

    @Test(arguments: [
        #"{"transcript_text":"**[9999:99]** x"}"#,
        #"{"transcript_text":"x","transcript":{"version":1,"sentences":[],"duration":1e300,"source":"engine"}}"#,
        #"{"transcript_text":"x","transcript":{"version":1,"sentences":[],"duration":-1,"source":"engine"}}"#,
        #"{"transcript_text":"**[99999999999999999999:00:00]** x"}"#,
    ])
    func `no times that a node can write end the server`(body: String) async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            let answer = try await server.send(.post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, body)
            #expect([200, 400].contains(answer.status), "\(answer.text)")
            for format in ["md", "txt", "srt", "vtt", "json"] where answer.status == 200 {
                let text = try await server.send(.get, "/api/episodes/\(episode.id)/transcript?format=\(format)")
                #expect(text.status == 200)
            }
            #expect(try await server.send(.get, "/episodes/\(episode.id)").status == 200)
        }
    }

    @Test func `the transcript of a whole day of audio is taken, and read for registered nodes only`() async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            let text = String(repeating: "Something was said. ", count: 250_000)
            let body = #"{"transcript_text":"\#(text)"}"#
            let stranger = try await server.send(.post, "/api/nodes/jobs/\(job)/complete", key: "nobody", body)
            #expect(stranger.status == 401)
            let answer = try await server.send(.post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, body)
            #expect(answer.status == 200, "\(answer.text.prefix(300))")
            #expect(try await server.parts.database.episodes.get(episode.id).state == .completed)
        }
    }

    @Test func `a new transcript replaces the old one in every format`() async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode()
            let node = try await server.register()
            for text in ["first", "second"] {
                let job = try #require(try await server.claim(node).jobID)
                _ = try await server.send(
                    .post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, #"{"transcript_text":"\#(text)"}"#)
                _ = try await server.send(.post, "/api/queue/episodes/\(episode.id)/retranscribe")
            }
            for format in ["md", "txt", "json"] {
                let text = try await server.send(.get, "/api/episodes/\(episode.id)/transcript?format=\(format)").text
                #expect(text.contains("second") && !text.contains("first"), "\(format)")
            }
            let files = try FileManager.default.subpathsOfDirectory(atPath: server.parts.storage.root.path)
            #expect(files.filter { $0.hasSuffix(".tmp") } == [])
        }
    }

    @Test func `a node that never had a job can neither complete nor release it`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let stranger = try await server.register("stranger")
            let job = try #require(try await server.claim(node).jobID)
            _ = try await server.send(.post, "/api/nodes/jobs/\(job)/release", key: node.apiKey)
            let answer = try await server.send(.post, "/api/nodes/jobs/\(job)/release", key: stranger.apiKey)
            #expect(answer.status == 403)
        }
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        var method: HTTPRequest.Method = .post
        var path: String
        var key: String? = "key"
        var body: String?
        var status: Int
        var detail: String
        var testDescription: String { "\(self.method) \(self.path) \(self.body ?? "") → \(self.status)" }
    }

    @Test(arguments: [
        Refusal(path: "/api/nodes/NODE/claim", key: nil, status: 401, detail: "Missing X-Transcriber-Key header"),
        Refusal(path: "/api/nodes/NODE/claim", key: "", status: 401, detail: "Missing X-Transcriber-Key header"),
        Refusal(path: "/api/nodes/NODE/claim", key: "wrong", status: 401, detail: "Invalid API key for this node"),
        Refusal(path: "/api/nodes/nobody/claim", status: 404, detail: "Node not found"),
        Refusal(path: "/api/nodes/jobs/1/release", key: "wrong", status: 401, detail: "Invalid API key"),
        Refusal(path: "/api/nodes/jobs/77/release", status: 404, detail: "Job not found"),
        Refusal(
            path: "/api/nodes/jobs/1/progress", body: #"{"progress_percent":5}"#, status: 403,
            detail: "Job not assigned to this node"),
        Refusal(
            path: "/api/nodes/jobs/1/fail", body: #"{"error_message":"x"}"#, status: 403,
            detail: "Job not assigned to this node"),
        Refusal(
            path: "/api/nodes/jobs/1/complete", body: #"{"transcript_text":"x"}"#, status: 403,
            detail: "Job not assigned to this node"),
        Refusal(method: .get, path: "/api/nodes/jobs/1/audio", status: 403, detail: "Job not assigned to this node"),
        Refusal(
            path: "/api/nodes/jobs/one/release", status: 422,
            detail: "job_id: Input should be a valid integer, unable to parse string as an integer."),
        Refusal(
            path: "/api/nodes/jobs/1/progress", body: #"{"progress_percent":1.5}"#, status: 422,
            detail: "progress_percent: Input should be a valid integer, got a number with a fractional part."),
        Refusal(
            path: "/api/nodes/jobs/1/fail", body: #"{"retry":"maybe"}"#, status: 422,
            detail: "error_message: Field required. retry: Input should be a valid boolean, unable to interpret input."),
        Refusal(
            path: "/api/nodes/NODE/heartbeat", body: #"{"claimed_job_ids":[1,"x"],"name":3}"#, status: 422,
            detail:
                "name: Input should be a valid string. claimed_job_ids.1: Input should be a valid integer, unable to parse string as an integer."
        ),
        Refusal(path: "/api/nodes/NODE/heartbeat", body: "", status: 422, detail: "Field required."),
        Refusal(path: "/api/nodes/NODE/heartbeat", key: nil, body: "{", status: 422, detail: "0: JSON decode error."),
        Refusal(
            path: "/api/nodes/register", key: nil, body: #"{"url":7}"#, status: 422,
            detail: "name: Field required. url: Input should be a valid string."),
        Refusal(
            path: "/api/nodes/register", key: nil, body: "[]", status: 422,
            detail: "Input should be a valid dictionary or object to extract fields from."),
        Refusal(method: .get, path: "/api/nowhere", key: nil, status: 404, detail: "Not Found"),
    ])
    func `what is wrong is refused with the status and the words of the protocol`(refusal: Refusal) async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let answer = try await server.send(
                refusal.method, refusal.path.replacingOccurrences(of: "NODE", with: node.nodeID.rawValue),
                key: refusal.key == "key" ? node.apiKey : refusal.key, refusal.body)
            #expect(answer.status == refusal.status)
            #expect(answer.detail.hasSuffix(refusal.detail), "\(answer.text)")
            #expect(try answer.decode(ErrorResponse.self).code != nil)
        }
    }

    @Test func `a lease that runs out gives the job to the next node, and the late result is taken`() async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode()
            let slow = try await server.register("slow")
            let job = try #require(try await server.claim(slow).jobID)
            server.time.advance(by: 121)
            _ = try await server.parts.database.jobs.expireLeases(at: server.time.now, stalledBefore: .distantPast)
            let quick = try await server.register("quick")
            #expect(try await server.claim(quick).jobID == job)
            let late = try await server.send(
                .post, "/api/nodes/jobs/\(job)/complete", key: slow.apiKey, #"{"transcript_text":"late"}"#)
            #expect(late.status == 200)
            #expect(try await server.parts.database.episodes.get(episode.id).state == .completed)
            let beat = try await server.send(
                .post, "/api/nodes/\(quick.nodeID)/heartbeat", key: quick.apiKey, #"{"claimed_job_ids":[\#(job)]}"#)
            #expect(try beat.decode(HeartbeatResponse.self).lostJobIDs == [job])
        }
    }

    @Test(
        arguments: [
            (nil, 200, "0123456789", nil), ("bytes=2-4", 206, "234", "bytes 2-4/10"),
            ("bytes=7-", 206, "789", "bytes 7-9/10"),
            ("bytes=-3", 206, "789", "bytes 7-9/10"), ("bytes=5-99", 206, "56789", "bytes 5-9/10"),
            ("bytes=10-", 416, "", "bytes */10"), ("bytes=4-2", 200, "0123456789", nil),
            ("bytes=0-1,5-6", 200, "0123456789", nil), ("pages=1-2", 200, "0123456789", nil),
        ] as [(String?, Int, String, String?)])
    func `audio comes whole or in the part that is asked for`(
        range: String?, status: Int, text: String, contentRange: String?
    ) async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            var headers: HTTPFields = [:]
            headers[.range] = range
            let answer = try await server.send(.get, "/api/nodes/jobs/\(job)/audio", key: node.apiKey, headers: headers)
            #expect(answer.status == status)
            #expect(answer.text == text)
            #expect(answer.headers[.contentRange] == contentRange)
        }
    }

    @Test func `release gives the attempt back, ten times and more`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            let node = try await server.register()
            for _ in 0..<25 {
                let job = try #require(try await server.claim(node).jobID)
                let answer = try await server.send(.post, "/api/nodes/jobs/\(job)/release", key: node.apiKey)
                #expect(answer.text == #"{"message":"Job released back to queue"}"#)
            }
        }
    }

    @Test func `the admin's list, test and stale routes answer in the protocol's shape`() async throws {
        var podcasts = PodcastSource.unimplemented
        podcasts.probe = { _ in throw CastError(.unavailable, "refused") }
        try await ServerFixture.run(podcasts: podcasts) { server in
            let node = try await server.register("home")
            var list = try await server.send(.get, "/api/nodes").decode(NodeListResponse.self)
            #expect(list.total == 1)
            #expect(list.nodes.first?.status == "offline")
            _ = try await server.send(.post, "/api/nodes/\(node.nodeID)/heartbeat", key: node.apiKey, "{}")
            list = try await server.send(.get, "/api/nodes").decode(NodeListResponse.self)
            #expect(list.nodes.first?.status == "online")
            let test = try await server.send(.post, "/api/nodes/\(node.nodeID)/test")
            #expect(try test.decode(MessageResponse.self).message == "Failed to reach node: refused")
            server.time.advance(by: 25 * 3600)
            let stale = try await server.send(.get, "/api/nodes/stale").decode(StaleNodesResponse.self)
            #expect(stale.nodes.map(\.offlineHours) == [25])
            #expect(
                try await server.send(.delete, "/api/nodes/stale").decode(DeletedNodesResponse.self).deletedCount == 1)
            #expect(try await server.send(.delete, "/api/nodes/\(node.nodeID)").status == 404)
        }
    }

    @Test func `a page of another site cannot change anything`() async throws {
        try await ServerFixture.run { server in
            let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
            var headers: HTTPFields = [:]
            headers[site] = "cross-site"
            let answer = try await server.send(.post, "/api/queue/batch/all/process", headers: headers)
            #expect(answer.status == 403)
            headers[site] = "same-origin"
            #expect(try await server.send(.post, "/api/queue/batch/all/process", headers: headers).status == 200)
        }
    }
}
