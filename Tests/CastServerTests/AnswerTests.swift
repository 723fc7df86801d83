import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import Testing

@Suite struct AnswerTests {
    @Test func `what a job's state does not allow is answered with 400`() async throws {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let job = try #require(try await server.parts.database.jobs.active(of: [episode.id])[episode.id]?.id)
            for path in ["\(job)/retry", "\(job)/reset"] {
                let answer = try await server.send(.post, "/api/queue/\(path)")
                #expect(answer.status == 400)
                #expect(try answer.decode(ErrorResponse.self).code == "invalid")
            }
            _ = try await server.claim(node)
            #expect(try await server.send(.delete, "/api/queue/\(job)").status == 400)
            #expect(try await server.send(.delete, "/api/queue/999").status == 404)
        }
    }

    @Test func `a failed job whose work is queued anew is taken up again, and is no failed one any more`() async throws
    {
        try await ServerFixture.run { server in
            let episode = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            _ = try await server.send(
                .post, "/api/nodes/jobs/\(job)/fail", key: node.apiKey, #"{"error_message":"no","retry":false}"#)
            let again = try await server.send(.post, "/api/queue/episodes/\(episode.id)/process")
            #expect(try again.decode(QueuedResponse.self).jobID == job)
            #expect(try await server.send(.post, "/api/queue/\(job)/retry").status == 400)
        }
    }

    @Test(arguments: ["ftp://a.example/x", "feed.xml", "", "javascript:alert(1)", "http://"])
    func `what is no web address is a fault of the body`(address: String) async throws {
        try await ServerFixture.run { server in
            let answer = try await server.send(.post, "/api/feeds", #"{"url":"\#(address)"}"#)
            #expect(answer.status == 422)
            let fault = try #require(try answer.faults.first)
            #expect(fault.type == "url_parsing")
            #expect(fault.loc == [.string("body"), .string("url")])
            #expect(fault.input == .string(address))
        }
    }

    @Test(arguments: [CastError.Code.gone, .forbidden, .unavailable, .timedOut, .unauthorized, .invalid, .tooLarge])
    func `a feed that cannot be fetched is a fault of its address`(code: CastError.Code) async throws {
        var podcasts = PodcastSource.unimplemented
        podcasts.fetchFeed = { _ in throw CastError(code, "The publisher does not want to.") }
        try await ServerFixture.run(podcasts: podcasts) { server in
            let answer = try await server.send(.post, "/api/feeds", #"{"url":"https://a.example/f"}"#)
            #expect(answer.status == 400)
            #expect(answer.detail == "The publisher does not want to.")
            #expect(try answer.decode(ErrorResponse.self).code == code.rawValue)
        }
    }

    @Test func `a disk without space is said to be full`() async throws {
        let errors: [any Error & Sendable] = [
            CocoaError(.fileWriteOutOfSpace), POSIXError(.ENOSPC),
            NSError(
                domain: NSCocoaErrorDomain, code: 512,
                userInfo: [NSUnderlyingErrorKey: NSError(domain: NSPOSIXErrorDomain, code: 28)]),
        ]
        for error in errors {
            var podcasts = PodcastSource.unimplemented
            podcasts.fetchFeed = { _ in throw error }
            try await ServerFixture.run(podcasts: podcasts) { server in
                let answer = try await server.send(.post, "/api/feeds", #"{"url":"https://a.example/f"}"#)
                #expect(answer.status == 507)
                #expect(try answer.decode(ErrorResponse.self).code == "storage_full")
            }
        }
    }

    @Test func `a finished job still says when it began`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            let node = try await server.register()
            let job = try #require(try await server.claim(node).jobID)
            let running = try await server.send(.get, "/api/queue/\(job)").decode(JobMessage.self)
            server.time.advance(by: 60)
            _ = try await server.send(
                .post, "/api/nodes/jobs/\(job)/complete", key: node.apiKey, #"{"transcript_text":"x"}"#)
            let done = try await server.send(.get, "/api/queue/\(job)").decode(JobMessage.self)
            #expect(done.status == "completed")
            #expect(done.startedAt != nil)
            #expect(done.startedAt == running.startedAt)
        }
    }

    @Test func `health and status have every field of the protocol`() async throws {
        try await ServerFixture.run { server in
            let health = try await server.send(.get, "/api/health").decode([String: JSONValue].self)
            #expect(health["pool"] == .null)
            #expect(health["message"] == .null)
            let status = try await server.send(.get, "/api/status").decode([String: JSONValue].self)
            #expect(status["whisper_model"] == .string(""))
            #expect(status["whisper_device"] == .string(""))
            #expect(status["database_url"] == .string("sqlite"))
        }
    }
}
