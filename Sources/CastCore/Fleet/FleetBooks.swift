package import Foundation

/// Everything that the fleet's decisions rest on, as of one transaction.
package struct FleetBooks: Sendable, Equatable {
    /// Every pod that is not gone, and those that went within the last day.
    package var pods: [InstanceID: Pod] = [:]
    /// Every open run, and those since the start of last month, by id.
    package var runs: [String: PodRun] = [:]
    /// The newest last.
    package var launches: [Launch] = []
    package var refusals: [CapacityRefusal] = []
    package var pause: PurchasePause?
    /// When scaling last bought.
    package var lastPurchaseAt: Date?
    /// When a worker last left for lack of work.
    package var lastLeftAt: Date?
    /// Until when the provider's bill has been compared with the runs.
    package var auditedAt: Date?
    /// What no run explains, by pod: so that an alarm is given once, and again when it grows.
    package var unexplained: [PodID: Money] = [:]
    /// From all runs of the last three months; for reading only.
    package var speeds: [MeasuredSpeed] = []
    /// What this change has to tell; the store takes them.
    package var events: [FleetEvent] = []

    package init() {}

    /// A time in which nothing is bought, whatever waits.
    package struct PurchasePause: Sendable, Equatable, Codable {
        package var until: Date
        /// For people, without a period.
        package var reason: String

        package init(until: Date, reason: String) {
            self.until = until
            self.reason = reason
        }
    }

    package var openPods: [Pod] {
        self.pods.values.filter(\.isOpen).sorted {
            $0.plannedAt != $1.plannedAt ? $0.plannedAt < $1.plannedAt : $0.instance < $1.instance
        }
    }

    /// Names that must not be given again.
    package var instancesInUse: Set<InstanceID> {
        Set(self.pods.keys).union(self.runs.values.map(\.instance))
    }

    package mutating func tell(
        _ kind: FleetEvent.Kind, _ instance: InstanceID? = nil, _ message: String, facts: [String: String] = [:],
        at now: Date
    ) {
        self.events.append(FleetEvent(at: now, kind: kind, instance: instance, message, facts: facts))
    }
}

extension FleetBooks {
    /// The money of all runs and reservations.
    package func charges(at now: Date) -> [Charge] {
        var charges: [Charge] = []
        for run in self.runs.values {
            if let endedAt = run.endedAt {
                charges.append(
                    Charge(from: run.startedAt, until: endedAt, pricePerHour: run.pricePerHour, total: run.billed))
            } else {
                // It bills until it is gone, and up to the end of its stay that is reserved.
                let reserved = self.pods[run.instance]?.rental?.stay.reservedUntil ?? now
                charges.append(
                    Charge(from: run.startedAt, until: max(now, reserved), pricePerHour: run.pricePerHour))
            }
        }
        for ask in self.pods.values.compactMap(\.ask) {
            charges.append(
                Charge(
                    from: ask.stay.from, until: max(now, ask.stay.reservedUntil), pricePerHour: ask.stay.priceLimit))
        }
        return charges
    }

    package func budget(_ caps: BudgetCaps, at now: Date) -> Budget {
        Budget(caps: caps, charges: self.charges(at: now))
    }

    /// Writes down the intent to have a pod.
    ///
    /// - Throws: `.limitReached` when there are as many pods as there may be.
    package mutating func plan(_ pod: Pod, maxPods: Int) throws {
        let open = self.openPods
        guard open.count < maxPods else {
            let working = open.filter { !$0.isOnItsWay }.count
            throw CastError(
                .limitReached,
                """
                Max pods (\(maxPods)) reached (\(working) running, \(open.count - working) creating). End a pod, or \
                raise RUNPOD_MAX_PODS.
                """)
        }
        self.pods[pod.instance] = pod
        if pod.isAutomatic { self.lastPurchaseAt = pod.plannedAt }
        self.tell(.pod, pod.instance, "wanted: \(pod.purpose)", at: pod.plannedAt)
    }

    /// Reserves the money for a pod and writes down that its create is about to be sent.
    ///
    /// - Returns: The ask; nil when the pod does not wait for one any more.
    /// - Throws: `.limitReached` with the budget's words.
    package mutating func ask(
        for instance: InstanceID, _ candidate: Candidate, lifetime: TimeInterval, caps: BudgetCaps, at now: Date
    ) throws -> Ask? {
        guard let pod = self.pods[instance], pod.state == .creating(nil) else { return nil }
        let granted = self.budget(caps, at: now).grant(at: candidate.priceLimit, from: now, lifetime: lifetime)
        switch granted {
        case .refused(let refusal): throw CastError(.limitReached, refusal.words)
        case .granted(let stay):
            self.record(.createSent(candidate, stay), for: instance, at: now)
            return self.pods[instance]?.ask
        }
    }

    /// Lets something happen to a pod, with all that follows from it in the ledger and the log.
    package mutating func record(_ event: PodEvent, for instance: InstanceID, at now: Date) {
        guard let old = self.pods[instance] else { return }
        var new = old
        new.handle(event, at: now)
        guard new != old else { return }
        self.pods[instance] = new
        self.keepLedger(old, new, at: now)
        self.keepLaunches(old, new, at: now)
        if old.ending == nil, new.ending?.reason == .left { self.lastLeftAt = now }
        if old.stateName != new.stateName || old.message != new.message || old.isPersistent != new.isPersistent {
            self.tellOfChange(old, new, at: now)
        }
    }

