import CastAPI
import CastClient
import CastCore
import CastStore
import CastTestSupport
import Foundation
import RunPodEmulator
import Testing

/// The server is killed at every step of a pod's life that is written down, and comes back.
@Suite(.serialized) struct KilledFleetTests {
    @Test(.timeLimit(.minutes(3)), arguments: FleetStep.all)
    func `whatever is written down, a pod is adopted or ended, and nothing bills twice`(step: FleetStep) async throws {
        try await FleetSite.run(step.settings, prepare: Self.queue) { site in
            try await step.reach(site)
            site.server.kill()
            let before = try await site.books()
            #expect(step.isWritten(before), "\(before.pods.values.map { "\($0.state)" })")

            try await step.meanwhile(site)
            try await site.start()
            try await step.afterwards(site)
            try await Self.meet(step, before, site)
            // A few looks more change nothing.
            let settled = try await site.open().map(\.instanceID)
            for _ in 0..<5 { try await site.poke() }
            #expect(try await site.open().map(\.instanceID) == settled)
            #expect(await site.emulator.ledger().stillBilling == settled.count)
            try await Self.end(step, site)
        }
    }

    /// Work that scaling may see, and that a worker may hold.
    private static func queue(_ database: Database) async throws {
        _ = try await database.makeFeed(episodes: 3, withAudio: true, at: Date())
        _ = try await database.jobs.enqueueAll(.all, at: Date())
    }

    /// Waits until the pod is what it has to become.
    private static func meet(_ step: FleetStep, _ before: FleetBooks, _ site: FleetSite) async throws {
        let instance = before.only?.instance.text
        var mostBilling = 0
        try await site.until("\(step.fate)") { pods in
            let ledger = await site.emulator.ledger()
            mostBilling = max(mostBilling, ledger.stillBilling)
            switch step.fate {
            case .adopted:
                guard let pod = pods.first, let id = pod.podID else { return false }
                return pods.count == 1 && pod.instanceID == instance && pod.state != "terminating"
                    && ledger.rows.map(\.id) == [id]
            case .replaced:
                guard let pod = pods.first, pod.podID != nil, ledger.rows.count == step.purchases else { return false }
                return pods.count == 1 && ledger.stillBilling == 1 && pod.state != "terminating"
            case .ended:
                return pods.isEmpty && ledger.stillBilling == 0
            }
        }
        #expect(mostBilling <= 1, "two pods billed at once")
    }

    /// Ends what is left, and compares the books with the provider's.
    private static func end(_ step: FleetStep, _ site: FleetSite) async throws {
        _ = try await site.admin.terminate(nil)
        try await site.until("nothing is left") { pods in
            guard pods.isEmpty, try await site.admin.nodes().isEmpty else { return false }
            return await site.emulator.ledger().stillBilling == 0
        }
        #expect(site.server.stop() == 0)
        let books = try await site.books()
        let ledger = await site.emulator.ledger()
        #expect(ledger.rows.count == step.purchases)
        // Each pod has one run, which is closed, and which costs what the provider says, to the cent.
        #expect(books.runs.values.map(\.pod.rawValue).sorted() == ledger.rows.map(\.id).sorted())
        #expect(books.runs.values.allSatisfy { $0.endedAt != nil })
        let cost = books.runs.values.reduce(Money.zero) { $0 + $1.cost(at: Date()) }
        #expect(abs(cost.micros - ledger.billed.micros) < 10_000)
        #expect(books.pods.values.allSatisfy { $0.due.isEmpty })
        let jobs = try await site.reading { try await $0.jobs.counts()[.transcribe] }
        #expect(jobs?.queued == 3 && jobs?.running == 0)
        let attempts = try await site.reading { database in
            var ends: [String?] = []
            for episode in try await database.episodes.list(limit: 10).episodes {
                ends += try await database.episodes.attempts(of: episode.id).map(\.outcome)
            }
            return ends
        }
        #expect(attempts.count == (step.hasJob ? 1 : 0) && attempts.allSatisfy { $0 != nil })
    }
}
