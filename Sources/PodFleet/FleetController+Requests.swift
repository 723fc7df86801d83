package import CastCore
import Foundation

/// What people, scripts and pods ask of the fleet.
extension FleetController {
    /// Orders a pod; it takes minutes to come.
    ///
    /// - Returns: Its instance, at once: the provider is asked in the next turn.
    /// - Throws: `.invalid` or `.limitReached` in words that say what to change: switched off, no address, nothing that
    ///   may be bought, no budget, as many pods as there may be.
    @discardableResult
    package func start(persistent: Bool = false, purpose: String = "asked for by a person") async throws -> InstanceID {
        let settings = try await self.surroundings.settings()
        guard settings.isEnabled else {
            throw CastError(.invalid, "RunPod not enabled. Set RUNPOD_ENABLED=true, or switch it on in the settings.")
        }
        _ = try await self.address(settings)
        // A catalogue that does not answer now is no reason to refuse; the turn asks again.
        let offers = await self.offers(settings)
        let instance = try await self.change { books, now in
            if let offers { try Self.checkMeans(books, offers, settings, at: now) }
            let pod = self.makePod(
                books, purpose: purpose, isPersistent: persistent, isAutomatic: false, model: settings.model, at: now)
            try books.plan(pod, maxPods: settings.maxPods)
            return pod.instance
        }
        self.wake()
        return instance
    }

    /// - Throws: What keeps a pod from being bought: `.invalid` for the settings, `.limitReached` for the budget.
    static func checkMeans(
        _ books: FleetBooks, _ offers: [GPUOffer], _ settings: FleetSettings, at now: Date
    ) throws {
        let ranking = settings.candidates.rank(offers, model: settings.model, refusals: books.refusals, at: now)
        if ranking.candidates.isEmpty, ranking.retryAt == nil, !offers.isEmpty {
            throw CastError(
                .invalid,
                """
                The settings allow no GPU of the catalogue: \(ranking.passedOver.prefix(6).joined(separator: "; ")). \
                Change RUNPOD_MAX_PRICE_PER_HOUR, RUNPOD_BLOCKED_GPUS or RUNPOD_CLOUDS.
                """)
        }
        guard let cheapest = ranking.candidates.min(by: { $0.priceLimit < $1.priceLimit }) else { return }
        let grant = books.budget(settings.caps, at: now).grant(
            at: cheapest.priceLimit, from: now, lifetime: settings.maxLifetime)
        if case .refused(let refusal) = grant { throw CastError(.limitReached, refusal.words) }
    }

    /// Ends a pod, named by its instance or by the provider's id.
    ///
    /// - Throws: `.notFound` when there is none, or it is gone already.
    @discardableResult
    package func stop(pod name: String, by whom: String = "a person") async throws -> InstanceID {
        let instance = try await self.change { books, now in
            let pod = books.openPods.first { $0.instance.text == name || $0.rental?.pod.rawValue == name }
            guard let pod else { throw CastError(.notFound, "No pod of this server has the id \(name.prefix(64)).") }
            books.record(.endRequested("ended by \(whom)"), for: pod.instance, at: now)
            return pod.instance
        }
        self.wake()
        return instance
    }

    /// Ends every pod of this server; nobody else's.
    ///
    /// - Returns: How many of them were not on their way out already.
    @discardableResult
    package func stopAll(by whom: String = "a person") async throws -> Int {
        let count = try await self.change { books, now in
            let pods = books.openPods.filter { $0.ending == nil }
            for pod in pods {
                books.record(.endRequested("ended with all pods by \(whom)"), for: pod.instance, at: now)
            }
            return pods.count
        }
        self.wake()
        return count
    }

    /// Lets a pod stay when it is idle, or lets it leave again.
    package func setPersistent(_ instance: InstanceID, _ isPersistent: Bool) async throws {
        try await self.change { books, now in
            guard books.pods[instance]?.isOpen == true else { throw Self.unknown(instance) }
            books.record(.persistenceSet(isPersistent), for: instance, at: now)
        }
        self.wake()
    }

    /// Takes what the setup in a pod reports.
    ///
    /// - Throws: `.unauthorized` without a token, `.notFound` for a pod that is not known or gone, `.forbidden` for a
    ///   wrong token.
    package func setupProgress(_ instance: InstanceID, token: String?, _ report: SetupReport) async throws {
        guard let token, !token.isEmpty else {
            throw CastError(.unauthorized, "The X-Setup-Token header is missing.")
        }
        try await self.change { books, now in
            let pod = try Self.pod(instance, token: token, in: books)
            guard pod.acceptsReports else { throw CastError(.forbidden, "Invalid setup token") }
            books.record(.setupReported(report), for: instance, at: now)
        }
        self.wake()
    }

