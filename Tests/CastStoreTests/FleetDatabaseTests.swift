import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

struct FleetDatabaseTests {
    @Test func `the database keeps the fleet's books as promised`() async throws {
        try await FleetStoreContract.check(Database(inMemory: ()).fleet)
    }

    @Test func `so does the one in memory, which tests use`() async throws {
        try await FleetStoreContract.check(MemoryFleetStore())
    }

    @Test func `what is old is removed, and what is due is kept`() async throws {
        let fleet = try Database(inMemory: ()).fleet
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let instances = [1, 2].map { number in InstanceID.draw(notIn: []) { number } }
        try await fleet.change(at: now) { books in
            for instance in instances {
                try books.plan(
                    Pod(instance: instance, model: "base", purpose: "test", setupToken: "", at: now), maxPods: 2)
            }
            books.record(.endRequested("test"), for: instances[0], at: now)
        }
        try await fleet.prune(before: now + 1, at: now + 90_000)
        #expect(try await fleet.events(of: nil, before: nil, limit: 10).isEmpty)
        #expect(try await fleet.books(at: now).pods.keys.map(\.self) == [instances[1]])
    }
}
