package import Foundation

/// What a pod asks of the outside world; each is safe to do twice.
package enum PodAction: Sendable, Equatable {
    /// Choose a candidate, reserve its money, and buy it.
    case create
    /// Look for the pod of this name.
    case find
    /// Look how it does.
    case watch(PodID)
    case releaseJobs(NodeID)
    /// End it, and look whether it is gone.
    case terminate(PodID)
    case removeNode(NodeID)
    /// Take its devices out of the tailnet.
    case removeDevices(TailnetDevice)
}

extension Pod {
    package var due: [PodAction] {
        switch self.state {
        case .creating(nil): [.create]
        case .creating(.some): [.find]
        case .starting(let rental), .connecting(let rental), .installing(let rental), .ready(let rental, _):
            [.watch(rental.pod)]
        case .draining(_, let worker, _): [.releaseJobs(worker.node)]
        case .terminating(.rented(let rental), _, _): [.terminate(rental.pod)]
        case .terminating(.asked, _, _): [.find]
        case .gone(let node, _):
            (node.map { [.removeNode($0)] } ?? []) + (self.device.map { [.removeDevices($0)] } ?? [])
        }
    }

    /// The device in the tailnet that its own key has made of it, as far as it is ours to remove.
    package var device: TailnetDevice? {
        self.keyMintedAt.map {
            TailnetDevice(hostname: self.instance.tailscaleHostname, address: self.hostIP, since: $0)
        }
    }

    /// The deadline that has passed, if any.
    package func passedDeadline(at now: Date, limits: PodLimits = PodLimits()) -> PodDeadline? {
        func isOver(_ since: Date, _ limit: TimeInterval) -> Bool { now.timeIntervalSince(since) >= limit }
        switch self.state {
        case .creating(nil):
            return isOver(self.plannedAt, limits.capacity) ? .capacity : nil
        case .creating(let ask?):
            return now >= ask.stay.leaveAt ? .lifetime : nil
        case .starting(let rental), .connecting(let rental), .installing(let rental):
            if now >= rental.stay.leaveAt { return .lifetime }
            if rental.setupFailure != nil { return self.isPersistent ? nil : .setup }
            guard let upAt = rental.upAt else { return isOver(rental.since, limits.launch) ? .launch : nil }
            guard let saidReadyAt = rental.saidReadyAt else { return isOver(upAt, limits.setup) ? .setup : nil }
            return isOver(saidReadyAt, limits.registration) ? .registration : nil
        case .ready(let rental, _):
            if now >= rental.stay.leaveAt { return .lifetime }
            return rental.setupFailure != nil && !self.isPersistent ? .setup : nil
        case .draining:
            return isOver(self.movedAt, limits.draining) ? .draining : nil
        case .terminating, .gone:
            return nil
        }
    }

    /// What its worker's silence or idleness calls for.
    ///
    /// - Parameter since: Nobody can be heard before this: the server's own start.
    package func neglect(at now: Date, listeningSince since: Date, limits: PodLimits = PodLimits()) -> PodEvent? {
        guard case .ready(let rental, let worker) = self.state, rental.setupFailure == nil else { return nil }
        let silence = now.timeIntervalSince(max(worker.heardAt, since))
        if silence >= limits.heartbeat {
            return .heartbeatLost("no heartbeat for \(Int(silence / 60)) minutes")
        }
        guard !self.isPersistent, let idleSince = worker.idleSince else { return nil }
        let idleness = now.timeIntervalSince(max(idleSince, since))
        return idleness >= limits.idle ? .foundIdle("no job for \(Int(idleness / 60)) minutes") : nil
    }

    /// Why what was given is not what was asked for; nil when it will do.
    package static func objection(
        to rental: Rental, hostCUDA: CUDAVersion?, policy: CandidatePolicy
    ) -> String? {
        if policy.isBlocked(rental.gpu, displayName: rental.gpuName) {
            return "the provider gave a \(rental.gpuName), which is blocked"
        }
        if let hostCUDA, let floor = policy.minimumCUDA, hostCUDA < floor {
            return "the host's driver supports CUDA \(hostCUDA); \(floor) is needed"
        }
        if rental.pricePerHour > rental.stay.priceLimit {
            return "it costs $\(rental.pricePerHour) an hour; $\(rental.stay.priceLimit) were reserved"
        }
        return nil
    }
}

/// The six phases of the wire.
package enum PodPhase: String, Sendable, Codable, CaseIterable {
    case creating
    case starting
    case connecting
    case installing
    case ready
    case failed
}

extension Pod {
    /// The phase that people and existing scripts are shown.
    ///
    /// A pod on its way out has no phase of its own there: it stays `ready` if it ever worked and nothing went wrong.
    package var phase: PodPhase {
        switch self.state {
        case .creating: .creating
        case .starting: .starting
        case .connecting: .connecting
        case .installing(let rental): rental.setupFailure == nil ? .installing : .failed
        case .ready(let rental, _): rental.setupFailure == nil ? .ready : .failed
        case .draining(_, _, let ending): ending.isFailure ? .failed : .ready
        case .terminating(_, let node, let ending), .gone(let node, let ending):
            ending.isFailure || node == nil ? .failed : .ready
        }
    }

    /// The state's name, for events and the database.
    package var stateName: String {
        switch self.state {
        case .creating: "creating"
        case .starting: "starting"
        case .connecting: "connecting"
        case .installing: "installing"
        case .ready: "ready"
        case .draining: "draining"
        case .terminating: "terminating"
        case .gone: "gone"
        }
    }
}
