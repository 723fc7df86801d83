import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import PodFleet
import Testing

@Suite struct SecondTryRouteTests {
    private static let setting = ["SECOND_TRY_MODEL": "large"]

    /// A minute and a half of speech; or one sentence again and again, which engines do with music.
    private static func transcript(_ model: String, isDoubtful: Bool) -> Transcript {
        let words =
            isDoubtful ? Array(repeating: ["Thank", "you."], count: 100).flatMap { $0 } : (0..<200).map { "w\($0)" }
        let spoken = words.enumerated().map {
            Transcript.Word(
                text: $1, start: Double($0) * 0.45, end: Double($0) * 0.45 + 0.4, probability: 0.9)
        }
        let text = words.joined(separator: " ") + " by \(model)"
        return Transcript(
            sentences: [.init(text: text, start: 0, end: 90, words: spoken)], duration: 90, model: model,
            engine: "test 1", source: .engine)
    }

    private static func register(_ model: String, at server: ServerFixture) async throws -> RegisterNodeResponse {
        try await server.send(
            .post, "/api/nodes/register",
            #"{"name":"node-\#(model)","url":"http://localhost:8001","whisper_model":"\#(model)"}"#
        ).decode(RegisterNodeResponse.self)
    }

    private static func handIn(
        _ transcript: Transcript, for job: JobID, by node: RegisterNodeResponse, at server: ServerFixture
    ) async throws -> Int {
        let body = try JSONEncoder().encode(
            CompleteRequest(
                transcriptText: TranscriptFormat.md.render(
                    transcript, header: TranscriptHeader(title: "T", feed: "F", date: nil, audioURL: nil)),
                whisperModel: transcript.model, transcript: transcript))
        return try await server.send(
            .post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, String(decoding: body, as: UTF8.self)
        ).status
    }

    /// An episode that `base` made a doubtful transcript of.
    private static func makeDoubtful(_ title: String = "Talk", at server: ServerFixture) async throws -> Episode {
        let episode = try await server.makeQueuedEpisode(title, audio: "audio of \(title)")
        let node = try await self.register("base", at: server)
        let job = try #require(try await server.claim(node).jobID)
        #expect(try await self.handIn(self.transcript("base", isDoubtful: true), for: job, by: node, at: server) == 200)
        return episode
    }

    private static func message(_ episode: Episode, _ server: ServerFixture) async throws -> EpisodeMessage {
        try await server.send(.get, "/api/episodes/\(episode.id)").decode(EpisodeMessage.self)
    }

