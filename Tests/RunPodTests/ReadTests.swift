import CastCore
import CastTestSupport
import Foundation
import Testing

@testable import RunPod

@Suite(.timeLimit(.minutes(1)))
struct ReadTests {
    static let wholePod = """
        {"id":"p1","name":"c-1","status":"RUNNING","actions":["stop"],"image":"i","env":{"A":"b","N":7},
         "gpu":{"id":"NVIDIA RTX A5000","count":1},"cloud":"SECURE","dataCenterId":"EU-RO-1","cudaVersion":"12.8",
         "cost":0.27,"runtime":{"uptime":61.5},"createdAt":"2026-11-23T09:00:00Z",
         "startedAt":"2026-11-23T09:00:02.123456789Z","surprise":[{}]}
        """

    @Test func `a pod is read whole`() async throws {
        try await ScriptedRunPod.run(.json(Self.wholePod)) { runpod in
            let pod = try #require(try await runpod.provider.pod("p1"))
            #expect(runpod.seen.map(\.path) == ["/v2/pods/p1"])
            #expect(pod.name == "c-1" && pod.status == .running && pod.isUp)
            #expect(pod.gpu == "NVIDIA RTX A5000" && pod.cloud == .secure && pod.dataCentre == "EU-RO-1")
            #expect(pod.pricePerHour == Money("0.27") && pod.hostCUDA == CUDAVersion(major: 12, minor: 8))
            #expect(pod.uptime == .seconds(61.5) && pod.environment.values == ["A": "b", "N": "7"])
            #expect(pod.createdAt == Date(timeIntervalSince1970: 1_795_424_400))
            #expect(abs((pod.startedAt?.timeIntervalSince1970 ?? 0) - 1_795_424_402.123) < 0.001)
        }
    }

    @Test(arguments: [
        #"{"id":"p1"}"#, #"{"id":"p1","name":null,"status":7,"gpu":"x","cost":"much","runtime":[],"env":"A=b"}"#,
        #"{"id":"p1","status":"SOMETHING_NEW","cudaVersion":null,"createdAt":"yesterday","runtime":{"uptime":1e300}}"#,
    ])
    func `an odd pod is kept with what can be read`(body: String) async throws {
        try await ScriptedRunPod.run(.json(body)) { runpod in
            let pod = try #require(try await runpod.provider.pod("p1"))
            #expect(pod == ProviderPod(id: "p1", name: "", status: .unknown))
        }
    }

    @Test func `only RunPod's own "not found" makes a pod absent`() async throws {
        try await ScriptedRunPod.run(.problem(404, "resource not found")) { runpod in
            let answer1 = try await runpod.provider.pod("p1")
            #expect(answer1 == nil)
            try await runpod.provider.terminate("p1")
        }
        for step in [ScriptedRunPod.Step.page(404), .json(#"{"detail":"Not Found"}"#, status: 404), .init(status: 404)]
        {
            try await ScriptedRunPod.run(step) { runpod in
                let read = await failure { () async throws(ProviderFailure) in try await runpod.provider.pod("p1") }
                let end = await failure { () async throws(ProviderFailure) in
                    try await runpod.provider.terminate("p1")
                }
                #expect(read?.kind == .unavailable && end?.kind == .unavailable)
            }
        }
    }

    @Test func `a page is told by its title`() async throws {
        try await ScriptedRunPod.run(.page(502)) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in try await runpod.provider.pod("p1") }
            #expect(failure?.text == "The answer was a page (502 Bad gateway), not RunPod's JSON.")
        }
    }

    @Test func `an answer about another pod is none`() async throws {
        try await ScriptedRunPod.run(.json(#"{"id":"p2"}"#)) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in try await runpod.provider.pod("p1") }
            #expect(failure?.kind == .unavailable)
        }
    }

    @Test(arguments: [
        ScriptedRunPod.Step.dropped, .problem(500, "x"), .page(502), .problem(429, "x", ["Retry-After": "2"]),
    ])
    func `reads and terminations are repeated`(step: ScriptedRunPod.Step) async throws {
        try await ScriptedRunPod.run(step, step, .json(#"{"id":"p1"}"#)) { runpod in
            let answer2 = try await runpod.provider.pod("p1")
            #expect(answer2?.id == "p1")
            #expect(runpod.seen.count == 3)
        }
        try await ScriptedRunPod.run(step, .init(status: 204)) { runpod in
            try await runpod.provider.terminate("p1")
            #expect(runpod.seen.map(\.method) == ["DELETE", "DELETE"])
        }
    }

    @Test func `what does not get better is given up after four tries`() async throws {
        try await ScriptedRunPod.run(.problem(503, "down")) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in try await runpod.provider.list("") }
            #expect(failure == ProviderFailure(.unavailable, "down", status: 503))
            #expect(runpod.seen.count == 4)
        }
    }

