package import Foundation

extension Pod {
    /// Takes what happened.
    package mutating func handle(_ event: PodEvent, at now: Date) {
        if case .persistenceSet(let isPersistent) = event {
            if self.isOpen { self.isPersistent = isPersistent }
            return
        }
        if case .keyMinted = event, case .creating(nil) = self.state { self.keyMintedAt = self.keyMintedAt ?? now }
        switch self.state {
        case .creating(nil): self.handleWhileWanted(event, at: now)
        case .creating(let ask?): self.handleWhileAsked(ask, event, at: now)
        case .starting(let rental), .connecting(let rental), .installing(let rental):
            self.handleOnTheWay(rental, event, at: now)
        case .ready(let rental, let worker): self.handleWhileReady(rental, worker, event, at: now)
        case .draining(let rental, let worker, let ending):
            self.handleWhileDraining(rental, worker, ending, event, at: now)
        case .terminating(let held, let node, let ending):
            self.handleWhileTerminating(held, node, ending, event, at: now)
        case .gone(_, let ending):
            if case .nodeRemoved = event { self.state = .gone(node: nil, ending) }
            if case .devicesRemoved = event { self.keyMintedAt = nil }
        }
    }

    private mutating func handleWhileWanted(_ event: PodEvent, at now: Date) {
        switch event {
        case .createSent(let candidate, let stay):
            self.move(to: .creating(Ask(candidate: candidate, stay: stay)), "asks for \(candidate)", at: now)
        case .accepted(let rental):
            self.accept(rental, at: now)
        case .refused(let reason, let isFinal):
            self.message = reason
            if isFinal { self.move(to: .gone(node: nil, PodEnding(.refused, reason, at: now)), reason, at: now) }
        case .leaveRequested, .endRequested, .foundSurplus, .deadlinePassed:
            guard let ending = Self.ending(for: event, at: now) else { return }
            self.move(to: .gone(node: nil, ending), ending.detail, at: now)
        case .outcomeUnknown, .notFoundByName, .seen, .containerStarted, .setupReported, .workerRegistered,
            .workerHeard,
            .heartbeatLost, .foundIdle, .missing, .wrongMachine, .broke, .jobsReleased, .goneConfirmed, .nodeRemoved,
            .persistenceSet, .keyMinted, .devicesRemoved:
            break
        }
    }

    private mutating func handleWhileAsked(_ ask: Ask, _ event: PodEvent, at now: Date) {
        switch event {
        case .accepted(let rental):
            self.accept(rental, at: now)
        case .outcomeUnknown(let reason):
            self.message = "the create got no clear answer (\(reason)); the pod is looked for by its name"
        case .refused(let reason, let isFinal):
            if isFinal {
                self.move(to: .gone(node: nil, PodEnding(.refused, reason, at: now)), reason, at: now)
            } else {
                self.move(to: .creating(nil), reason, at: now)
            }
        case .notFoundByName:
            var ask = ask
            ask.looks += 1
            self.state = .creating(ask)
            if ask.isProvenAbsent(at: now) { self.neverAppeared(at: now) }
        case .leaveRequested, .endRequested, .foundSurplus, .deadlinePassed:
            guard let ending = Self.ending(for: event, at: now) else { return }
            self.move(to: .terminating(.asked(ask), node: nil, ending), ending.detail, at: now)
        case .createSent, .seen, .containerStarted, .setupReported, .workerRegistered, .workerHeard, .heartbeatLost,
            .foundIdle, .missing, .wrongMachine, .broke, .jobsReleased, .goneConfirmed, .nodeRemoved, .persistenceSet,
            .keyMinted, .devicesRemoved:
            break
        }
    }

