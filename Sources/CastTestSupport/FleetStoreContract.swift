package import CastCore
import Foundation

/// What every keeper of the fleet's books promises.
///
/// A test calls `check` with a fresh store; it throws a sentence that says which promise was broken.
package enum FleetStoreContract {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let instance = InstanceID.draw(notIn: []) { 0xa3f2 }

    package static func check(_ store: any FleetStore) async throws {
        try await self.keepsWhatIsWritten(store)
        try await self.undoesWhatThrows(store)
        try await self.countsEventsInOrder(store)
        try await self.separatesChanges(store)
        try await self.followsALife(store)
        try await self.forgetsInTime(store)
    }

    private static func require(_ isTrue: Bool, _ promise: String) throws {
        guard isTrue else { throw CastError(.internalFault, "A promise is broken: \(promise)") }
    }

    private static func pod(_ instance: InstanceID = Self.instance, at now: Date = Self.now) -> Pod {
        Pod(instance: instance, model: "base", purpose: "contract", setupToken: "token", at: now)
    }

    private static let candidate = Candidate(
        gpu: "NVIDIA L40", displayName: "L40", cloud: .secure, pricePerHour: Money(micros: 690_000), speed: 87)

    private static func keepsWhatIsWritten(_ store: any FleetStore) async throws {
        let now = self.now
        let fresh = try await store.books(at: now)
        try self.require(fresh == FleetBooks(), "fresh books are empty")
        let written = try await store.change(at: now) { books -> FleetBooks in
            try books.plan(Self.pod(), maxPods: 1)
            books.launches = [Launch(instance: Self.instance, at: now, failure: "no GPU")]
            books.refusals = [CapacityRefusal(gpu: "NVIDIA L40", cloud: .secure, count: 2, at: now)]
            books.refusals.note("NVIDIA L40", .secure, "EU-RO-1", at: now)
            books.pause = FleetBooks.PurchasePause(until: now + 60, reason: "no money")
            books.lastPurchaseAt = now - 1
            books.lastLeftAt = now - 2
            books.auditedAt = now - 3
            books.unexplained = ["pod": Money(micros: 5)]
            return books
        }.result
        var read = try await store.books(at: now)
        read.events = written.events
        read.refusals.sort { ($0.dataCentre?.rawValue ?? "") < ($1.dataCentre?.rawValue ?? "") }
        try self.require(read == written, "the books are read as they were written")
        try await store.change(at: now) { books in
            books.pause = nil
            books.launches = []
            books.refusals = []
            books.unexplained = [:]
        }
        let cleared = try await store.books(at: now)
        try self.require(
            cleared.pause == nil && cleared.launches.isEmpty && cleared.refusals.isEmpty && cleared.unexplained.isEmpty,
            "what is taken out is gone")
    }

    private static func undoesWhatThrows(_ store: any FleetStore) async throws {
        let before = try await store.books(at: self.now)
        let eventsBefore = try await store.events(of: nil, before: nil, limit: 100)
        do {
            try await store.change(at: self.now) { books in
                books.tell(.alarm, nil, "must not be seen", at: Self.now)
                books.pods = [:]
                throw CastError(.conflict, "on purpose")
            }
            throw CastError(.internalFault, "A promise is broken: what the body throws is thrown")
        } catch let error as CastError where error.code == .conflict {}
        let after = try await store.books(at: self.now)
        let eventsAfter = try await store.events(of: nil, before: nil, limit: 100)
        try self.require(before == after && eventsBefore == eventsAfter, "a change that throws changes nothing")
    }

    private static func countsEventsInOrder(_ store: any FleetStore) async throws {
        let told = try await store.change(at: self.now) { books in
            for number in 1...3 {
                books.tell(.scaling, nil, "number \(number)", facts: ["n": "\(number)"], at: Self.now)
            }
            books.tell(.pod, Self.instance, "of the pod", at: Self.now)
        }.events
        let ids = told.compactMap(\.id)
        try self.require(ids.count == 4 && ids == ids.sorted() && Set(ids).count == 4, "events get ids that grow")
        let newest = try await store.events(of: nil, before: nil, limit: 2)
        try self.require(newest == told.reversed().prefix(2).map(\.self), "the log is read newest first")
        let older = try await store.events(of: nil, before: newest.last?.id, limit: 2)
        try self.require(older.map(\.message) == ["number 2", "number 1"], "the log goes on where it was left")
        let own = try await store.events(of: self.instance, before: nil, limit: 1)
        try self.require(own.map(\.message) == ["of the pod"], "a pod has its own log")
    }

    private static func separatesChanges(_ store: any FleetStore) async throws {
        let base = Self.now
        try await store.change(at: base) { $0.auditedAt = base }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await store.change(at: base) { books in books.auditedAt = (books.auditedAt ?? base) + 1 }
                }
            }
            try await group.waitForAll()
        }
        let after = try await store.books(at: base)
        try self.require(after.auditedAt == base + 50, "of changes at one time none is lost")
    }

    private static func followsALife(_ store: any FleetStore) async throws {
        let now = self.now
        let ask = try await store.change(at: now) { books in
            try books.ask(for: Self.instance, Self.candidate, lifetime: 3600, caps: BudgetCaps(), at: now)
        }.result
        guard let ask else { throw CastError(.internalFault, "A promise is broken: a wanted pod can be asked for") }
        let given = ProviderPod(
            id: "pod", name: "x", status: .running, gpu: "NVIDIA L40", pricePerHour: Money(micros: 690_000),
            createdAt: now)
        try await store.change(at: now) { books in
            books.record(.accepted(Rental(given, for: ask, at: now)), for: Self.instance, at: now)
            books.record(.workerRegistered(NodeID("node"), heardAt: now), for: Self.instance, at: now + 60)
            books.note(WorkDone(jobs: 6, audioSeconds: 7200, busySeconds: 100), of: Self.instance)
        }
        let working = try await store.books(at: now)
        try self.require(
            working.runs.count == 1 && working.runs.values.allSatisfy { $0.endedAt == nil }, "a rented pod has a run")
        try self.require(working.speeds.first?.speed == 72, "speeds come from runs")
        try self.require(working.launches.count == 1, "a launch is counted")
        try await store.change(at: now) { books in
            for event in [PodEvent.endRequested("test"), .jobsReleased, .goneConfirmed] {
                books.record(event, for: Self.instance, at: now + 3600)
            }
        }
        let run = try await store.runs(from: now, to: now + 10).first
        try self.require(
            run?.endedAt == now + 3600 && run?.cost(at: now + 9999) == Money(micros: 690_000)
                && run?.endReason == "test",
            "a run is closed with its pod")
        try self.require(try await store.runs(from: now + 3601, to: now + 9999).isEmpty, "runs are read by time")
        let ended = try await store.books(at: now + 90_000)
        try self.require(ended.pods[self.instance]?.node == NodeID("node"), "a pod stays while something is due")
        try await store.change(at: now) { $0.record(.nodeRemoved, for: Self.instance, at: now + 3600) }
    }

    private static func forgetsInTime(_ store: any FleetStore) async throws {
        let soon = try await store.books(at: self.now + 3600 + 86_000)
        try self.require(soon.pods[self.instance] != nil, "a pod that is gone is shown for a day")
        let later = try await store.books(at: self.now + 3600 + 86_500)
        try self.require(later.pods.isEmpty, "and no longer")
        let muchLater = try await store.books(at: self.now + 70 * 86_400)
        try self.require(muchLater.runs.isEmpty, "runs of the month before last are history")
        try self.require(!muchLater.speeds.isEmpty, "but their speed is remembered")
        try await store.change(at: self.now) { $0.pods = [:] }
        let empty = try await store.books(at: self.now)
        try self.require(empty.pods.isEmpty, "a pod can be forgotten")
        try self.require(
            !empty.instancesInUse.isDisjoint(with: [self.instance]), "but its name is not given again soon")
    }
}