    @Test func `a list without pages is a list`() async throws {
        try await ScriptedRunPod.run(.json(#"{"pods":[{"id":"a","name":"c-1"},{"id":"b","name":"other"}]}"#)) {
            runpod in
            let answer3 = try await runpod.provider.list("c-")
            #expect(answer3.pods.map(\.id) == ["a"])
            #expect(runpod.seen.map(\.path) == ["/v2/pods?limit=1000"])
        }
    }

    @Test func `a list is read page after page`() async throws {
        try await ScriptedRunPod.run(
            .json(#"{"pods":[{"id":"a","name":"c"}],"pagination":{"nextCursor":"n/2","hasNextPage":true}}"#),
            .json(
                #"{"pods":[{"id":"a","name":"c"},{"id":"b","name":"c"}],"pagination":{"nextCursor":null,"hasNextPage":false}}"#
            )
        ) { runpod in
            let answer4 = try await runpod.provider.list("c")
            #expect(
                answer4
                    == PodList([
                        .init(id: "a", name: "c", status: .unknown), .init(id: "b", name: "c", status: .unknown),
                    ]))
            #expect(runpod.seen.map(\.path) == ["/v2/pods?limit=1000", "/v2/pods?limit=1000&cursor=n%2F2"])
        }
    }

    @Test(arguments: [
        #"{"pods":[],"pagination":{"nextCursor":"same","hasNextPage":true}}"#,
        #"{"pods":[],"pagination":{"nextCursor":null,"hasNextPage":true}}"#,
        #"{"pods":{}}"#, "[]", "", "<html>",
    ])
    func `a list that is not whole is a failure, never a short list`(body: String) async throws {
        try await ScriptedRunPod.run(.json(body)) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in try await runpod.provider.list("") }
            #expect(failure?.kind == .unavailable)
        }
    }

    @Test func `entries that nobody can read are told of, and do not lose the others`() async throws {
        try await ScriptedRunPod.run(
            .json(#"{"pods":[null,{"name":"c"},{"id":"x"},{"id":"y"},{"id":"b","name":"c-2"}]}"#),
            .json(#"{"id":"x","name":"c-1"}"#), .json(#"{"id":"y"}"#)
        ) { runpod in
            let list = try await runpod.provider.list("c")
            #expect(list.pods.map(\.name) == ["c-1", "c-2"])
            #expect(
                list.unreadable == [
                    "An entry has no readable id.", "An entry has no readable id.",
                    "The pod y has no readable name.",
                ])
        }
    }

    @Test func `a name that is not in an unreadable list may still exist`() async throws {
        let body = #"{"pods":[null,{"id":"b","name":"c-2"},{"id":"c","name":"c-22"}]}"#
        try await ScriptedRunPod.run(.json(body)) { runpod in
            let answer5 = try await runpod.provider.find("c-2")
            #expect(answer5.map(\.id) == ["b"])
            let failure = await failure { () async throws(ProviderFailure) in try await runpod.provider.find("c-1") }
            #expect(failure?.kind == .unavailable)
        }
    }

    @Test func `an id is one part of the path, whatever is in it`() async throws {
        try await ScriptedRunPod.run(.init(status: 204)) { runpod in
            try await runpod.provider.terminate("a/../b?c d")
            #expect(runpod.seen.map(\.path) == ["/v2/pods/a%2F..%2Fb%3Fc%20d"])
        }
    }

    @Test func `JSON that nests too deep is no answer`() async throws {
        let body = String(repeating: "[", count: 100_000)
        try await ScriptedRunPod.run(.json(body)) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in try await runpod.provider.list("") }
            #expect(failure?.kind == .unavailable)
        }
    }

    @Test func `requests wait for a window that is used up`() async throws {
        try await ScriptedRunPod.run(
            .json(#"{"id":"p1"}"#, status: 200, ["RateLimit": #""minute";r=1;t=41, "hour";r=2970;t=3300"#]),
            .json(#"{"id":"p1"}"#)
        ) { runpod in
            let begun = runpod.clock.now
            _ = try await runpod.provider.pod("p1")
            _ = try await runpod.provider.pod("p1")
            #expect(begun.duration(to: runpod.clock.now) == .zero)
            _ = try await runpod.provider.pod("p1")
            #expect(begun.duration(to: runpod.clock.now) >= .seconds(41))
        }
    }
}