    private mutating func handleOnTheWay(_ rental: Rental, _ event: PodEvent, at now: Date) {
        switch event {
        case .seen(let sighting):
            self.state = self.onItsWay(with: rental.seen(sighting))
        case .containerStarted:
            var rental = rental
            rental.misses = 0
            rental.upAt = rental.upAt ?? now
            switch self.state {
            case .connecting: self.state = .connecting(rental)
            case .installing: self.state = .installing(rental)
            case .starting, .creating, .ready, .draining, .terminating, .gone:
                self.move(to: .connecting(rental), "the container runs", at: now)
            }
        case .setupReported(let report):
            self.take(report, rental, at: now)
        case .workerRegistered(let node, let heardAt):
            self.move(
                to: .ready(rental, PodWorker(node: node, registeredAt: now, heardAt: heardAt, idleSince: now)),
                "works", at: now)
        case .missing:
            self.miss(rental.missed, node: nil, staying: self.onItsWay(with: rental.missed), at: now)
        case .leaveRequested, .endRequested, .foundSurplus, .deadlinePassed, .wrongMachine, .broke:
            let known = event == .deadlinePassed(.setup) ? rental.setupFailure : nil
            guard let ending = known ?? Self.ending(for: event, at: now) else { return }
            if self.isPersistent, ending.reason == .setupDeadline || ending.reason == .registrationDeadline {
                // Its container runs: a person can look at it, as at one that says that it failed.
                var rental = rental
                rental.setupFailure = ending
                return self.move(to: .installing(rental), ending.detail, at: now)
            }
            self.move(to: .terminating(.rented(rental), node: nil, ending), ending.detail, at: now)
        case .createSent, .accepted, .outcomeUnknown, .refused, .notFoundByName, .workerHeard, .heartbeatLost,
            .foundIdle, .jobsReleased, .goneConfirmed, .nodeRemoved, .persistenceSet, .keyMinted, .devicesRemoved:
            break
        }
    }

    private mutating func handleWhileReady(_ rental: Rental, _ worker: PodWorker, _ event: PodEvent, at now: Date) {
        var worker = worker
        switch event {
        case .seen(let sighting):
            self.state = .ready(rental.seen(sighting), worker)
        case .setupReported(let report):
            if report.phase == .failed {
                let ending = PodEnding(.setupFailed, Self.words(of: report), log: report.log, at: now)
                self.end(rental, worker, ending, at: now)
            } else {
                self.hostIP = report.hostIP ?? self.hostIP
                if !report.message.isEmpty { self.message = report.message }
            }
        case .workerRegistered(let node, let heardAt):
            // It registered anew, or under a new id: the old registration is void.
            worker.node = node
            worker.heardAt = max(worker.heardAt, heardAt)
            self.state = .ready(rental, worker)
        case .workerHeard(let heardAt, let isBusy):
            var rental = rental
            if let failure = rental.setupFailure, heardAt > failure.at {
                // A person has started it again.
                rental.setupFailure = nil
                self.message = "works again"
            }
            if heardAt.timeIntervalSince(worker.heardAt) >= 60 { worker.heardAt = heardAt }
            if isBusy { worker.idleSince = nil } else { worker.idleSince = worker.idleSince ?? now }
            self.state = .ready(rental, worker)
        case .missing:
            self.miss(rental.missed, node: worker.node, staying: .ready(rental.missed, worker), at: now)
        case .heartbeatLost, .leaveRequested, .endRequested, .foundSurplus, .foundIdle, .deadlinePassed,
            .wrongMachine, .broke:
            let known = event == .deadlinePassed(.setup) ? rental.setupFailure : nil
            guard let ending = known ?? Self.ending(for: event, at: now) else { return }
            if ending.reason == .idle, self.isPersistent { return }
            self.end(rental, worker, ending, at: now)
        case .createSent, .accepted, .outcomeUnknown, .refused, .notFoundByName, .containerStarted, .jobsReleased,
            .goneConfirmed,
            .nodeRemoved, .persistenceSet, .keyMinted, .devicesRemoved:
            break
        }
    }