    /// Takes in a pod of ours that nothing accounts for, so that it is ended like any other.
    package mutating func takeIn(
        _ stray: ProviderPod, because detail: String, random: () -> UInt64, at now: Date
    ) {
        guard !self.pods.values.contains(where: { $0.rental?.pod == stray.id }) else { return }
        let instance = InstanceID.draw(notIn: self.instancesInUse, random: random)
        var stray = stray
        // Up to the end of an earlier run of the same pod its money is in the ledger already.
        let counted = self.runs.values.filter { $0.pod == stray.id }.compactMap(\.endedAt).max()
        stray.createdAt = [stray.createdAt, counted].compactMap(\.self).max()
        let pod = Pod(unaccounted: stray, as: instance, because: detail, at: now)
        self.pods[instance] = pod
        if let rental = pod.rental { self.open(PodRun(of: pod, rental)) }
        self.tell(
            .sweep, instance, "ends \(stray.name) (\(stray.id)): \(detail)", facts: ["pod": stray.id.rawValue], at: now)
    }

    private mutating func open(_ run: PodRun) { self.runs[run.id] = run }

    private mutating func keepLedger(_ old: Pod, _ new: Pod, at now: Date) {
        if let rental = new.rental, rental.pricePerHour != old.rental?.pricePerHour || rental.gpu != old.rental?.gpu {
            let run = PodRun(of: new, rental)
            if old.rental == nil { self.open(run) }
            self.runs[run.id]?.pricePerHour = rental.pricePerHour
            self.runs[run.id]?.gpu = rental.gpu
            self.runs[run.id]?.gpuName = rental.gpuName
        }
        if let node = new.node, node != old.node, let rental = new.rental {
            self.runs[PodRun(of: new, rental).id]?.node = node
        }
        guard let rental = old.rental, !new.isOpen else { return }
        let id = PodRun(of: old, rental).id
        guard self.runs[id]?.endedAt == nil else { return }
        self.runs[id]?.endedAt = max(now, rental.since)
        self.runs[id]?.endReason = new.ending?.detail
    }

    private mutating func keepLaunches(_ old: Pod, _ new: Pod, at now: Date) {
        let wasLaunching = old.isOnItsWay
        guard wasLaunching, !new.isOnItsWay else { return }
        let before = LaunchBreaker(launches: self.launches).verdict(at: now)
        if new.isReady {
            self.launches.append(Launch(instance: new.instance, at: now, failure: nil))
        } else if let ending = new.ending, ending.isFailure, old.rental != nil || ending.reason == .neverAppeared {
            self.launches.append(Launch(instance: new.instance, at: now, failure: ending.detail))
        }
        if self.launches.count > 20 { self.launches.removeFirst(self.launches.count - 20) }
        guard before == .closed, case .open(_, let reason) = LaunchBreaker(launches: self.launches).verdict(at: now)
        else { return }
        self.tell(
            .alarm, new.instance, "no more pods are bought for a while: \(reason)",
            facts: [FleetEvent.subjectFact: "launches \(new.instance) \(Int(now.timeIntervalSince1970))"], at: now)
    }

    /// Tells that a budget allows no pod; people hear of it once for each hour, day or month.
    package mutating func tellOfBudget(
        _ refusal: Budget.Refusal, _ instance: InstanceID?, at now: Date
    ) {
        let period = refusal.period
        let subject = "budget \(period.kind.rawValue) \(period.start.formatted(.iso8601))"
        self.tell(.budget, instance, refusal.words, facts: [FleetEvent.subjectFact: subject], at: now)
    }

    private mutating func tellOfChange(_ old: Pod, _ new: Pod, at now: Date) {
        var facts = ["state": new.stateName, "phase": new.phase.rawValue]
        if let rental = new.rental ?? old.rental {
            facts["pod"] = rental.pod.rawValue
            facts["gpu"] = rental.gpuName
            facts["price_per_hour"] = "\(rental.pricePerHour)"
        }
        if let reason = new.ending?.reason { facts["reason"] = reason.rawValue }
        let persistence =
            new.isPersistent == old.isPersistent ? "" : new.isPersistent ? "stays when idle; " : "leaves when idle; "
        let move = old.stateName == new.stateName ? new.stateName : "\(old.stateName) → \(new.stateName)"
        self.tell(.pod, new.instance, "\(move): \(persistence)\(new.message)", facts: facts, at: now)
    }

    /// Notes what a pod's worker has got done so far.
    package mutating func note(_ work: WorkDone, of instance: InstanceID) {
        guard let pod = self.pods[instance], let rental = pod.rental else { return }
        let id = PodRun(of: pod, rental).id
        self.runs[id]?.jobs = work.jobs
        self.runs[id]?.audioSeconds = work.audioSeconds
        self.runs[id]?.busySeconds = work.busySeconds
    }
}
