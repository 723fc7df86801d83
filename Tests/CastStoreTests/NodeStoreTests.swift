import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite struct NodeStoreTests {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let database: Database

    init() throws {
        self.database = try Database(inMemory: ())
    }

    private func beat(
        _ node: Node, _ claimed: [JobID]?, current: JobID? = nil, fetching: Set<JobID> = [], at time: Date
    ) async throws -> [JobID] {
        try await self.database.nodes.heartbeat(
            node.id, NodeStore.Heartbeat(currentJobID: current, claimedJobIDs: claimed), beingFetched: fetching,
            leaseUntil: time + 120, at: time)
    }

    private func queued(_ count: Int) async throws -> [JobID] {
        let (feed, _) = try await self.database.makeFeed(episodes: count, withAudio: true, at: self.now)
        _ = try await self.database.jobs.enqueueAll(.feed(feed.id), at: self.now)
        return try await self.database.jobs.queued(limit: count).map(\.job.id)
    }

    private func claim(_ node: Node, at time: Date? = nil) async throws -> JobID {
        let claim = try await self.database.jobs.claim(
            .transcribe, by: node.id, attempt: UUID().uuidString, until: (time ?? self.now) + 120, at: time ?? self.now)
        return try #require(claim).job.id
    }

    @Test func `keys are stored hashed, and only the right one opens`() async throws {
        let node = try await self.database.makeNode("a", at: self.now)
        #expect(try await self.database.nodes.authenticate(node.id, key: "key-a").name == "a")
        #expect(try await self.database.nodes.authenticate(key: "key-a").id == node.id)
        await #expect(throws: CastError.self) { try await self.database.nodes.authenticate(node.id, key: "key-b") }
        await #expect(throws: CastError.self) { try await self.database.nodes.authenticate(key: "") }
    }

    @Test func `a name that comes back after silence keeps its id and gets a new key`() async throws {
        let first = try await self.database.makeNode("a", at: self.now)
        _ = try await self.beat(first, nil, at: self.now)
        let draft = NodeStore.Draft(name: "a", url: "", model: nil, backend: nil)
        let rival = try await self.database.nodes.register(
            draft, newID: NodeID("rival"), key: "r", heartbeatTimeout: 60, at: self.now + 30)
        #expect(!rival.isReused)
        _ = try await self.database.nodes.remove([rival.node.id], at: self.now)
        let back = try await self.database.nodes.register(
            draft, newID: NodeID("new"), key: "fresh", heartbeatTimeout: 60, at: self.now + 61)
        #expect(back.isReused)
        #expect(back.node.id == first.id)
        await #expect(throws: CastError.self) { try await self.database.nodes.authenticate(first.id, key: "key-a") }
    }

    @Test func `a heartbeat renews the jobs that it names, for as long as it takes`() async throws {
        let node = try await self.database.makeNode("a", at: self.now)
        _ = try await self.queued(1)
        let job = try await self.claim(node)
        for beat in 1...200 {
            let time = self.now + Double(beat) * 30
            #expect(try await self.beat(node, [job], current: job, at: time) == [])
            #expect(try await self.database.jobs.expireLeases(at: time, stalledBefore: .distantPast).isEmpty)
        }
        #expect(
            try await self.database.jobs.expireLeases(at: self.now + 6121, stalledBefore: .distantPast).map(\.id) == [
                job
            ])
    }

    @Test func `a heartbeat that says nothing about jobs keeps them all`() async throws {
        let node = try await self.database.makeNode("a", at: self.now)
        _ = try await self.queued(2)
        _ = try await self.claim(node)
        _ = try await self.claim(node)
        _ = try await self.beat(node, nil, at: self.now + 100)
        #expect(try await self.database.jobs.expireLeases(at: self.now + 200, stalledBefore: .distantPast).isEmpty)
    }

    @Test func `a job that the node does not know of goes back, one that it is fetching does not`() async throws {
        let node = try await self.database.makeNode("a", at: self.now)
        _ = try await self.queued(2)
        let forgotten = try await self.claim(node)
        let fetching = try await self.claim(node)
        for beat in 1...5 {
            _ = try await self.beat(node, [], fetching: [fetching], at: self.now + Double(beat) * 30)
        }
        #expect(try await self.database.jobs.running().map(\.job.id) == [fetching])
        #expect(try await self.database.jobs.get(forgotten).attempts == 0)
    }

    @Test func `a node that was cut off goes on with its job if nobody has taken it`() async throws {
        let node = try await self.database.makeNode("a", at: self.now)
        _ = try await self.queued(1)
        let job = try await self.claim(node)
        _ = try await self.database.jobs.expireLeases(at: self.now + 130, stalledBefore: .distantPast)
        #expect(try await self.beat(node, [job], at: self.now + 140) == [])
        #expect(try await self.database.jobs.running().map(\.job.id) == [job])
    }

    @Test func `a node hears which of its jobs are somebody else's now`() async throws {
        let slow = try await self.database.makeNode("slow", at: self.now)
        let quick = try await self.database.makeNode("quick", at: self.now)
        _ = try await self.queued(1)
        let job = try await self.claim(slow)
        _ = try await self.database.jobs.expireLeases(at: self.now + 130, stalledBefore: .distantPast)
        #expect(try await self.claim(quick, at: self.now + 131) == job)
        #expect(try await self.beat(slow, [job], at: self.now + 140) == [job])
        #expect(try await self.beat(quick, [job], at: self.now + 140) == [])
    }

    @Test func `a node that is deleted hands its jobs back`() async throws {
        let node = try await self.database.makeNode("a", at: self.now)
        _ = try await self.queued(1)
        let job = try await self.claim(node)
        #expect(try await self.database.nodes.remove([node.id], at: self.now) == 1)
        #expect(try await self.database.jobs.queued(limit: 5).map(\.job.id) == [job])
        #expect(try await self.database.jobs.get(job).attempts == 0)
    }
}
