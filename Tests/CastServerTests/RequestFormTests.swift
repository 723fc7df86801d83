import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import Testing

@Suite struct RequestFormTests {
    @Test func `a body above its limit is refused, and the limit is named`() async throws {
        try await ServerFixture.run { server in
            let url = String(repeating: "a", count: 1 << 20)
            let answer = try await server.send(.post, "/api/feeds", #"{"url":"\#(url)"}"#)
            #expect(answer.status == 413)
            #expect(answer.detail.contains("1048576"))
        }
    }

    @Test func `only a transcript may be larger than a mebibyte`() {
        #expect(CompleteRequest.maximumBytes == 64 << 20)
        #expect(HeartbeatRequest.maximumBytes == 1 << 20)
    }

    @Test func `what was wrong is told shortened`() async throws {
        let deep = String(repeating: #"{"a":["#, count: 15) + String(repeating: "]}", count: 15)
        let long = String(repeating: "x", count: 100_000)
        let many = (0..<10_000).map(String.init).joined(separator: ",")
        try await ServerFixture.run { server in
            let bodies = [
                #"{"name":[\#(many)],"url":\#(deep)}"#, #"{"name":{"\#(long)":"\#(long)"}}"#, #"["\#(long)"]"#,
            ]
            for body in bodies {
                let answer = try await server.send(.post, "/api/nodes/register", body)
                #expect(answer.status == 422)
                #expect(answer.text.count < 4000, "\(answer.text.prefix(5000))")
            }
        }
        let wide = JSONValue.array((0..<20).map { .int($0) })
        #expect(wide.shortened == .array((0..<10).map { .int($0) }))
        #expect(JSONValue.string(String(repeating: "é", count: 200)).shortened.isText(of: 200))
        #expect(JSONValue.string(String(repeating: "é", count: 300)).shortened.isText(of: 200))
    }

    @Test(arguments: [1, 2, 63, 64, 65, 511, 512, 513, 100_000])
    func `nesting, however deep, is answered`(depth: Int) async throws {
        try await ServerFixture.run { server in
            let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            for body in [text, #"{"url":\#(text)}"#, #"{"url":\#(String(text.prefix(depth)))"#] {
                let answer = try await server.send(.post, "/api/feeds", body)
                #expect(answer.status == 422)
            }
        }
    }

    @Test func `brackets in texts are no nesting, and closed lists do not add up`() {
        let text = #"["\#(String(repeating: "[", count: 99))\"[[[",\#(String(repeating: "[1],", count: 99))2]"#
        #expect(JSONDepth.firstBeyondLimit(in: Data(text.utf8)) == nil)
        #expect(JSONDepth.firstBeyondLimit(in: Data(String(repeating: "[", count: 65).utf8)) == 64)
    }

    @Test func `more than a thousand jobs in a heartbeat are refused`() throws {
        func body(_ count: Int) -> Data { Data(#"{"claimed_job_ids":\#(Array(1...count))}"#.utf8) }
        #expect(try FieldReader.decode(HeartbeatRequest.self, from: body(1000)).claimedJobIDs?.count == 1000)
        #expect {
            _ = try FieldReader.decode(HeartbeatRequest.self, from: body(1001))
        } throws: { ($0 as? ValidationFailure)?.faults.map(\.type) == ["too_long"] }
    }

    @Test func `a failure's message is kept to a page`() throws {
        let long = String(repeating: "ü", count: 5000)
        let request = try FieldReader.decode(
            FailRequest.self, from: Data(#"{"error_message":"\#(long)","retry":false}"#.utf8))
        #expect(request.errorMessage == String(repeating: "ü", count: 4000))
        #expect(!request.retry)
    }

    @Test(arguments: [nil, "", "null", " null\n", "{}", #"{"priority":3}"#])
    func `a body that may be left out may be null`(body: String?) async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeEpisode()
            let answer = try await server.send(.post, "/api/queue/episodes/\(episode)/process", body)
            #expect(answer.status == 200, "\(answer.text)")
            let job = try answer.decode(QueuedResponse.self).jobID
            #expect(
                try await server.parts.database.jobs.get(job).priority == (body?.contains("3") == true ? 3 : 10))
        }
    }

    @Test func `a priority of null is no number`() async throws {
        try await ServerFixture.run { server in
            let answer = try await server.send(.post, "/api/queue/episodes/1/process", #"{"priority":null}"#)
            #expect(answer.status == 422)
            #expect(try answer.faults.map(\.type) == ["int_type"])
        }
    }

    @Test func `faults of path, query and body are named together, and broken JSON alone`() async throws {
        try await ServerFixture.run { server in
            let queue = try await server.send(
                .post, "/api/queue/batch/feed/x/process?newest=y", #"{"priority":"z"}"#)
            #expect(
                try queue.faults.map(\.loc) == [
                    [.string("path"), .string("feed_id")], [.string("query"), .string("newest")],
                    [.string("body"), .string("priority")],
                ])
            let feed = try await server.send(.patch, "/api/feeds/x", #"{"custom_title":1}"#)
            #expect(try feed.faults.map(\.type) == ["int_parsing", "string_type"])
            let broken = try await server.send(.patch, "/api/feeds/x", "{")
            #expect(try broken.faults.map(\.type) == ["json_invalid"])
        }
    }

    @Test func `a word that is not in a list is answered with the list`() async throws {
        try await ServerFixture.run { server in
            let answer = try await server.send(.get, "/api/queue?job_type=dance")
            #expect(answer.status == 400)
            #expect(answer.detail == "“dance” is not a job type. Valid: download, transcribe, transcript_download.")
            #expect(try await server.send(.get, "/api/queue?job_type=download").status == 200)
        }
    }
}

extension ServerFixture {
    /// An episode whose audio is on disk, not queued.
    func makeEpisode() async throws -> EpisodeID {
        try await self.send(
            .post, "/api/episodes/upload?filename=a.mp3&title=Talk", "0123456789",
            headers: [.contentType: "audio/mpeg"]
        ).decode(EpisodeMessage.self).id
    }
}

extension ServerFixture.Answer {
    var faults: [ValidationFault] {
        get throws {
            guard case .faults(let faults) = try self.decode(ErrorResponse.self).detail else { return [] }
            return faults
        }
    }
}

extension JSONValue {
    fileprivate func isText(of length: Int) -> Bool {
        if case .string(let text) = self { text.count == length } else { false }
    }
}
