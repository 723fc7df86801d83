import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Testing

@Suite struct QueueBatchTests {
    private func run(
        _ count: Int = 6, _ body: @Sendable (ServerFixture, Feed, [Episode]) async throws -> Void
    ) async throws {
        try await ServerFixture.run { server in
            let (feed, episodes) = try await server.parts.database.makeFeed(
                episodes: count, withAudio: true, at: server.time.now)
            try await body(server, feed, episodes)
        }
    }

    @Test func `a list, a range and a feed of episodes are queued in one request each`() async throws {
        try await self.run { server, feed, episodes in
            let list = try await server.send(
                .post, "/api/queue/batch/episodes", #"{"episode_ids":[\#(episodes[0].id),\#(episodes[1].id)]}"#
            ).decode(BatchResponse.self)
            #expect(list.queued == 2)
            let range = try await server.send(
                .post, "/api/queue/batch/range", #"{"feed_id":\#(feed.id),"position_from":1,"position_to":2}"#
            ).decode(BatchResponse.self)
            #expect(range.queued == 2)
            let rest = try await server.send(.post, "/api/queue/batch/feed/\(feed.id)/transcribe")
                .decode(BatchResponse.self)
            #expect(rest.queued == 2 && rest.skipped == 4)
            #expect(try await server.send(.delete, "/api/queue/batch/queued").decode(BatchResponse.self).skipped == 6)
        }
    }

    @Test(arguments: [
        (#"{"feed_id":1,"date_from":"yesterday"}"#, 400), (#"{"feed_id":1,"position_from":0}"#, 400),
        (#"{"position_from":1}"#, 422), (#"{"feed_id":1,"position_from":5,"position_to":2}"#, 400),
    ])
    func `a range that is none is refused`(body: String, status: Int) async throws {
        try await self.run { server, _, _ in
            let answer = try await server.send(.post, "/api/queue/batch/range", body)
            #expect(answer.status == status)
        }
    }

    @Test func `pause and resume are shown where people look`() async throws {
        try await self.run { server, feed, _ in
            _ = try await server.send(.post, "/api/queue/batch/feed/\(feed.id)/process")
            let node = try await server.register()
            let paused = try await server.send(
                .post, "/api/queue/pause", #"{"job_type":"transcribe","reason":"holiday"}"#
            ).decode(PausesResponse.self)
            #expect(paused.paused.map(\.reason) == ["holiday"])
            #expect(try await server.claim(node).hasJob == false)
            let status = try await server.send(.get, "/api/queue/status").decode(QueueStatusResponse.self)
            #expect(status.paused == [.transcribe])
            _ = try await server.send(.post, "/api/queue/resume")
            #expect(try await server.claim(node).hasJob)
            #expect(try await server.send(.post, "/api/queue/pause", #"{"job_type":"dance"}"#).status == 400)
        }
    }

    @Test func `all jobs are listed with why they wait, and stuck ones can be taken back`() async throws {
        try await self.run { server, feed, episodes in
            _ = try await server.send(.post, "/api/queue/batch/feed/\(feed.id)/process")
            let node = try await server.register()
            let claim = try await server.claim(node)
            var all = try await server.send(.get, "/api/queue/all").decode(AllJobsResponse.self)
            #expect(all.jobs.first?.status == "running" && all.jobs.first?.nodeName == "home")
            #expect(all.jobs.last?.waitsFor == "It waits for a node.")
            #expect(all.stuckCount == 0)
            server.time.advance(by: 31 * 60)
            all = try await server.send(.get, "/api/queue/all?status=stuck").decode(AllJobsResponse.self)
            #expect(all.jobs.map(\.jobID) == [claim.jobID])
            #expect(try await server.send(.get, "/api/queue/stuck").decode(StuckJobsResponse.self).stuckCount == 1)
            #expect(try await server.send(.post, "/api/queue/batch/reset-stuck").decode(BatchResponse.self).queued == 1)
            let last = try #require(try await server.parts.database.jobs.queued(limit: 10).last)
            _ = try await server.send(.post, "/api/queue/\(last.job.id)/move-up")
            #expect(try await server.claim(node).jobID == last.job.id)
            #expect(try await server.send(.delete, "/api/queue/\(last.job.id)/force").status == 200)
            #expect(try await server.send(.get, "/api/queue/\(last.job.id)").status == 404)
        }
    }

    @Test func `statistics say what was done and by whom`() async throws {
        try await self.run(1) { server, feed, _ in
            _ = try await server.send(.post, "/api/queue/batch/feed/\(feed.id)/process")
            let node = try await server.register()
            let id = try #require(try await server.claim(node).jobID)
            server.time.advance(by: 6)
            _ = try await server.send(
                .post, "/api/nodes/jobs/\(id)/complete", key: node.apiKey, #"{"transcript_text":"**[00:00]** Hi."}"#)
            let stats = try await server.send(.get, "/api/queue/stats").decode(QueueStatsResponse.self)
            #expect(stats.lastHour.jobsCompleted == 1 && stats.lastHour.audioMinutesProcessed == 1)
            #expect(stats.lastHour.throughputRatio == 10)
            #expect(stats.byNode24h.map(\.nodeName) == ["home"])
        }
    }
}
