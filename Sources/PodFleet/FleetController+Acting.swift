import CastCore
import Foundation
import Logging
import Synchronization

extension FleetController {
    /// Does what every pod asks for, as long as that gets it further.
    func carryOut(_ settings: FleetSettings, where isMeant: (Pod) -> Bool = { _ in true }) async throws {
        let books = try await self.store.books(at: self.now)
        for instance in books.pods.values.filter({ !$0.due.isEmpty && isMeant($0) }).map(\.instance).sorted() {
            do {
                try await self.carryOut(instance, settings)
            } catch {
                self.logger.error(
                    "a pod's next step failed",
                    metadata: ["pod.instance": "\(instance)", "error": "\(error)"])
            }
        }
    }

    private func carryOut(_ instance: InstanceID, _ settings: FleetSettings) async throws {
        // As many steps as the longest way has, from draining to gone and forgotten.
        for _ in 0..<6 {
            guard let pod = try await self.store.books(at: self.now).pods[instance] else { return }
            for action in pod.due { try await self.perform(action, for: pod, settings) }
            let after = try await self.store.books(at: self.now).pods[instance]
            if after?.due == pod.due { return }
        }
    }

    private func perform(_ action: PodAction, for pod: Pod, _ settings: FleetSettings) async throws {
        switch action {
        case .create: try await self.buy(pod, settings)
        case .find: try await self.find(pod, settings)
        case .watch: break
        case .releaseJobs(let node):
            try await self.surroundings.releaseJobs(node)
            try await self.record(.jobsReleased, for: pod.instance)
        case .terminate(let id): try await self.terminate(id, of: pod)
        case .removeNode(let node):
            // Between the release and its end the worker may have claimed once more.
            try await self.surroundings.releaseJobs(node)
            try await self.surroundings.removeNode(node)
            try await self.record(.nodeRemoved, for: pod.instance)
        case .removeDevices(let device): try await self.remove(device, of: pod)
        }
    }

    /// Looks for the pod of a create that got no answer.
    private func find(_ pod: Pod, _ settings: FleetSettings) async throws {
        guard
            let found = await self.attempt("a pod cannot be looked for", { try await self.provider.find(pod.name) })
        else { return }
        let verdicts = SweepPolicy(server: self.server).judge(found, rows: [pod])
        for (candidate, verdict) in zip(found, verdicts) where verdict == .adopt(pod.instance) {
            return try await self.accept(candidate, for: pod.instance)
        }
        try await self.record(.notFoundByName, for: pod.instance)
    }

    /// Takes a pod that the provider gave us.
    func accept(_ given: ProviderPod, for instance: InstanceID) async throws {
        let settings = await self.settings()
        try await self.change { books, now in
            guard let ask = books.pods[instance]?.ask else { return }
            let rental = Rental(given, for: ask, at: now)
            books.refusals.forget(ask.candidate.gpu, ask.candidate.cloud, rental.dataCentre)
            books.record(.accepted(rental), for: instance, at: now)
        }
        try await self.inspect(instance, hostCUDA: given.hostCUDA, settings)
    }

    /// Ends a pod, and looks whether it is gone; what fails is done again in the next turn.
    private func terminate(_ id: PodID, of pod: Pod) async throws {
        if let node = pod.node, let work = try? await self.surroundings.workDone(node) {
            try await self.change { books, _ in books.note(work, of: pod.instance) }
        }
        do {
            try await self.terminate(id)
            let left = try await self.provider.pod(id)
            if left == nil || left?.status == .terminated {
                try await self.record(.goneConfirmed, for: pod.instance)
            }
        } catch let failure as ProviderFailure {
            self.logger.warning(
                "a pod cannot be ended", metadata: ["pod.instance": "\(pod.instance)", "error": "\(failure)"])
            try await self.complain(about: pod, id, failure)
        }
    }

    private func terminate(_ id: PodID) async throws(ProviderFailure) {
        do throws(ProviderFailure) {
            try await self.provider.terminate(id)
        } catch {
            // Ended already is ended; the look-up has to say so too.
            if error.kind != .gone { throw error }
        }
    }

    /// A pod that will not end is somebody's business after a quarter of an hour, once.
    private func complain(about pod: Pod, _ id: PodID, _ failure: ProviderFailure) async throws {
        guard self.now.timeIntervalSince(pod.movedAt) >= 900,
            self.memory.withLock({ $0.loudAbout.insert(pod.instance).inserted })
        else { return }
        try await self.change { books, now in
            books.tell(
                .alarm, pod.instance, "pod \(id) cannot be ended, and bills: \(failure). End it by hand",
                facts: ["pod": id.rawValue, FleetEvent.subjectFact: "unending \(id)"], at: now)
        }
    }

    /// Compares the provider's bill with the runs, once an hour.
    func audit(_ view: FleetView) async throws {
        let now = self.now
        let books = try await self.store.books(at: now)
        if let last = books.auditedAt, now.timeIntervalSince(last) < Self.auditInterval { return }
        guard books.auditedAt != nil || !books.runs.isEmpty else { return }
        // Yesterday and today, from midnight: records come in whole hours, and late.
        let start = BudgetPeriod(.day, containing: now - 86_400).start
        guard
            let records = await self.attempt(
                "the bill cannot be read", { try await self.provider.billing(start, now) })
        else { return }
        let server = self.server
        let ours = Set(
            (view.list?.pods ?? []).filter { $0.environment[SweepPolicy.serverVariable] == server }.map(\.id))
        try await self.change { books, now in
            let audit = BillingAudit(
                records: records, runs: Array(books.runs.values), ours: ours, from: start, at: now)
            for (run, amount) in audit.corrections { books.runs[run]?.billed = amount }
            for finding in audit.findings
            where finding.amount > (books.unexplained[finding.pod] ?? .zero) + BillingAudit.tolerance {
                books.unexplained[finding.pod] = finding.amount
                books.tell(
                    .alarm, nil, finding.words,
                    facts: [
                        "pod": finding.pod.rawValue,
                        FleetEvent.subjectFact: "unexplained \(finding.pod) \(finding.amount)",
                    ], at: now)
            }
            books.auditedAt = now
        }
    }
}
