import CastAPI
import CastClient
import CastCore
import CastTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import Testing

@Suite(.timeLimit(.minutes(1))) struct CastClientTests {
    @Test func `a node's calls have the existing server's form`() async throws {
        try await LoopbackServer.run { asked, _ in
            switch asked.path {
            case "/api/nodes/n%2F1/heartbeat":
                .json(#"{"status":"ok","message":"Heartbeat received","lost_job_ids":[5]}"#)
            case "/api/nodes/n%2F1/claim":
                .json(
                    #"{"job_id":7,"episode_id":9,"episode_title":"T","audio_url":"/api/nodes/jobs/7/audio","has_job":true}"#
                )
            case "/api/nodes/n%2F1/request-termination":
                .json(#"{"status":"ignored","message":"no pod","terminated":false}"#)
            default: .json(#"{"message":"fine"}"#)
            }
        } body: { server in
            let api = NodeAPI.live(server.client(key: "secret"), node: NodeID("n/1"))
            let heartbeat = try await api.heartbeat(
                HeartbeatRequest(name: "n", currentJobID: JobID(7), claimedJobIDs: [JobID(7)]))
            #expect(heartbeat.lostJobIDs == [JobID(5)])
            let claim = try await api.claim()
            #expect(claim.jobID == JobID(7))
            #expect(claim.attempt == nil, "the existing server sends none")
            let handle = JobHandle(job: JobID(7), attempt: "a1")
            try await api.progress(handle, 42)
            try await api.complete(handle, CompleteRequest(transcriptText: "text", whisperModel: "base"))
            try await api.fail(handle, FailRequest(errorMessage: "no", retry: false))
            try await api.release(JobHandle(job: JobID(8)))
            #expect(try await api.requestTermination().status == "ignored")

            let all = server.log.all
            #expect(
                all.map(\.path) == [
                    "/api/nodes/n%2F1/heartbeat", "/api/nodes/n%2F1/claim", "/api/nodes/jobs/7/progress",
                    "/api/nodes/jobs/7/complete", "/api/nodes/jobs/7/fail", "/api/nodes/jobs/8/release",
                    "/api/nodes/n%2F1/request-termination",
                ])
            let key = try #require(HTTPField.Name(nodeKeyHeader))
            let attempt = try #require(HTTPField.Name(attemptHeader))
            #expect(all.allSatisfy { $0.method == .post && $0.headers[key] == "secret" })
            #expect(all.allSatisfy { $0.headers[.userAgent] == "cast2md/\(castVersion)" })
            #expect(all.map { $0.headers[attempt] } == [nil, nil, "a1", "a1", "a1", nil, nil])
            // No body, no type: the existing server's own node does it so.
            #expect(all[1].body.isEmpty && all[1].headers[.contentType] == nil && all[1].headers[.contentLength] == "0")
            #expect(all[2].headers[.contentType] == "application/json")
            #expect(try JSONDecoder().decode(ProgressRequest.self, from: all[2].body).progressPercent == 42)
            let fail = try JSONDecoder().decode([String: JSONValue].self, from: all[4].body)
            #expect(fail == ["error_message": .string("no"), "retry": .bool(false)])
        }
    }

    @Test(arguments: [
        (401, #"{"detail":"Invalid API key"}"#, CastError.Code.unauthorized),
        (403, #"{"detail":"Job not assigned to this node"}"#, .forbidden),
        (404, #"{"detail":"Job not found"}"#, .notFound),
        (409, #"{"detail":"x"}"#, .conflict),
        (410, #"{"detail":"x"}"#, .gone),
        (429, #"{"detail":"x"}"#, .limitReached),
        (503, #"{"detail":"x"}"#, .unavailable),
        (400, #"{"detail":"x","code":"limit_reached"}"#, .limitReached),
        (422, #"{"detail":[{"type":"missing","loc":["body","name"],"msg":"Field required","input":null}]}"#, .invalid),
    ])
    func `what the server says is told with its status`(
        status: Int, body: String, code: CastError.Code
    ) async throws {
        try await LoopbackServer.run { _, _ in
            .json(body, status: HTTPResponse.Status(code: status))
        } body: { server in
            let error = await #expect(throws: CastError.self) {
                try await server.client().get("/api/nodes", as: NodeListResponse.self)
            }
            #expect(error?.answeredStatus == status)
            #expect(error?.code == code)
            if status == 422 { #expect(error?.message == "name: Field required.") }
        }
    }

    @Test(arguments: [
        (404, "text/plain", "Not Found"), (500, "text/plain", "Internal Server Error"),
        (404, "text/html", "<html>No such site here</html>"), (403, "text/html", "<html>Blocked</html>"),
        (502, "text/html", "<html>Bad gateway</html>"), (404, "application/json", #"{"error":"other program"}"#),
        (302, "text/html", "<html>Please log in</html>"), (200, "text/html", "<html>Welcome to the hotel</html>"),
    ])
    func `what something in between says is no answer`(status: Int, type: String, body: String) async throws {
        try await LoopbackServer.run { _, _ in
            .bytes(Array(body.utf8), [.contentType: type], status: HTTPResponse.Status(code: status))
        } body: { server in
            let error = await #expect(throws: CastError.self) {
                try await server.client().get("/api/nodes", as: NodeListResponse.self)
            }
            #expect(error?.code == .unavailable)
            #expect(error?.answeredStatus == nil)
        }
    }

    @Test func `nobody at home is no answer either`() async throws {
        try await LoopbackServer.run { _, _ in
            .json("{}")
        } body: { server in
            // Port 1 of loopback is nobody's.
            let client = CastClient(
                server: try CastClient.address("127.0.0.1:1"), connections: server.connections)
            let error = await #expect(throws: CastError.self) {
                try await client.get("/api/nodes", as: NodeListResponse.self)
            }
            #expect(error?.code == .unavailable)
            #expect(error?.answeredStatus == nil)
        }
    }

    @Test func `a call that is not answered in time ends, also within the body`() async throws {
        let gate = Gate(isOpen: false)
        try await LoopbackServer.run { asked, _ in
            if asked.path == "/head" { try await gate.pass() }
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "{\"nodes\":"))
                    try await gate.pass()
                    try await writer.finish(nil)
                })
        } body: { server in
            for path in ["/head", "/body"] {
                let clock = ManualClock()
                let answer = Task {
                    try await server.client(clock: clock).get(path, as: NodeListResponse.self, timeout: .seconds(30))
                }
                await clock.waitForSleepers()
                clock.advance(by: .seconds(30))
                let error = await #expect(throws: CastError.self) { try await answer.value }
                #expect(error?.code == .timedOut)
            }
            gate.open()
        }
    }

    @Test func `a file is sent as it is`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("talk.mp3")
            let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try Data(bytes).write(to: file)
            try await LoopbackServer.run { _, _ in
                .json(#"{"message":"taken"}"#)
            } body: { server in
                let answer = try await server.client().upload(
                    "/api/episodes/upload?name=talk.mp3", file: file, contentType: "audio/mpeg",
                    as: MessageResponse.self)
                #expect(answer.message == "taken")
                let asked = try #require(server.log.all.first)
                #expect(asked.body == Data(bytes))
                #expect(asked.headers[.contentLength] == "700000")
                #expect(asked.headers[.contentType] == "audio/mpeg")
                #expect(asked.path == "/api/episodes/upload?name=talk.mp3")
                let error = await #expect(throws: CastError.self) {
                    try await server.client().upload(
                        "/x", file: folder.appendingPathComponent("none"), contentType: "audio/mpeg",
                        as: MessageResponse.self)
                }
                #expect(error?.code == .notFound)
            }
        }
    }

    @Test(arguments: [
        ("host:8000", "http://host:8000"), ("https://cast.example/", "https://cast.example"),
        ("http://cast.example/podcasts/", "http://cast.example/podcasts"), (" 10.0.0.7 ", "http://10.0.0.7"),
    ])
    func `an address is read as people write it`(text: String, expected: String) throws {
        #expect(try CastClient.address(text).absoluteString == expected)
    }

    @Test(arguments: ["", "ftp://host", "http://", "http://host/?a=b", "http://ho st"])
    func `what is no address is refused`(text: String) {
        #expect(throws: CastError.self) { try CastClient.address(text) }
    }
}