    private mutating func handleWhileDraining(
        _ rental: Rental, _ worker: PodWorker, _ ending: PodEnding, _ event: PodEvent, at now: Date
    ) {
        switch event {
        case .jobsReleased, .deadlinePassed:
            // Jobs that could not be released run out with their lease; a pod that bills does not wait for that.
            self.move(
                to: .terminating(.rented(rental), node: worker.node, ending), ending.detail, at: now)
        case .seen(let sighting):
            self.state = .draining(rental.seen(sighting), worker, ending)
        case .missing:
            self.miss(
                rental.missed, node: worker.node, staying: .draining(rental.missed, worker, ending), at: now)
        case .createSent, .accepted, .outcomeUnknown, .refused, .notFoundByName, .containerStarted, .setupReported,
            .workerRegistered, .workerHeard, .heartbeatLost, .leaveRequested, .endRequested, .foundSurplus, .foundIdle,
            .wrongMachine, .broke, .goneConfirmed, .nodeRemoved, .persistenceSet, .keyMinted, .devicesRemoved:
            break
        }
    }

    private mutating func handleWhileTerminating(
        _ held: Held, _ node: NodeID?, _ ending: PodEnding, _ event: PodEvent, at now: Date
    ) {
        switch (held, event) {
        case (.asked, .accepted(let rental)):
            // The create was still on its way when we gave up: what it rented is ended.
            self.state = .terminating(.rented(rental), node: node, ending)
        case (.asked, .refused):
            self.move(to: .gone(node: node, ending), ending.detail, at: now)
        case (.asked(let ask), .notFoundByName):
            var ask = ask
            ask.looks += 1
            self.state = .terminating(.asked(ask), node: node, ending)
            if ask.isProvenAbsent(at: now) { self.move(to: .gone(node: node, ending), ending.detail, at: now) }
        case (.rented, .goneConfirmed), (.rented, .missing):
            self.move(to: .gone(node: node, ending), ending.detail, at: now)
        case (_, .workerRegistered(let late, _)):
            // Its registration has to go with it.
            self.state = .terminating(held, node: late, ending)
        case (_, .createSent), (_, .accepted), (_, .outcomeUnknown), (_, .refused), (_, .notFoundByName),
            (_, .seen), (_, .containerStarted), (_, .setupReported), (_, .workerHeard), (_, .heartbeatLost),
            (_, .leaveRequested),
            (_, .endRequested), (_, .foundSurplus), (_, .foundIdle), (_, .deadlinePassed), (_, .missing),
            (_, .wrongMachine), (_, .broke), (_, .jobsReleased), (_, .goneConfirmed), (_, .nodeRemoved),
            (_, .persistenceSet), (_, .keyMinted), (_, .devicesRemoved):
            break
        }
    }
}

extension Pod {
    private mutating func move(to state: State, _ message: String, at now: Date) {
        self.state = state
        self.message = message
        self.movedAt = now
    }

    /// Ends a pod that works; a persistent one whose worker has failed or fallen silent stays, for a person to look.
    ///
    /// Its jobs go back when their leases run out; its stay ends all the same.
    private mutating func end(_ rental: Rental, _ worker: PodWorker, _ ending: PodEnding, at now: Date) {
        guard self.isPersistent, ending.reason == .setupFailed || ending.reason == .heartbeatLost else {
            return self.move(to: .draining(rental, worker, ending), ending.detail, at: now)
        }
        guard rental.setupFailure == nil else { return }
        var rental = rental
        rental.setupFailure = ending
        self.state = .ready(rental, worker)
        self.message = ending.detail
    }

    private mutating func accept(_ rental: Rental, at now: Date) {
        self.move(to: .starting(rental), "rented a \(rental.gpuName); its host fetches the image", at: now)
    }

    private mutating func neverAppeared(at now: Date) {
        let ending = PodEnding(
            .neverAppeared, "the create got no clear answer, and no pod of this name appeared", at: now)
        self.move(to: .gone(node: nil, ending), ending.detail, at: now)
    }