    /// A pod wants to be ended: its jobs go back, then the provider is told.
    ///
    /// Repeating it is harmless.
    /// - Throws: `.notFound` for a pod that is not known or gone, `.forbidden` for a wrong token.
    package func requestTermination(
        _ instance: InstanceID, token: String, reason: String, isFailure: Bool
    ) async throws {
        let words = String((reason.isEmpty ? "it asked for its end" : reason).prefix(SetupReport.longestText))
        try await self.change { books, now in
            let pod = try Self.pod(instance, token: token, in: books)
            // Where the answer to its create is still awaited, no more can be said than that it is to end.
            let event = isFailure && pod.rental != nil ? PodEvent.broke(words) : .leaveRequested(words)
            books.record(event, for: instance, at: now)
        }
        self.wake()
    }

    /// The open pod that a token belongs to.
    ///
    /// - Throws: `.notFound` for a pod that is not known or gone, `.forbidden` for a wrong token.
    package func pod(_ instance: InstanceID, token: String) async throws -> Pod {
        try Self.pod(instance, token: token, in: try await self.store.books(at: self.now))
    }

    private static func pod(_ instance: InstanceID, token: String, in books: FleetBooks) throws -> Pod {
        guard let pod = books.pods[instance], pod.isOpen else { throw Self.unknown(instance) }
        guard SetupToken.isEqual(token, pod.setupToken) else {
            throw CastError(.forbidden, "Invalid setup token")
        }
        return pod
    }

    /// What became of a worker's wish to be ended.
    package enum TerminationAnswer: Sendable, Equatable {
        /// It is no pod's worker.
        case ignored
        /// No open pod has a worker of this name.
        case unknown
        case accepted(InstanceID)
    }

    /// A worker wants to leave: its jobs go back, its pod is ended, its registration removed, in that order.
    package func requestTermination(node: NodeID, name: String) async throws -> TerminationAnswer {
        guard let instance = InstanceID(nodeName: name) else { return .ignored }
        let answer = try await self.change { books, now -> TerminationAnswer in
            guard let pod = books.pods[instance], pod.isOpen else { return .unknown }
            books.record(.workerRegistered(node, heardAt: now), for: instance, at: now)
            books.record(.leaveRequested("its worker has nothing more to do"), for: instance, at: now)
            return .accepted(instance)
        }
        self.wake()
        return answer
    }

    /// Forgets a pod that is gone.
    ///
    /// - Throws: `.conflict` for one that is not: it would go on billing, and nobody would know.
    package func forget(_ instance: InstanceID) async throws {
        try await self.change { books, _ in
            guard let pod = books.pods[instance] else { throw Self.unknown(instance) }
            guard !pod.isOpen else {
                throw CastError(.conflict, "Pod \(instance) is not gone yet. Terminate it; then it can be forgotten.")
            }
            books.pods[instance] = nil
        }
    }

    /// Forgets every failed pod that is gone.
    ///
    /// - Returns: Which they were.
    @discardableResult
    package func forgetFailed() async throws -> [InstanceID] {
        try await self.change { books, _ in
            let failed = books.pods.values.filter { !$0.isOpen && $0.ending?.isFailure == true && $0.node == nil }
            for pod in failed { books.pods[pod.instance] = nil }
            return failed.map(\.instance)
        }
    }

    /// Removes silent nodes that are named like a pod's worker and have no pod.
    @discardableResult
    package func removeOrphanedNodes() async throws -> Int {
        let now = self.now
        let books = try await self.store.books(at: now)
        var count = 0
        for node in try await self.surroundings.nodes() {
            guard let instance = InstanceID(nodeName: node.name), books.pods[instance]?.isOpen != true,
                now.timeIntervalSince(node.lastHeartbeatAt ?? .distantPast) >= PodLimits().heartbeat
            else { continue }
            try await self.surroundings.releaseJobs(node.id)
            try await self.surroundings.removeNode(node.id)
            count += 1
        }
        return count
    }

    private static func unknown(_ instance: InstanceID) -> CastError {
        CastError(.notFound, "No setup state found for instance \(instance)")
    }
}
