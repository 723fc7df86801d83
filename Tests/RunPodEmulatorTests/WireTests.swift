import CastCore
import CastTestSupport
import Foundation
import NIOHTTP1
import RunPod
import RunPodEmulator
import Testing

@Suite(.timeLimit(.minutes(1)))
struct WireTests {
    static let right =
        #"{"name":"n","image":"i:1","gpu":{"id":"NVIDIA L4","count":1},"cloud":"SECURE","cmd":["sleep","9"]}"#

    @Test(arguments: [
        (
            #"{"gpuTypeIds":["NVIDIA L4"],"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1}}"#, 422,
            "unknown field \\\"gpuTypeIds\\\""
        ),
        (
            #"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1,"kind":"x"}}"#, 422,
            "unknown field \\\"gpu.kind\\\""
        ),
        (#"{"image":"i","gpu":{"id":"NVIDIA L4","count":1}}"#, 422, "name is required"),
        (#"{"name":"n","gpu":{"id":"NVIDIA L4","count":1}}"#, 422, "image is required"),
        (#"{"name":"n","image":"not an image","gpu":{"id":"NVIDIA L4","count":1}}"#, 422, "image must be"),
        (#"{"name":7,"image":"i","gpu":{"id":"NVIDIA L4","count":1}}"#, 422, "name must be a string"),
        (#"{"name":"n","image":"i","gpu":"NVIDIA L4"}"#, 422, "gpu must be an object"),
        (
            #"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1},"env":[{"key":"A","value":"b"}]}"#, 422,
            "env must be a map of strings"
        ),
        (#"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1},"cloud":"ALL"}"#, 422, "cloud must be one of"),
        (#"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1},"ports":["22"]}"#, 422, "ports must look like"),
        (#"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1},"disk":0}"#, 422, "disk must be"),
        (
            #"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1},"dataCenterIds":["eu-ro-1"]}"#, 422,
            "upper case"
        ),
        (
            #"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1,"minCudaVersion":"13"}}"#, 422,
            "must look like 12.8"
        ),
        (#"{"name":"n","image":"i","gpu":{"id":"NVIDIA L5","count":1}}"#, 422, "is not a GPU type"),
        (#"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1},"cpu":{"id":"x"}}"#, 400, "exactly one of"),
        (#"{"name":"n","image":"i"}"#, 400, "exactly one of"),
        (
            #"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1,"minCudaVersion":"12.8","allowedCudaVersions":["12.8"]}}"#,
            400, "exclude one another"
        ),
        // As measured: without a count nothing is ever free.
        (#"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4"}}"#, 400, "no longer any instances"),
        (
            #"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1},"cloud":"COMMUNITY"}"#, 400,
            "no longer any instances"
        ),
        (
            #"{"name":"n","image":"i","gpu":{"id":"NVIDIA L4","count":1,"minCudaVersion":"99.0"}}"#, 400,
            "no longer any instances"
        ),
        ("[]", 422, "not a JSON object"), ("", 422, "not a JSON object"), ("{", 422, "not a JSON object"),
    ])
    func `a body that is not right is refused by name`(body: String, status: Int, text: String) async throws {
        try await EmulatorFixture.run { emulator in
            let answer = try await emulator.send(.POST, "/v2/pods", body)
            #expect(answer.status == status)
            #expect(answer.text.contains(text), "\(answer.text)")
            #expect(answer.headers["Content-Type"] == ["application/problem+json"])
            #expect(answer.headers["x-request-id"].first?.isEmpty == false)
            #expect(await emulator.server.ledger().rows.isEmpty)
        }
    }

    @Test func `a right body buys a pod`() async throws {
        try await EmulatorFixture.run { emulator in
            let answer = try await emulator.send(.POST, "/v2/pods", Self.right)
            #expect(answer.status == 201)
            guard case .object(let pod) = answer.json else {
                Issue.record("\(answer.text)")
                return
            }
            let fields: Set = [
                "id", "name", "status", "actions", "image", "args", "disk", "mounts", "ports", "env", "registry",
                "cloud",
                "dataCenterId", "cudaVersion", "ssh", "template", "cost", "locked", "runtime", "createdAt", "startedAt",
                "globalNetworking",
            ]
            #expect(fields.subtracting(pod.keys).isEmpty)
            // As measured: running before anything runs.
            #expect(pod["status"] == .string("RUNNING") && pod["runtime"] == .null)
        }
    }

    @Test(arguments: [
        (HTTPMethod.PUT, "/v2/pods", 405, "GET, POST"), (.PATCH, "/v2/pods/x", 405, "GET, DELETE"),
        (.GET, "/graphql", 405, "POST"), (.DELETE, "/v2/catalog/gpus", 405, "GET"), (.GET, "/v1/pods", 410, ""),
        (.POST, "/v1/templates", 410, ""), (.GET, "/v3/pods", 404, ""), (.GET, "/", 404, ""),
        (.GET, "/v2/pods/absent", 404, ""), (.DELETE, "/v2/pods/absent", 404, ""),
        (.GET, "/v2/catalog/gpus/absent", 404, ""),
        (.GET, "/v2/catalog/gpus?include=AVAILABILITY", 400, ""), (.GET, "/v2/pods?limit=0", 422, ""),
        (.GET, "/v2/pods?cursor=foreign", 422, ""), (.GET, "/v2/pods?unknown=x", 200, ""),
    ])
    func `paths and methods are answered as RunPod does`(
        method: HTTPMethod, path: String, status: Int, allow: String
    ) async throws {
        try await EmulatorFixture.run { emulator in
            let answer = try await emulator.send(method, path)
            #expect(answer.status == status)
            #expect(answer.headers["Allow"].joined() == allow)
        }
    }

    @Test func `a key must be there and right, and a request not too large`() async throws {
        try await EmulatorFixture.run { emulator in
            let without = try await emulator.send(.GET, "/v2/pods", key: nil)
            let wrong = try await emulator.send(.GET, "/v2/pods", key: "wrong")
            let large = try await emulator.send(.POST, "/v2/pods", String(repeating: "x", count: 102_401))
            #expect(without.status == 401 && wrong.status == 401 && large.status == 413)
            let offers = try await emulator.provider.offers(OfferQuery())
            let l4 = offers.first { $0.id == "NVIDIA L4" }
            #expect(l4?.terms.keys.map(\.self) == [.secure] && l4?.displayName == "L4")
        }
    }

    @Test func `a list comes in pages, or without any`() async throws {
        try await EmulatorFixture.run {
            $0.pageSize = 2
        } body: { emulator in
            for number in 0..<5 { _ = try await emulator.buy { $0.name = "pod-\(number)" } }
            let list = try await emulator.provider.list("pod-")
            #expect(list.pods.map(\.name) == (0..<5).map { "pod-\($0)" })
        }
        try await EmulatorFixture.run {
            $0.hasPagination = false
        } body: { emulator in
            let answer = try await emulator.send(.GET, "/v2/pods")
            #expect(answer.text == #"{"pods":[]}"#)
        }
    }

    @Test func `secrets are kept by account and never shown`() async throws {
        try await EmulatorFixture.run { emulator in
            let secret = try await emulator.client.createSecret(name: "ts_auth_key", value: "hush-hush")
            let taken = await failure { () async throws(ProviderFailure) in
                try await emulator.client.createSecret(name: "ts_auth_key", value: "x")
            }
            #expect(taken?.status == 409)
            let listed = try await emulator.send(.GET, "/v2/account/secrets")
            #expect(listed.text.contains("ts_auth_key") && !listed.text.contains("hush-hush"))
            let known = try await emulator.client.secrets()
            #expect(known == [secret])
            try await emulator.client.deleteSecret(secret.id)
            let empty = try await emulator.client.secrets()
            #expect(empty.isEmpty)
        }
    }

    @Test(arguments: [
        (#"query { myself { clientBalance } }"#, #"{"data":{"myself":{"clientBalance":1000}}}"#),
        (
            #"{ a: gpuTypes(input: {id: "NVIDIA L4"}) { id lowestPrice(input: {gpuCount: 1}) { uninterruptablePrice } } }"#,
            #"{"data":{"a":[{"id":"NVIDIA L4","lowestPrice":{"uninterruptablePrice":0.44}}]}}"#
        ),
        (#"{ pod(input: {podId: "x"}) { id } }"#, #"{"data":{"pod":null}}"#),
        (
            #"mutation { podTerminate(input: {podId: "x"}) }"#,
            #"{"data":{"podTerminate":null},"errors":[{"extensions":{"code":"RUNPOD"},"message":"pod not found to terminate","path":["podTerminate"]}]}"#
        ),
        (
            "{ myself { id ",
            #"{"errors":[{"extensions":{"code":"RUNPOD"},"message":"Syntax Error: Unexpected <EOF>.","path":[]}]}"#
        ),
        (
            "{ a(x: [",
            #"{"errors":[{"extensions":{"code":"RUNPOD"},"message":"Syntax Error: Unexpected <EOF>.","path":[]}]}"#
        ),
    ])
    func `GraphQL answers what was asked for`(query: String, expected: String) async throws {
        try await EmulatorFixture.run { emulator in
            let body = String(decoding: try JSONEncoder().encode(["query": query]), as: UTF8.self)
            let answer = try await emulator.send(.POST, "/graphql", body)
            #expect(answer.text == expected)
        }
    }

    @Test func `GraphQL takes variables and the key of the query`() async throws {
        try await EmulatorFixture.run { emulator in
            let pod = try await emulator.buy()
            let body = #"""
                {"query":"mutation T($i:PodTerminateInput!){podTerminate(input:$i)}","variables":{"i":{"podId":"\#(pod.id)"}}}
                """#
            let answer = try await emulator.send(.POST, "/graphql?api_key=emulator-key", body, key: nil)
            #expect(answer.text == #"{"data":{"podTerminate":null}}"#)
            let gone = try await emulator.provider.pod(pod.id)
            #expect(gone == nil)
        }
    }
}
