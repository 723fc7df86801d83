import CastAPI
import CastCore
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import CastServer

/// Messages about pods: each is sent once, whatever happens in between.
struct NoticeTests {
    /// Takes messages, or fails as often as a test says.
    final class Phone: Sendable {
        struct State {
            var received: [String] = []
            var failures: [CastError] = []
            var tries = 0
        }

        let state = Mutex(State())

        var received: [String] { self.state.withLock { $0.received } }
        var tries: Int { self.state.withLock { $0.tries } }

        func fail(_ code: CastError.Code, times: Int) {
            self.state.withLock { $0.failures = Array(repeating: CastError(code, "no"), count: times) }
        }

        var post: NoticePost {
            NoticePost { notice, topic, server in
                let failure: CastError? = self.state.withLock { state in
                    state.tries += 1
                    if !state.failures.isEmpty { return state.failures.removeFirst() }
                    state.received.append("\(topic)@\(server): \(notice.text)")
                    return nil
                }
                if let failure { throw failure }
            }
        }
    }

    final class Flag: Sendable {
        let isOver = Mutex(false)
    }

    static let on = ["NTFY_ENABLED": "true", "NTFY_TOPIC": "pods"]

    static func alarm(_ server: ServerFixture, _ subject: String?, _ message: String) async throws {
        let facts = subject.map { [FleetEvent.subjectFact: $0] } ?? [:]
        let now = server.time.now
        try await server.parts.database.fleet.change(at: now) { books in
            books.tell(.alarm, nil, message, facts: facts, at: now)
        }
    }

    static func sender(_ server: ServerFixture, clock: ManualClock = ManualClock()) -> NoticeSender<ManualClock> {
        NoticeSender(parts: server.parts, clock: clock)
    }

    @Test func `what people are to be told is sent once, and the rest of the log is not`() async throws {
        let phone = Phone()
        try await ServerFixture.run(post: phone.post, environment: Self.on) { server in
            try await Self.alarm(server, "unending p1", "pod p1 cannot be ended")
            try await Self.alarm(server, nil, "for the log only")
            try await Self.alarm(server, "unending p1", "pod p1 still cannot be ended")
            try await Self.alarm(server, "unending p2", "pod p2 cannot be ended")
            await Self.sender(server).sendAll()
            let told = [
                "pods@https://ntfy.sh: pod p1 cannot be ended.", "pods@https://ntfy.sh: pod p2 cannot be ended.",
            ]
            #expect(phone.received == told)
            // The next process starts from what is written down.
            try await Self.alarm(server, "unending p2", "pod p2 cannot be ended, says the next server")
            await Self.sender(server).sendAll()
            #expect(phone.received == told)
        }
    }

    @Test func `what happened while messages were off is not told later`() async throws {
        let phone = Phone()
        try await ServerFixture.run(post: phone.post, environment: ["NTFY_TOPIC": "pods"]) { server in
            try await Self.alarm(server, "old", "before")
            await Self.sender(server).sendAll()
            _ = try await server.send(.put, "/api/settings", #"{"settings":{"ntfy_enabled":true}}"#)
            try await Self.alarm(server, "new", "after")
            await Self.sender(server).sendAll()
            #expect(phone.received == ["pods@https://ntfy.sh: after."])
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [(3, 1, 4), (7, 0, 7)])
    func `a message is tried seven times at most`(failures: Int, received: Int, tries: Int) async throws {
        let phone = Phone()
        phone.fail(.unavailable, times: failures)
        try await ServerFixture.run(post: phone.post, environment: Self.on) { server in
            try await Self.alarm(server, "one", "look")
            let clock = ManualClock()
            let sending = Flag()
            async let sent: Void = {
                await Self.sender(server, clock: clock).sendAll()
                sending.isOver.withLock { $0 = true }
            }()
            _ = await clock.advance(upTo: .seconds(3600)) { sending.isOver.withLock { $0 } }
            await sent
            #expect(phone.received.count == received)
            #expect(phone.tries == tries)
            // Given up is given up; the next one is sent.
            try await Self.alarm(server, "two", "look again")
            await Self.sender(server).sendAll()
            #expect(phone.received.last == "pods@https://ntfy.sh: look again.")
        }
    }

    @Test func `a refusal is not repeated`() async throws {
        let phone = Phone()
        phone.fail(.invalid, times: 1)
        try await ServerFixture.run(post: phone.post, environment: Self.on) { server in
            try await Self.alarm(server, "one", "look")
            await Self.sender(server).sendAll()
            await Self.sender(server).sendAll()
            #expect(phone.tries == 1)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `the fleet does not wait for a message`() async throws {
        let (started, begun) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let post = NoticePost { _, _, _ in
            begun.yield()
            for await _ in ended {}
        }
        let pods = ScriptedPods()
        try await ServerFixture.run(
            provider: pods.fleet, post: post, environment: ScriptedPods.ready.merging(Self.on) { $1 }
        ) { server in
            try await Self.alarm(server, "one", "look")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await Self.sender(server).sendAll() }
                for await _ in started { break }
                // The message hangs; a pod is bought all the same.
                let instance = try await server.buyPod()
                #expect(try await server.pod(instance)?.rental != nil)
                end.finish()
                try await group.waitForAll()
            }
        }
    }

    @Test func `a person can try whether messages arrive`() async throws {
        let phone = Phone()
        try await ServerFixture.run(post: phone.post) { server in
            let off = try await server.send(.post, "/api/settings/notifications/test")
            #expect(off.status == 400 && off.detail.contains("ntfy_topic"))
            let body = #"{"settings":{"ntfy_enabled":true,"ntfy_topic":"pods","ntfy_url":"http://phone.local/"}}"#
            _ = try await server.send(.put, "/api/settings", body)
            let on = try await server.send(.post, "/api/settings/notifications/test")
            #expect(on.status == 200)
            #expect(phone.received == ["pods@http://phone.local: This is a test: messages get through."])
            let page = try await server.send(
                .post, "/settings/test-message", "", headers: [.contentType: "application/x-www-form-urlencoded"])
            #expect(page.status == 303 && phone.received.count == 2)
            phone.fail(.unavailable, times: 1)
            #expect(try await server.send(.post, "/api/settings/notifications/test").status == 503)
            let wrong = try await server.send(.put, "/api/settings", #"{"settings":{"ntfy_topic":"a topic"}}"#)
            #expect(wrong.status == 400 && wrong.detail.contains("up to 64 letters"))
        }
    }
}
