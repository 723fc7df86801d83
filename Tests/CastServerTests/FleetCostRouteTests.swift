import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import PodFleet
import Testing

struct FleetCostRouteTests {
    @Test func `a pod's money is shared out among days, GPUs, feeds and episodes`() async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods) { server in
            let episode = try await server.makeQueuedEpisode("Talk")
            let worked = try await server.buyPod()
            let worker = try await server.registerWorker(of: worked)
            let job = try #require(try await server.claim(worker).jobID)
            server.time.advance(by: 1800)
            let body = ##"{"transcript_text":"# Talk\n\n**[00:01]** Hello there.\n","whisper_model":"base"}"##
            let done = try await server.send(.post, "/api/nodes/jobs/\(job)/complete", key: worker.apiKey, body)
            #expect(done.status == 200, "\(done.text)")
            server.time.advance(by: 1800)
            _ = try await server.send(.delete, "/api/runpod/pods")
            for _ in 0..<3 { await server.parts.fleet?.turn() }
            // One that never worked.
            _ = try await server.buyPod()
            server.time.advance(by: 1200)
            _ = try await server.send(.delete, "/api/runpod/pods")
            for _ in 0..<3 { await server.parts.fleet?.turn() }

            let costs = try await server.send(.get, "/api/runpod/costs?days=2").decode(PodCostsResponse.self)
            #expect(costs.totalCost == 0.36)
            #expect(costs.unassignedCost == 0.09)
            #expect(costs.feeds.map(\.cost) == [0.27] && costs.feeds.map(\.episodes) == [1])
            #expect(costs.episodes.map(\.episodeID) == [episode.id] && costs.episodes.map(\.cost) == [0.27])
            #expect(costs.days.map(\.day) == ["2027-01-15"] && costs.days.map(\.cost) == [0.36])
            #expect(costs.gpus.map(\.runs) == [2] && costs.gpus.map(\.jobs) == [1])
            #expect(try await server.send(.get, "/api/runpod/costs?days=0").status == 422)
        }
    }
}