    @Test func `without the setting a doubtful transcript is marked, and nothing is queued`() async throws {
        try await ServerFixture.run { server in
            let episode = try await Self.makeDoubtful(at: server)
            let message = try await Self.message(episode, server)
            #expect(message.quality?.findings.map(\.kind) == [.repetition])
            #expect(message.quality?.findings.first?.reason.contains("% of the words repeat") == true)
            #expect(message.secondTry == nil)
            #expect(try await server.parts.database.jobs.queued(limit: 10).isEmpty)
            let fields = try await server.send(.get, "/api/episodes/\(episode.id)").decode([String: JSONValue].self)
            #expect(fields["second_try"] == nil, "left out, not null")
            guard case .object(let quality)? = fields["quality"] else {
                Issue.record("no quality")
                return
            }
            #expect(
                Set(quality.keys) == [
                    "words_per_minute", "repetition", "longest_gap", "confidence", "failed_share", "findings",
                ])
        }
    }

    @Test func `the second try goes to the node with the model, and the better transcript is kept`() async throws {
        try await ServerFixture.run(environment: Self.setting) { server in
            let episode = try await Self.makeDoubtful(at: server)
            // Existing nodes, that never heard of it, get it only if they have that model.
            let base = try await Self.register("base", at: server)
            #expect(try await server.claim(base).hasJob == false)
            #expect(try await server.claim(try await server.register("old")).hasJob == false)

            let waiting = try await server.send(.get, "/api/queue/all?status=queued").decode(AllJobsResponse.self)
            #expect(waiting.jobs.map(\.model) == ["large"])
            #expect(waiting.jobs.first?.secondTry?.findings.map(\.kind) == [.repetition])
            #expect(waiting.jobs.first?.waitsFor == "It waits for a node with the model large; none is connected.")
            var page = try await server.send(.get, "/queue").text
            _ = try await server.send(
                .post, "/api/nodes/\(base.nodeID)/heartbeat", key: base.apiKey, #"{"whisper_model":"base"}"#)
            page = try await server.send(.get, "/queue").text
            #expect(page.contains("1 transcription needs a node with the model large, and none is connected."))
            #expect(!page.contains("everything is done about"))
            #expect(page.contains("Second try, since the transcript is doubtful: "))
            #expect(page.contains("Needs a node with the model large; none is connected."))
            page = try await server.send(.get, "/episodes/\(episode.id)").text
            #expect(page.contains("A second try with large waits: no node with this model is connected."))
            #expect(page.contains("<span class=\"badge wait\">Doubtful</span>"))

            let large = try await Self.register("large", at: server)
            _ = try await server.send(
                .post, "/api/nodes/\(large.nodeID)/heartbeat", key: large.apiKey, #"{"whisper_model":"large"}"#)
            page = try await server.send(.get, "/episodes/\(episode.id)").text
            #expect(page.contains("A second try with large is under way; the better of the two is kept."))
            let job = try #require(try await server.claim(large).jobID)
            let status = try await server.send(.get, "/api/queue/status").decode(QueueStatusResponse.self)
            #expect(status.transcribeQueue.runningJobs.first?.secondTry?.model == "large")
            #expect(try await server.send(.get, "/api/queue/\(job)").decode(JobMessage.self).secondTry != nil)
            _ = try await server.send(
                .post, "/api/nodes/jobs/\(job)/progress", key: large.apiKey, #"{"progress_percent":50}"#)
            #expect(try await Self.message(episode, server).status == .completed)
            #expect(try await server.send(.get, "/api/episodes/\(episode.id)/transcript").text.contains("by base"))

            let better = Self.transcript("large", isDoubtful: false)
            #expect(try await Self.handIn(better, for: job, by: large, at: server) == 200)
            let message = try await Self.message(episode, server)
            #expect(message.status == .completed && message.transcriptModel == "large")
            #expect(message.quality?.findings == [])
            #expect(message.secondTry?.outcome == .keptSecond && message.secondTry?.firstModel == "base")
            #expect(message.secondTry?.first.findings.map(\.kind) == [.repetition])
            #expect(try await server.send(.get, "/api/episodes/\(episode.id)/transcript").text.contains("by large"))
            // The first one is not lost.
            let other = try await server.send(.get, "/api/episodes/\(episode.id)/transcript?format=txt&version=other")
            #expect(other.text.contains("by base"))
            #expect(other.headers[.contentDisposition]?.contains("other_") == true)
            page = try await server.send(.get, "/episodes/\(episode.id)").text
            #expect(page.contains("This is the second try, with large: it is better."))
            #expect(page.contains("version=other"))
            #expect(page.contains("<td>Second try</td>"))
            #expect(!page.contains("<span class=\"badge wait\">Doubtful</span>"))
            // Brought twice, it changes nothing, and nothing more is queued.
            #expect(try await Self.handIn(better, for: job, by: large, at: server) == 200)
            #expect(
                try await server.send(.get, "/api/episodes/\(episode.id)/transcript?version=other").text
                    .contains("by base"))
            #expect(try await server.claim(large).hasJob == false)
        }
    }

    @Test func `a second transcript that is no better is kept beside the first`() async throws {
        try await ServerFixture.run(environment: Self.setting) { server in
            let episode = try await Self.makeDoubtful(at: server)
            let before = try await server.send(.get, "/api/episodes/\(episode.id)/transcript?format=json").text
            let large = try await Self.register("large", at: server)
            let job = try #require(try await server.claim(large).jobID)
            let worse = Self.transcript("large", isDoubtful: true)
            #expect(try await Self.handIn(worse, for: job, by: large, at: server) == 200)
            let message = try await Self.message(episode, server)
            #expect(message.transcriptModel == "base" && message.secondTry?.outcome == .keptFirst)
            #expect(try await server.send(.get, "/api/episodes/\(episode.id)/transcript?format=json").text == before)
            #expect(
                try await server.send(.get, "/api/episodes/\(episode.id)/transcript?version=other").text
                    .contains("by large"))
            let page = try await server.send(.get, "/episodes/\(episode.id)").text
            #expect(page.contains("A second try with large was no better, so this one is kept."))
            #expect(page.contains("First (base): ") && page.contains("Second (large): "))
            #expect(try await server.claim(large).hasJob == false, "never a third time")
        }
    }

    @Test func `a crash between the files and the commit does not cost the first transcript`() async throws {
        try await ServerFixture.run(environment: Self.setting) { server in
            let episode = try await Self.makeDoubtful(at: server)
            let large = try await Self.register("large", at: server)
            let job = try #require(try await server.claim(large).jobID)
            let better = Self.transcript("large", isDoubtful: false)
            // What a crash leaves: the first one aside, the second one in place, the job as it was.
            let stored = try await server.parts.database.episodes.get(episode.id)
            let path = try #require(stored.transcriptPath)
            let native = TranscriptIntake.nativePath(of: path)
            var judged = better
            judged.quality = TranscriptQuality(of: better)
            let storage = server.parts.storage
            try storage.stage(try storage.read(native), for: TranscriptIntake.otherPath(of: path)).install()
            try storage.stage(try TranscriptFormat.encode(judged), for: native).install()
            #expect(try await Self.handIn(better, for: job, by: large, at: server) == 200)
            #expect(
                try await server.send(.get, "/api/episodes/\(episode.id)/transcript?version=other").text
                    .contains("by base"))
            #expect(try await Self.message(episode, server).secondTry?.outcome == .keptSecond)
        }
    }

    @Test func `a second try that fails leaves no trace at the episode but a sentence`() async throws {
        try await ServerFixture.run(environment: Self.setting) { server in
            let episode = try await Self.makeDoubtful(at: server)
            let large = try await Self.register("large", at: server)
            let job = try #require(try await server.claim(large).jobID)
            let answer = try await server.send(
                .post, "/api/nodes/jobs/\(job)/fail", key: large.apiKey,
                #"{"error_message":"out of memory","retry":false}"#)
            #expect(answer.status == 200)
            let message = try await Self.message(episode, server)
            #expect(message.status == .completed && message.errorMessage == nil && message.transcriptModel == "base")
            #expect(message.secondTry?.outcome == .failed)
            let page = try await server.send(.get, "/episodes/\(episode.id)").text
            #expect(page.contains("A second try with large failed, so this one is kept."))
            #expect(!page.contains("<p class=\"notice bad\">"))
            #expect(try await server.send(.get, "/queue").text.contains("Second try with large"))
        }
    }

    @Test func `what that model made itself, and texts without words, are not tried again`() async throws {
        try await ServerFixture.run(environment: Self.setting) { server in
            _ = try await server.makeQueuedEpisode("One")
            _ = try await server.makeQueuedEpisode("Two", audio: "other audio")
            _ = try await server.makeQueuedEpisode("Three", audio: "more audio")
            let large = try await Self.register("large", at: server)
            let own = try #require(try await server.claim(large).jobID)
            let doubtful = Self.transcript("large", isDoubtful: true)
            #expect(try await Self.handIn(doubtful, for: own, by: large, at: server) == 200)
            // A node with that model whose transcript calls it something else.
            let renamed = try #require(try await server.claim(large).jobID)
            #expect(
                try await Self.handIn(
                    Self.transcript("/models/large.bin", isDoubtful: true), for: renamed, by: large, at: server) == 200)
            let base = try await Self.register("base", at: server)
            let third = try #require(try await server.claim(base).jobID)
            let text = String(repeating: "Thank you. ", count: 100)
            let answer = try await server.send(
                .post, "/api/nodes/jobs/\(third)/complete", key: base.apiKey,
                #"{"transcript_text":"\#(text)","whisper_model":"base"}"#)
            #expect(answer.status == 200)
            #expect(try await server.parts.database.jobs.queued(limit: 10).isEmpty)
        }
    }

    @Test func `lists are filtered by doubt, and the metrics count it`() async throws {
        try await ServerFixture.run(environment: Self.setting) { server in
            let episode = try await Self.makeDoubtful(at: server)
            _ = try await server.makeQueuedEpisode("Other", audio: "other audio")
            let list = try await server.send(.get, "/api/episodes?doubtful=true").decode(EpisodeListResponse.self)
            #expect(list.episodes.map(\.id) == [episode.id] && list.total == 1)
            #expect(list.episodes.first?.quality?.findings.isEmpty == false)
            #expect(list.episodes.first?.secondTry?.model == "large")
            #expect(try await server.send(.get, "/api/episodes?doubtful=maybe").status == 400)
            #expect(
                try await server.send(.get, "/api/episodes/\(episode.id)/transcript?version=third").status == 400)
            #expect(
                try await server.send(.get, "/api/episodes/\(episode.id)/transcript?version=other").status == 404)
            let all = try await server.send(.get, "/api/episodes?doubtful=false").decode(EpisodeListResponse.self)
            #expect(all.total == 2)
            let page = try await server.send(.get, "/feeds/\(episode.feedID)?doubtful=true").text
            #expect(page.contains(">Talk</a>") && !page.contains(">Other</a>"))
            #expect(page.contains("Doubtful <span class=\"count\">1</span>"))
            #expect(page.contains("<span class=\"badge wait\">Doubtful</span>"))
            let metrics = try await server.send(.get, "/metrics").text
            #expect(metrics.contains("cast2md_transcripts_doubtful{finding=\"repetition\"} 1\n"))
            #expect(metrics.contains("cast2md_transcripts_doubtful{finding=\"few_words\"} 0\n"))
            #expect(metrics.contains("cast2md_second_tries{outcome=\"open\"} 1\n"))
            #expect(metrics.contains("cast2md_second_tries{outcome=\"kept_second\"} 0\n"))
        }
    }

    @Test func `no pod is bought for it that could not do it`() async throws {
        let pods = ScriptedPods()
        let settings = [
            "RUNPOD_AUTO_SCALE": "true", "RUNPOD_SCALE_THRESHOLD": "1", "RUNPOD_WHISPER_MODEL": "large-v2",
            "SECOND_TRY_MODEL": "large-v3",
        ]
        try await ServerFixture.run(pods, settings: settings) { server in
            for number in 0..<3 { _ = try await Self.makeDoubtful("Talk\(number)", at: server) }
            #expect(try await server.parts.database.jobs.queued(limit: 10).count == 3)
            let fleet = try #require(server.parts.fleet)
            await fleet.turn()
            #expect(pods.ids.isEmpty)
            // The same queue is work for pods that run the model.
            _ = try await server.send(
                .put, "/api/settings", #"{"settings":{"runpod_whisper_model":"large-v3"}}"#)
            await fleet.turn()
            #expect(pods.ids.count == 3)
        }
    }

    @Test func `the setting takes a model's name and nothing else`() async throws {
        try await ServerFixture.run { server in
            let bad = try await server.send(
                .put, "/api/settings", #"{"settings":{"second_try_model":"large; rm -rf"}}"#)
            #expect(bad.status == 400 && bad.detail.contains("a model's name"))
            let good = try await server.send(
                .put, "/api/settings", #"{"settings":{"second_try_model":"large-v3"}}"#)
            #expect(good.status == 200 && server.parts.configuration.secondTryModel == "large-v3")
        }
    }
}
