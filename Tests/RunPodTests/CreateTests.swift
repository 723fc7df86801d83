import CastCore
import CastTestSupport
import Foundation
import HTTPTypes
import Logging
import Testing

@testable import RunPod

@Suite(.timeLimit(.minutes(1)))
struct CreateTests {
    @Test func `a create sends exactly what RunPod takes`() async throws {
        try await ScriptedRunPod.run(.json(smallPod, status: 201)) { runpod in
            let pod = try await runpod.provider.create(smallRequest)
            #expect(pod.id == "k3v9" && pod.pricePerHour == Money("0.27"))
            let seen = try #require(runpod.seen.first)
            #expect(seen.method == "POST" && seen.path == "/v2/pods")
            let expected =
                #"{"cloud":"COMMUNITY","cmd":["boot"],"disk":40,"entrypoint":["/bin/sh","-c"],"env":{"INSTANCE_ID":"a3f2"},"#
                + #""gpu":{"count":1,"id":"NVIDIA RTX A5000","minCudaVersion":"12.8"},"#
                + #""image":"ghcr.io/example/afterburner:1","name":"cast2md-afterburner-a3f2","ports":["22/tcp"],"#
                + #""startJupyter":false,"startSsh":false}"#
            #expect(seen.body == expected)
            #expect(seen.headers[.authorization] == "Bearer \(ScriptedRunPod.key)")
            #expect(seen.headers[.userAgent] == "cast2md/\(castVersion)")
            #expect(seen.headers[.contentType] == "application/json")
        }
    }

    @Test(arguments: [
        (
            400, "There are no longer any instances available with the requested specifications.",
            ProviderFailure.Kind.noCapacity
        ),
        (400, "This machine does not have the resources to deploy your pod", .noCapacity),
        (400, "request could not be processed", .invalidRequest),
        (401, "missing bearer token", .forbidden), (402, "insufficient balance", .outOfMoney),
        (403, "access denied", .forbidden), (404, "resource not found", .invalidRequest),
        (409, "conflict", .invalidRequest), (410, "retired", .unavailable),
        (413, "too large", .invalidRequest), (422, "Request validation failed.", .invalidRequest),
        (500, "oops", .unknownOutcome), (503, "oops", .unknownOutcome),
    ])
    func `a refused create is asked once, and keeps RunPod's words`(
        status: Int, detail: String, kind: ProviderFailure.Kind
    ) async throws {
        try await ScriptedRunPod.run(.problem(status, detail, ["x-request-id": "req-7"])) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in
                try await runpod.provider.create(smallRequest)
            }
            #expect(failure == ProviderFailure(kind, detail, requestID: "req-7", status: status))
            #expect(runpod.seen.count == 1)
        }
    }

    @Test(arguments: [ScriptedRunPod.Step.dropped, .page(502), .page(403), .json("{}", status: 201), .page(201)])
    func `a create whose end is not known is never repeated`(step: ScriptedRunPod.Step) async throws {
        try await ScriptedRunPod.run(step, .json(smallPod, status: 201)) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in
                try await runpod.provider.create(smallRequest)
            }
            #expect(failure?.kind == .unknownOutcome)
            #expect(runpod.seen.count == 1)
        }
    }

    @Test func `a create is repeated after a 429, when the time has come`() async throws {
        try await ScriptedRunPod.run(
            .problem(429, "rate limit exceeded for the minute window", ["Retry-After": "7"]),
            .json(smallPod, status: 201)
        ) { runpod in
            let begun = runpod.clock.now
            let answer1 = try await runpod.provider.create(smallRequest)
            #expect(answer1.id == "k3v9")
            #expect(begun.duration(to: runpod.clock.now) >= .seconds(7))
            #expect(runpod.seen.count == 2)
        }
    }

    @Test func `a create that must wait for long is given back`() async throws {
        try await ScriptedRunPod.run(.problem(429, "daily", ["Retry-After": "3600"])) { runpod in
            let first = await failure { () async throws(ProviderFailure) in
                try await runpod.provider.create(smallRequest)
            }
            #expect(first?.kind == .rateLimited(retryAfter: .seconds(3600)))
            // The next one is not even sent.
            let second = await failure { () async throws(ProviderFailure) in
                try await runpod.provider.create(smallRequest)
            }
            guard case .rateLimited = second?.kind else {
                Issue.record("\(String(describing: second))")
                return
            }
            #expect(runpod.seen.count == 1)
        }
    }

    @Test func `a create that could not be sent is no unknown outcome`() async throws {
        // Port 1 of loopback: nobody listens there.
        let client = RunPodClient(
            try RunPodSettings(key: "k", base: "http://127.0.0.1:1"), logger: .init(label: "test"))
        let failure = await failure { () async throws(ProviderFailure) in try await client.create(smallRequest) }
        await client.close()
        #expect(failure?.kind == .unavailable)
    }

    @Test func `what RunPod would refuse is not sent`() async throws {
        try await ScriptedRunPod.run(.json(smallPod, status: 201)) { runpod in
            func refused(_ change: (inout PodRequest) -> Void) async -> Bool {
                var request = smallRequest
                change(&request)
                return await failure { () async throws(ProviderFailure) in
                    try await runpod.provider.create(request)
                }?.kind == .invalidRequest
            }
            #expect(await refused { $0.name = "" })
            #expect(await refused { $0.image = "two words" })
            #expect(await refused { $0.gpu = "" })
            #expect(await refused { $0.diskGB = 0 })
            #expect(await refused { $0.ports = ["22"] })
            #expect(await refused { $0.ports = ["70000/tcp"] })
            #expect(await refused { $0.ports = ["53/udp"] })
            #expect(await refused { $0.dataCentres = ["eu-ro-1"] })
            #expect(
                await refused { $0.environment = .init(.init(uniqueKeysWithValues: (0...50).map { ("V\($0)", "") })) })
            #expect(await refused { $0.environment["BIG"] = String(repeating: "x", count: 102_400) })
            #expect(runpod.seen.isEmpty)
        }
    }

    @Test func `a key that the answer repeats is taken out of the failure`() async throws {
        try await ScriptedRunPod.run(.problem(401, "bad key \(ScriptedRunPod.key)")) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in
                try await runpod.provider.create(smallRequest)
            }
            #expect(failure?.text == "bad key [key]")
        }
    }
}
