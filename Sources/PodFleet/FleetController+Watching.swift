import CastCore
import Foundation
import Logging

extension FleetController {
    /// Judges every pod that the provider lists: adopts what a lost answer rented, takes in what nobody accounts for.
    func sweep(_ view: FleetView) async throws {
        guard let pods = view.list?.pods, !pods.isEmpty else { return }
        let rows = Array(try await self.store.books(at: self.now).pods.values)
        let verdicts = SweepPolicy(server: self.server).judge(pods, rows: rows)
        for (pod, verdict) in zip(pods, verdicts) {
            switch verdict {
            case .known, .leave: break
            case .adopt(let instance): try await self.accept(pod, for: instance)
            case .end(let reason): try await self.takeIn(pod, because: reason)
            }
        }
    }

    private func takeIn(_ listed: ProviderPod, because reason: String) async throws {
        // A list may show what was ended a moment ago; only a look-up is proof that it is there.
        let found = await self.attempt("a pod cannot be looked up") { try await self.provider.pod(listed.id) }
        guard let pod = found ?? nil, pod.status != .terminated else { return }
        let random = self.surroundings.random
        try await self.change { books, now in
            books.takeIn(pod, because: reason, random: random, at: now)
        }
    }

    /// Lets the pods know what the provider and the nodes show of them, and which of their deadlines have passed.
    func observe(_ view: FleetView, _ settings: FleetSettings) async throws {
        try await self.readLastWords(view)
        for pod in try await self.store.books(at: self.now).openPods {
            do {
                if let list = view.list { try await self.compare(pod, with: list, settings) }
                if let nodes = view.nodes { try await self.listen(pod, nodes) }
                try await self.checkTime(pod.instance, settings)
            } catch {
                self.logger.error(
                    "a pod cannot be observed",
                    metadata: ["pod.instance": "\(pod.instance)", "error": "\(error)"])
            }
        }
    }

    private func compare(_ pod: Pod, with list: PodList, _ settings: FleetSettings) async throws {
        guard let rental = pod.rental, !pod.due.contains(.terminate(rental.pod)) else { return }
        if let shown = list.pods.first(where: { $0.id == rental.pod }), shown.status != .terminated {
            return try await self.note(shown, of: pod, settings)
        }
        guard list.isComplete else { return }
        guard let found = await self.attempt("a pod cannot be looked up", { try await self.provider.pod(rental.pod) })
        else { return }
        if let found, found.status != .terminated {
            try await self.note(found, of: pod, settings)
        } else {
            try await self.record(.missing, for: pod.instance)
        }
    }

    private func note(_ shown: ProviderPod, of pod: Pod, _ settings: FleetSettings) async throws {
        try await self.record(.seen(Sighting(shown)), for: pod.instance)
        if shown.status == .failed || shown.status == .stopped {
            return try await self.record(
                .broke("the provider says that it is \(shown.status.rawValue)"), for: pod.instance)
        }
        try await self.inspect(pod.instance, hostCUDA: shown.hostCUDA, settings)
        if shown.isUp, pod.rental?.upAt == nil { try await self.record(.containerStarted, for: pod.instance) }
    }

    /// Sends back what is not what was asked for, and does not ask for it there again for a while.
    func inspect(_ instance: InstanceID, hostCUDA: CUDAVersion?, _ settings: FleetSettings) async throws {
        try await self.change { books, now in
            guard let pod = books.pods[instance], pod.ending == nil, let rental = pod.rental,
                let objection = Pod.objection(to: rental, hostCUDA: hostCUDA, policy: settings.candidates)
            else { return }
            books.refusals.note(uselessOf: rental, at: now)
            books.record(.wrongMachine(objection), for: instance, at: now)
        }
    }

    private func listen(_ pod: Pod, _ nodes: [FleetNode]) async throws {
        // A node of this name that was last heard of before the pod was wanted is somebody else's shadow.
        let node = nodes.first {
            $0.name == pod.instance.nodeName && ($0.lastHeartbeatAt ?? .distantPast) >= pod.plannedAt
        }
        guard let node, let heardAt = node.lastHeartbeatAt else { return }
        if pod.node != node.id {
            try await self.record(.workerRegistered(node.id, heardAt: heardAt), for: pod.instance)
        }
        try await self.record(.workerHeard(at: heardAt, isBusy: node.isBusy), for: pod.instance)
        if let work = await self.attempt(
            "a node's work cannot be read", { try await self.surroundings.workDone(node.id) })
        {
            try await self.change { books, _ in books.note(work, of: pod.instance) }
        }
    }

    private func checkTime(_ instance: InstanceID, _ settings: FleetSettings) async throws {
        let since = self.startedAt
        try await self.change { books, now in
            guard let pod = books.pods[instance] else { return }
            if let deadline = pod.passedDeadline(at: now, limits: settings.limits) {
                if deadline == .launch || deadline == .setup, pod.isOnItsWay, let rental = pod.rental {
                    // A host that pulls for ever: the next pod goes elsewhere.
                    books.refusals.note(uselessOf: rental, at: now)
                }
                books.record(.deadlinePassed(deadline), for: instance, at: now)
            } else if let neglect = pod.neglect(at: now, listeningSince: since, limits: settings.limits) {
                books.record(neglect, for: instance, at: now)
            }
        }
    }

    /// Ends what is more than there may be: first what does not work yet, the newest first, then the idle.
    func trim(_ settings: FleetSettings) async throws {
        try await self.change { books, now in
            let staying = books.openPods.filter { $0.ending == nil }
            if !settings.isEnabled {
                for pod in staying where pod.state == .creating(nil) {
                    books.record(.endRequested("RUNPOD_ENABLED was switched off"), for: pod.instance, at: now)
                }
            }
            let excess = staying.count - settings.maxPods
            guard excess > 0 else { return }
            let onTheirWay = staying.filter(\.isOnItsWay).reversed()
            let idle = staying.filter { pod in
                if case .ready(_, let worker) = pod.state { worker.idleSince != nil } else { false }
            }
            for pod in (onTheirWay + idle).prefix(excess) {
                books.record(
                    .foundSurplus("RUNPOD_MAX_PODS allows \(settings.maxPods) pods"), for: pod.instance, at: now)
            }
        }
    }
}