    /// A phase that was passed is not gone back to.
    private func onItsWay(with rental: Rental) -> State {
        switch self.state {
        case .connecting: .connecting(rental)
        case .installing: .installing(rental)
        case .creating, .starting, .ready, .draining, .terminating, .gone: .starting(rental)
        }
    }

    private mutating func take(_ report: SetupReport, _ rental: Rental, at now: Date) {
        var rental = rental
        rental.upAt = rental.upAt ?? now
        self.hostIP = report.hostIP ?? self.hostIP
        let words = Self.words(of: report)
        let isInstalling = if case .installing = self.state { true } else { false }
        switch report.phase {
        case .connecting where isInstalling:
            self.message = words
        case .connecting:
            self.move(to: .connecting(rental), words, at: now)
        case .installing where isInstalling:
            self.message = words
        case .installing:
            self.move(to: .installing(rental), words, at: now)
        case .ready:
            rental.saidReadyAt = rental.saidReadyAt ?? now
            self.state = .installing(rental)
            self.message = words
        case .failed where self.isPersistent:
            // It stays, for a person to look; its stay ends all the same.
            rental.setupFailure = PodEnding(.setupFailed, words, log: report.log, at: now)
            self.move(to: .installing(rental), words, at: now)
        case .failed:
            let ending = PodEnding(.setupFailed, words, log: report.log, at: now)
            self.move(to: .terminating(.rented(rental), node: nil, ending), words, at: now)
        }
    }

    private static func words(of report: SetupReport) -> String {
        let texts = [report.message, report.error ?? ""].filter { !$0.isEmpty }
        return texts.isEmpty ? report.phase.rawValue : texts.joined(separator: ": ")
    }

    /// Once may be an oversight of the list; twice in a row it is gone.
    private mutating func miss(_ rental: Rental, node: NodeID?, staying: State, at now: Date) {
        guard rental.misses >= 2 else {
            self.state = staying
            return
        }
        let ending = self.ending ?? PodEnding(.vanished, "the provider does not know the pod any more", at: now)
        self.move(to: .gone(node: node, ending), ending.detail, at: now)
    }

    private static func ending(for event: PodEvent, at now: Date) -> PodEnding? {
        switch event {
        case .heartbeatLost(let words): PodEnding(.heartbeatLost, words, at: now)
        case .leaveRequested(let words): PodEnding(.left, words, at: now)
        case .endRequested(let words): PodEnding(.endedByPerson, words, at: now)
        case .foundSurplus(let words): PodEnding(.surplus, words, at: now)
        case .foundIdle(let words): PodEnding(.idle, words, at: now)
        case .wrongMachine(let words): PodEnding(.wrongMachine, words, at: now)
        case .broke(let words): PodEnding(.broke, words, at: now)
        case .deadlinePassed(let deadline): Self.ending(for: deadline, at: now)
        case .createSent, .accepted, .outcomeUnknown, .refused, .notFoundByName, .seen, .containerStarted,
            .setupReported,
            .workerRegistered, .workerHeard, .missing, .jobsReleased, .goneConfirmed, .nodeRemoved, .persistenceSet,
            .keyMinted, .devicesRemoved:
            nil
        }
    }

    private static func ending(for deadline: PodDeadline, at now: Date) -> PodEnding? {
        switch deadline {
        case .capacity: PodEnding(.noCapacity, "nothing was free for half an hour", at: now)
        case .launch: PodEnding(.launchDeadline, "the container did not start in time", at: now)
        case .setup: PodEnding(.setupDeadline, "the setup did not finish in time", at: now)
        case .registration:
            PodEnding(.registrationDeadline, "the setup was done, but no worker registered", at: now)
        case .lifetime: PodEnding(.lifetime, "its time is over", at: now)
        case .draining: nil
        }
    }
}
