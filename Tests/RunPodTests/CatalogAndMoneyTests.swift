import CastCore
import Foundation
import Testing

@testable import RunPod

@Suite(.timeLimit(.minutes(1)))
struct CatalogAndMoneyTests {
    static let catalog = """
        {"gpus":[{"id":"NVIDIA RTX A5000","name":"RTX A5000","memory":24,"secure":true,"community":true,
          "price":{"secure":0.27,"community":0.16},"availability":"LOW",
          "dataCenters":[{"id":"EU-RO-1","availability":"HIGH"},{"id":"X"},7],
          "cudaVersions":[{"version":"13.0","available":false},{"version":"12.8","available":true},{"version":"12.4"}]},
         {"id":"NVIDIA L40","name":"L40","secure":true,"community":false,"price":{"secure":0.82}},
         {"id":"unknown"},{"name":"no id"},null,{"id":"bare"}]}
        """

    @Test func `offers are asked cloud by cloud and put together`() async throws {
        try await ScriptedRunPod.run(.json(Self.catalog)) { runpod in
            let offers = try await runpod.provider.offers(OfferQuery(minimumCUDA: CUDAVersion("12.8")))
            #expect(
                runpod.seen.map(\.path)
                    == ["COMMUNITY", "SECURE"].map {
                        "/v2/catalog/gpus?include=AVAILABILITY&product=POD&count=1&cloud=\($0)&minCudaVersion=12.8"
                    })
            #expect(offers.map(\.id) == ["NVIDIA RTX A5000", "bare", "NVIDIA L40"])
            let first = try #require(offers.first)
            #expect(first.displayName == "RTX A5000" && first.memoryGB == 24)
            #expect(
                first.terms[.community]
                    == GPUOffer.Terms(
                        pricePerHour: Money("0.16"), stock: .low, dataCentres: ["EU-RO-1": .high],
                        cudaVersions: [CUDAVersion(major: 12, minor: 4), CUDAVersion(major: 12, minor: 8)]))
            #expect(first.terms[.secure]?.pricePerHour == Money("0.27"))
            #expect(offers.last?.terms.keys.map(\.self) == [.secure])
        }
    }

    @Test func `the bill is read in exact amounts`() async throws {
        let body = """
            {"records":[{"startTime":"2026-11-23T09:00:00Z","endTime":"2026-11-23T10:00:00Z","podId":"p",
             "totalAmount":0.071234},{"podId":"q"},null]}
            """
        try await ScriptedRunPod.run(.json(body)) { runpod in
            let from = Date(timeIntervalSince1970: 1_795_424_400)
            let records = try await runpod.provider.billing(from, from.addingTimeInterval(7200))
            #expect(
                records == [
                    BillingRecord(
                        pod: "p", from: from, to: from.addingTimeInterval(3600), amount: Money(micros: 71_234))
                ])
            #expect(
                runpod.seen.map(\.path) == [
                    "/v2/billing/pods?startTime=2026-11-23T09%3A00%3A00Z&endTime=2026-11-23T11%3A00%3A00Z&bucketSize=hour"
                ])
        }
    }

    @Test(arguments: [
        (
            ScriptedRunPod.Step.json(#"{"data":{"myself":{"clientBalance":12.5,"currentSpendPerHr":0.2}}}"#),
            Money("12.5")
        ),
        (.json(#"{"errors":[{"message":"x"}],"data":{"myself":null}}"#), nil), (.problem(410, "retired"), nil),
        (.page(502), nil), (.dropped, nil), (.json("7"), nil),
    ])
    func `the balance is known or not, and never a failure`(step: ScriptedRunPod.Step, balance: Money?) async throws {
        try await ScriptedRunPod.run(step) { runpod in
            #expect(await runpod.provider.balance() == balance)
            #expect(runpod.seen.map(\.path) == ["/graphql"])
        }
    }

    @Test func `secrets are written, listed and removed`() async throws {
        try await ScriptedRunPod.run(
            .json(#"{"id":"s1","name":"ts_auth_key"}"#, status: 201),
            .json(#"{"secrets":[{"id":"s1","name":"n"},{}]}"#),
            .init(status: 204)
        ) { runpod in
            let answer1 = try await runpod.client.createSecret(name: "ts_auth_key", value: "v")
            #expect(answer1.id == "s1")
            let answer2 = try await runpod.client.secrets()
            #expect(answer2 == [RunPodSecret(id: "s1", name: "n")])
            try await runpod.client.deleteSecret("s1")
            #expect(runpod.seen.map(\.method) == ["POST", "GET", "DELETE"])
            let wrong = await failure { () async throws(ProviderFailure) in
                try await runpod.client.createSecret(name: "RUNPOD_X", value: "v")
            }
            #expect(wrong?.kind == .invalidRequest && runpod.seen.count == 3)
        }
    }

    @Test func `the last lines of a log are read`() async throws {
        let body = """
            : hello

            id: 1/000000000001
            data: {"ts":"2026-11-23T09:00:00Z","source":"system","line":"create container"}

            data: {"ts":"odd","source":"container","line":"one"}

            data: nonsense

            data: {"source":"container","line":"two"}


            """
        try await ScriptedRunPod.run(.json(body, status: 200, ["Content-Type": "text/event-stream"])) { runpod in
            let lines = try await runpod.provider.logs("p1", 2)
            #expect(
                lines == [
                    PodLogLine(time: nil, source: .container, text: "one"),
                    PodLogLine(time: nil, source: .container, text: "two"),
                ])
            #expect(runpod.seen.map(\.path) == ["/v2/pods/p1/logs?tail=2"])
        }
        try await ScriptedRunPod.run(.problem(404, "resource not found")) { runpod in
            let failure = await failure { () async throws(ProviderFailure) in try await runpod.provider.logs("p1", 2) }
            #expect(failure?.kind == .gone)
        }
    }
}
