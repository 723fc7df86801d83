import Foundation
import Podcasts
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HostLimitsTests {
    private func url(_ text: String) throws -> URL { try #require(URL(string: text)) }

    /// The macro cannot call what mutates.
    private func expect<Value: Equatable>(
        _ value: Value, _ expected: Value, at location: SourceLocation = #_sourceLocation
    ) { #expect(value == expected, sourceLocation: location) }

    @Test func `a host has so many downloads at once, and others have their own`() throws {
        var limits = HostLimits(perHost: 2)
        try self.expect(limits.enter(self.url("https://a.example/1")), true)
        #expect(limits.fullHosts == [])
        try self.expect(limits.enter(self.url("http://A.example:8080/2")), true)
        try self.expect(limits.enter(self.url("https://a.example/3")), false)
        try self.expect(limits.enter(self.url("https://b.example/1")), true)
        #expect(limits.fullHosts == ["a.example"])
        try self.expect(limits.leave(self.url("https://a.example/1")), nil)
        try self.expect(limits.enter(self.url("https://a.example/3")), true)
    }

    @Test func `who waits longest is next, and nobody comes in between`() throws {
        let url = try self.url("https://a.example/")
        var limits = HostLimits(perHost: 1)
        self.expect(limits.enter(url), true)
        limits.wait(1, for: url)
        limits.wait(2, for: url)
        limits.wait(3, for: url)
        self.expect(limits.giveUp(2, for: url), true)
        self.expect(limits.giveUp(2, for: url), false)
        self.expect(limits.leave(url), 1)
        self.expect(limits.enter(url), false)
        self.expect(limits.giveUp(1, for: url), false)
        self.expect(limits.leave(url), 3)
        self.expect(limits.leave(url), nil)
        #expect(limits == HostLimits(perHost: 1))
    }

    @Test(arguments: [0, -5, 1]) func `no limit forbids everything`(perHost: Int) throws {
        var limits = HostLimits(perHost: perHost)
        try self.expect(limits.enter(self.url("https://a.example/")), true)
        try self.expect(limits.enter(self.url("https://a.example/")), false)
    }

    private final class Counts: Sendable {
        private let counts = Mutex((now: 0, most: 0, done: 0))

        var all: (now: Int, most: Int, done: Int) { self.counts.withLock { $0 } }

        func begin() {
            self.counts.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
        }

        func end() {
            self.counts.withLock {
                $0.now -= 1
                $0.done += 1
            }
        }
    }

    @Test func `never more than so many run, and all of them do`() async throws {
        let gate = HostGate(HostLimits(perHost: 3))
        let url = try self.url("https://a.example/")
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await gate.withTurn(at: url) {
                        counts.begin()
                        for _ in 0..<10 { await Task.yield() }
                        counts.end()
                    }
                }
            }
            try await group.waitForAll()
        }
        let (now, most, done) = counts.all
        #expect(now == 0)
        #expect((1...3).contains(most))
        #expect(done == 50)
    }

    @Test func `who is cancelled while waiting leaves the row to the others`() async throws {
        let gate = HostGate(HostLimits(perHost: 1))
        let url = try self.url("https://a.example/")
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await gate.withTurn(at: url) {
                begin.yield()
                for await _ in ends {}
            }
        }
        var iterator = begun.makeAsyncIterator()
        await iterator.next()
        let second = Task { try await gate.withTurn(at: url) { Issue.record("a cancelled download ran") } }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        let third = Task { try await gate.withTurn(at: url) { true } }
        end.finish()
        try await first.value
        #expect(try await third.value)
    }

    @Test func `a download that fails gives its place back`() async throws {
        struct Broken: Error {}
        let gate = HostGate(HostLimits(perHost: 1))
        let url = try self.url("https://a.example/")
        for _ in 0..<3 {
            await #expect(throws: Broken.self) { try await gate.withTurn(at: url) { throw Broken() } }
        }
    }
}
