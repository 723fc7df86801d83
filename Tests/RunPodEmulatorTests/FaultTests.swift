import CastCore
import CastTestSupport
import Foundation
import NIOHTTP1
import RunPod
import RunPodEmulator
import Testing

@Suite(.timeLimit(.minutes(1)))
struct FaultTests {
    @Test(arguments: [
        (#"{"kind":"noCapacity"}"#, ProviderFailure.Kind.noCapacity, 0),
        (#"{"kind":"noCapacity","dataCentre":"EU-RO-1"}"#, .noCapacity, 0),
        (#"{"kind":"outOfMoney"}"#, .outOfMoney, 0), (#"{"kind":"forbidden"}"#, .forbidden, 0),
        (#"{"kind":"rateLimited","retryAfter":600}"#, .rateLimited(retryAfter: .seconds(600)), 0),
        (#"{"kind":"serverErrorBefore"}"#, .unknownOutcome, 0), (#"{"kind":"serverErrorAfter"}"#, .unknownOutcome, 1),
        (#"{"kind":"dropConnectionAfterCreate"}"#, .unknownOutcome, 1),
        (#"{"kind":"htmlErrorPage","on":"create"}"#, .unknownOutcome, 0),
    ])
    func `a create fails as it would at RunPod`(fault: String, kind: ProviderFailure.Kind, pods: Int) async throws {
        try await EmulatorFixture.run { emulator in
            try await emulator.arm(fault)
            let seen = await failure { () async throws(ProviderFailure) in
                var request = EmulatorFixture.request()
                request.dataCentres = ["EU-RO-1"]
                return try await emulator.provider.create(request)
            }
            #expect(seen?.kind == kind)
            let ledger = await emulator.server.ledger()
            #expect(ledger.rows.count == pods)
            // What exists is found by its name.
            _ = try await emulator.send(.DELETE, "/emulator/faults", key: nil)
            let list = try await emulator.send(.GET, "/v2/pods")
            #expect(list.text.contains(#""name":"cast2md-afterburner-a3f2""#) == (pods == 1))
        }
    }

    @Test func `a fault hits the GPU, the cloud, the place and the number of times that it names`() async throws {
        try await EmulatorFixture.run { emulator in
            try await emulator.arm(
                #"[{"kind":"noCapacity","gpu":"NVIDIA L4"},{"kind":"noCapacity","cloud":"COMMUNITY","count":2}]"#)
            func kind(_ gpu: GPUID, _ cloud: Cloud) async -> ProviderFailure.Kind? {
                await failure { () async throws(ProviderFailure) in
                    var request = EmulatorFixture.request()
                    request.gpu = gpu
                    request.cloud = cloud
                    return try await emulator.provider.create(request)
                }?.kind
            }
            #expect(await kind("NVIDIA L4", .secure) == .noCapacity)
            #expect(await kind("NVIDIA L40", .secure) == nil)
            #expect(await kind("NVIDIA RTX A5000", .community) == .noCapacity)
            #expect(await kind("NVIDIA RTX A5000", .community) == .noCapacity)
            #expect(await kind("NVIDIA RTX A5000", .community) == nil)
            let cleared = try await emulator.send(.DELETE, "/emulator/faults", key: nil)
            #expect(cleared.status == 204)
            #expect(await kind("NVIDIA L4", .secure) == nil)
            try await emulator.arm(#"{"kind":"noCapacity","dataCentre":"EU-RO-1"}"#)
            let elsewhere = try await emulator.buy()
            #expect(elsewhere.dataCentre == "EU-SE-1")
        }
    }

    @Test(arguments: [
        #"{"kind":"listFails","count":2}"#, #"{"kind":"htmlErrorPage","count":2}"#,
        #"{"kind":"rateLimited","count":2,"retryAfter":7}"#,
    ])
    func `a list that fails for a while is read in the end`(fault: String) async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy()
            try await emulator.arm(fault)
            let list = try await emulator.provider.list("")
            #expect(list.pods.map(\.id) == [pod.id])
        }
    }

    @Test func `a list that fails is never an empty list`() async throws {
        try await EmulatorFixture.run { emulator in
            try await emulator.arm(#"{"kind":"listFails"}"#)
            let seen = await failure { () async throws(ProviderFailure) in try await emulator.provider.list("") }
            #expect(seen?.kind == .unavailable)
        }
    }

    @Test func `a list misses a pod once`() async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy()
            try await emulator.arm(#"{"kind":"listMissesPodOnce"}"#)
            let first = try await emulator.provider.list("")
            let direct = try await emulator.provider.pod(pod.id)
            let second = try await emulator.provider.list("")
            #expect(first.pods.isEmpty && direct?.id == pod.id && second.pods.map(\.id) == [pod.id])
        }
    }

    @Test func `a termination that fails ends nothing`() async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy()
            try await emulator.arm(#"{"kind":"terminateFails","count":6}"#)
            // The client itself tries four times.
            let seen = await failure { () async throws(ProviderFailure) in
                try await emulator.provider.terminate(pod.id)
            }
            #expect(seen?.kind == .unavailable)
            var ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 1)
            try await emulator.provider.terminate(pod.id)
            ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 0)
        }
    }

    @Test func `a pod comes with another GPU, an old driver and another price`() async throws {
        try await EmulatorFixture.run { emulator in
            try await emulator.arm(
                #"""
                [{"kind":"wrongGPU","givenGPU":"NVIDIA L4"},{"kind":"oldDriver","cudaVersion":"12.4"},
                 {"kind":"priceChange","pricePerHour":0.91}]
                """#)
            let pod = try await emulator.buy { $0.minimumCUDA = CUDAVersion(major: 12, minor: 8) }
            #expect(pod.gpu == "NVIDIA L4" && pod.hostCUDA == CUDAVersion(major: 12, minor: 4))
            #expect(pod.pricePerHour == Money("0.91"))
            let offers = try await emulator.provider.offers(OfferQuery())
            #expect(offers.first { $0.id == "NVIDIA RTX A5000" }?.terms[.community]?.pricePerHour == Money("0.22"))
        }
    }

    @Test func `a pull that never ends bills, and says so in the system's log only`() async throws {
        try await EmulatorFixture.run(time: EmulatorTime(speed: 100)) { emulator in
            try await emulator.arm(#"{"kind":"pullLoop"}"#)
            let pod = try await emulator.buy("echo never")
            let line = try await emulator.line(of: pod) { $0.hasSuffix("pending") }
            #expect(line != nil)
            let shown = try #require(try await emulator.provider.pod(pod.id))
            #expect(shown.status == .running && !shown.isUp)
            let lines = try await emulator.provider.logs(pod.id, 100)
            #expect(lines.allSatisfy { $0.source == .system })
        }
    }

    @Test func `a slow pull delays the process`() async throws {
        try await EmulatorFixture.run(time: EmulatorTime(speed: 100)) { emulator in
            try await emulator.arm(#"{"kind":"slowPull","seconds":50,"count":1}"#)
            let pod = try await emulator.buy()
            #expect(!pod.isUp)
            let up = try await eventually {
                try await emulator.provider.pod(pod.id).flatMap { $0.isUp ? $0 : nil }
            }
            let delay = try #require(up?.startedAt).timeIntervalSince(try #require(up?.createdAt))
            #expect(delay >= 49)
        }
    }

    @Test func `a pod dies and stays dead, and bills`() async throws {
        try await EmulatorFixture.run { emulator in
            try await emulator.arm(#"{"kind":"podDies","seconds":0.2}"#)
            let pod = try await emulator.buy("echo $$; sleep 1000")
            let dead = try await eventually {
                try await emulator.provider.pod(pod.id).flatMap { $0.status == .failed ? $0 : nil }
            }
            #expect(dead?.uptime == nil)
            let line = try #require(try await emulator.line(of: pod) { Int($0) != nil })
            let pid = try #require(Int(line))
            #expect(try await eventually { isAlive(pid) ? nil : true } == true)
            let ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 1)
            try await emulator.provider.terminate(pod.id)
        }
    }

    @Test func `a pod goes silent: it stands still and looks well`() async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy("echo $$; exec sleep 1000")
            let line = try #require(try await emulator.line(of: pod) { Int($0) != nil })
            try await emulator.arm(#"{"kind":"podSilent","pod":"cast2md-afterburner-a3f2"}"#)
            let state = try await eventually {
                try? String(contentsOfFile: "/proc/\(line)/stat", encoding: .utf8)
                    .split(separator: ")").last?.split(separator: " ").first.flatMap { $0 == "T" ? true : nil }
            }
            #expect(state == true)
            let shown = try await emulator.provider.pod(pod.id)
            #expect(shown?.isUp == true)
            try await emulator.provider.terminate(pod.id)
            #expect(!isAlive(Int(line) ?? 0))
        }
    }

    @Test func `a pod vanishes with its processes and its bill`() async throws {
        try await EmulatorFixture.run { emulator in
            try await emulator.arm(#"{"kind":"podVanishes","seconds":0.2}"#)
            let pod = try await emulator.buy("echo $$; sleep 1000")
            let line = try #require(try await emulator.line(of: pod) { Int($0) != nil })
            let isGone = try await eventually { try await emulator.provider.pod(pod.id) == nil ? true : nil }
            #expect(isGone == true)
            #expect(try await eventually { isAlive(Int(line) ?? 0) ? nil : true } == true)
            let ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 0)
        }
    }

    @Test(arguments: [
        #"{"kind":"noSuchFault"}"#, #"{"count":1}"#, #"{"kind":"forbidden","gpus":"x"}"#, "7", "", "[1]",
        #"{"kind":"forbidden","count":0}"#,
    ])
    func `a fault that is not understood is refused`(fault: String) async throws {
        try await EmulatorFixture.run { emulator in
            let answer = try await emulator.send(.POST, "/emulator/faults", fault, key: nil)
            #expect(answer.status == 422)
            let armed = try await emulator.send(.GET, "/emulator/faults", key: nil)
            #expect(armed.text == #"{"faults":[],"held":[]}"#)
        }
    }

    @Test func `a scenario sets everything, and a wrong one says what is wrong`() async throws {
        var options = EmulatorOptions(home: URL(fileURLWithPath: "/nowhere"))
        try Scenario.apply(
            Data(
                #"""
                {"faults":[{"kind":"noCapacity","count":3,"cloud":"SECURE"}],"balance":25,"createSeconds":2,
                 "pullSeconds":60.5,"requestsPerMinute":60,"pageSize":10,"pagination":false,
                 "secrets":{"ts_auth_key":"tskey-1"}}
                """#.utf8), to: &options)
        #expect(options.faults.map(\.kind) == [.noCapacity] && options.faults.first?.count == 3)
        #expect(options.balance == Money("25") && options.createTime == .seconds(2))
        #expect(options.pullTime == .seconds(60.5) && options.requestsPerMinute == 60)
        #expect(options.pageSize == 10 && !options.hasPagination && options.secrets == ["ts_auth_key": "tskey-1"])
        #expect(throws: CastError.self) { try Scenario.apply(Data(#"{"pullSeconds":1e300}"#.utf8), to: &options) }
        #expect {
            try Scenario.apply(Data(#"{"fault":[]}"#.utf8), to: &options)
        } throws: {
            "\($0)".contains("unknown field \"fault\"")
        }
    }
}
