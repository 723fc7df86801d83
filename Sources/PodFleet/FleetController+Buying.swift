import CastCore
import Foundation
import Synchronization

extension FleetController {
    /// So many candidates are tried in one turn.
    private static let mostTries = 8

    /// Tries one candidate after the other until the provider gives a pod, or nobody knows whether it did.
    func buy(_ pod: Pod, _ settings: FleetSettings) async throws {
        let address: ServerAddress
        do {
            address = try await self.address(settings)
        } catch let error as CastError {
            return try await self.record(.refused(error.message, isFinal: true), for: pod.instance)
        }
        let offers: [GPUOffer]
        do {
            offers = try await self.readOffers(settings)
        } catch {
            return try await self.record(
                .refused("the catalogue cannot be read: \(error)", isFinal: false), for: pod.instance)
        }
        let key: TailnetKey?
        do throws(TailnetFailure) {
            key = try await self.canBuy(pod, offers, settings) ? self.mintKey(for: pod) : nil
        } catch {
            return try await self.take(error, for: pod)
        }
        if key != nil { try await self.record(.keyMinted, for: pod.instance) }
        for _ in 0..<Self.mostTries {
            guard let ask = try await self.ask(for: pod, offers, settings) else { return }
            var request = PodOrder.request(
                for: pod, ask, server: self.server, address: address, settings: settings)
            if let key {
                request.environment["TS_AUTH_KEY"] = key.text
                request.environment["TS_ADVERTISE_TAGS"] = key.tags.joined(separator: ",")
            }
            do {
                let given = try await self.provider.create(request)
                return try await self.accept(given, for: pod.instance)
            } catch var failure as ProviderFailure {
                // An answer may repeat what it was asked.
                failure.text = key?.removed(from: failure.text) ?? failure.text
                guard try await self.take(failure, of: ask, for: pod) else { return }
            }
        }
    }

    /// Whether there is anything to ask for now: a key that no create needs would be made for nothing.
    private func canBuy(_ pod: Pod, _ offers: [GPUOffer], _ settings: FleetSettings) async -> Bool {
        guard let books = await self.attempt("the books cannot be read", { try await self.store.books(at: self.now) })
        else { return false }
        let ranking = settings.candidates.rank(offers, model: pod.model, refusals: books.refusals, at: self.now)
        return ranking.candidates.contains { candidate in
            let grant = books.budget(settings.caps, at: self.now).grant(
                at: candidate.priceLimit, from: self.now, lifetime: settings.maxLifetime)
            if case .granted = grant { return true } else { return false }
        }
    }

    /// A pod that could not join the tailnet would bill for nothing.
    private func take(_ failure: TailnetFailure, for pod: Pod) async throws {
        let reason = "no Tailscale key could be made for the pod: \(failure)"
        try await self.change { books, now in
            if failure.isLasting { books.pause = FleetBooks.PurchasePause(until: now + 900, reason: reason) }
            books.record(.refused(reason, isFinal: failure.isLasting), for: pod.instance, at: now)
        }
    }

    func query(_ settings: FleetSettings) -> OfferQuery {
        OfferQuery(clouds: settings.clouds, minimumCUDA: settings.minimumCUDA)
    }

    /// Chooses the next candidate that can be paid, reserves its money, and writes down that it is asked for.
    private func ask(for pod: Pod, _ offers: [GPUOffer], _ settings: FleetSettings) async throws -> Ask? {
        try await self.change { books, now in
            let ranking = settings.candidates.rank(
                offers, model: pod.model, speeds: GPUSpeeds(measured: books.speeds), refusals: books.refusals, at: now)
            guard !ranking.candidates.isEmpty else {
                let reasons = ranking.passedOver.prefix(6).joined(separator: "; ")
                // Nothing that could change by waiting: these settings allow no GPU of the catalogue.
                let isFinal = !offers.isEmpty && ranking.retryAt == nil
                books.record(
                    .refused(
                        isFinal ? "the settings allow no GPU: \(reasons)" : "no GPU is free now: \(reasons)",
                        isFinal: isFinal), for: pod.instance, at: now)
                return nil
            }
            var refusal: String?
            for candidate in ranking.candidates {
                do {
                    return try books.ask(
                        for: pod.instance, candidate, lifetime: settings.maxLifetime, caps: settings.caps, at: now)
                } catch let error as CastError {
                    refusal = refusal ?? error.message
                }
            }
            let words = refusal ?? "the budget does not allow it"
            books.pause = FleetBooks.PurchasePause(until: now + 600, reason: words)
            let cheapest = ranking.candidates.map(\.priceLimit).min() ?? .zero
            let budget = books.budget(settings.caps, at: now)
            if case .refused(let why) = budget.grant(at: cheapest, from: now, lifetime: settings.maxLifetime) {
                books.tellOfBudget(why, pod.instance, at: now)
            }
            books.record(.refused(words, isFinal: true), for: pod.instance, at: now)
            return nil
        }
    }

    /// What a create's failure means.
    ///
    /// - Returns: Whether another candidate is to be tried now.
    private func take(_ failure: ProviderFailure, of ask: Ask, for pod: Pod) async throws -> Bool {
        try await self.change { books, now in
            func refuse(isFinal: Bool, pause: TimeInterval? = nil) {
                if let pause {
                    books.pause = FleetBooks.PurchasePause(until: now + pause, reason: "\(failure)")
                }
                books.record(.refused("\(ask.candidate): \(failure)", isFinal: isFinal), for: pod.instance, at: now)
            }
            if failure.mayFitElsewhere {
                books.refusals.note(ask.candidate.gpu, ask.candidate.cloud, nil, at: now)
                refuse(isFinal: false)
                return true
            }
            switch failure.kind {
            case .unknownOutcome:
                books.record(.outcomeUnknown("\(failure)"), for: pod.instance, at: now)
            case .outOfMoney, .forbidden, .invalidRequest:
                // Trying again costs nothing but patience: a quarter of an hour.
                refuse(isFinal: true, pause: 900)
            case .rateLimited(let retryAfter):
                refuse(isFinal: false, pause: Double(retryAfter.components.seconds))
            case .noCapacity, .gone, .unavailable:
                refuse(isFinal: false)
            }
            return false
        }
    }

    /// Where pods reach this server.
    ///
    /// - Throws: `.invalid` that says which variable to set.
    func address(_ settings: FleetSettings) async throws -> ServerAddress {
        let known = await self.surroundings.address()
        guard let url = settings.serverURL ?? known?.url else {
            throw CastError(
                .invalid,
                """
                Server not on Tailscale (cannot derive URL/IP). Set RUNPOD_SERVER_URL to where pods reach this server.
                """)
        }
        let ip = settings.serverIP ?? known?.ip
        if let ip, !PodOrder.isAddress(ip) {
            throw CastError(
                .invalid, "Invalid server IP: \(ip). Set RUNPOD_SERVER_IP to this server's tailnet address.")
        }
        if self.needsTailnet, ip == nil {
            throw CastError(
                .invalid,
                "Server not on Tailscale (cannot derive URL/IP). Set RUNPOD_SERVER_IP: pods cannot resolve its name.")
        }
        return ServerAddress(url: url, ip: ip)
    }

    func makePod(
        _ books: FleetBooks, purpose: String, isPersistent: Bool, isAutomatic: Bool, generation: Int = 0,
        model: String, at now: Date
    ) -> Pod {
        Pod(
            instance: .draw(notIn: books.instancesInUse, random: self.surroundings.random), model: model,
            isPersistent: isPersistent, purpose: purpose, isAutomatic: isAutomatic, generation: generation,
            setupToken: SetupToken.make(self.surroundings.random), at: now)
    }

    /// What keeps from buying anything now; nil: nothing.
    static func hold(_ books: FleetBooks, at now: Date) -> (key: String, reason: String)? {
        if let pause = books.pause, pause.until > now { return ("pause", "nothing is bought for now: \(pause.reason)") }
        switch LaunchBreaker(launches: books.launches).verdict(at: now) {
        case .closed: return nil
        case .open(let until, let reason):
            let minutes = Int((until.timeIntervalSince(now) / 60).rounded(.up))
            return ("breaker", "nothing is bought for \(minutes) minutes: \(reason)")
        case .halfOpen(let reason):
            let isTrying = books.openPods.contains(where: \.isOnItsWay)
            return isTrying ? ("trying", "one pod is tried before more are bought: \(reason)") : nil
        }
    }

    /// Buys another pod in place of one that was not what was asked for.
    func replace(_ settings: FleetSettings) async throws {
        guard settings.isEnabled else { return }
        try await self.change { books, now in
            guard Self.hold(books, at: now) == nil else { return }
            for old in books.pods.values.sorted(by: { $0.plannedAt < $1.plannedAt }) {
                guard let ending = old.ending, ending.wantsReplacement, old.replacedBy == nil,
                    old.generation < Pod.mostGenerations, now.timeIntervalSince(ending.at) < 3600
                else { continue }
                let pod = self.makePod(
                    books, purpose: "in place of \(old.instance): \(ending.detail)", isPersistent: old.isPersistent,
                    isAutomatic: old.isAutomatic, generation: old.generation + 1, model: old.model, at: now)
                // Where the maximum is reached it waits until the old one is gone.
                guard (try? books.plan(pod, maxPods: settings.maxPods)) != nil else { return }
                books.pods[old.instance]?.replacedBy = pod.instance
            }
        }
    }

    /// Buys what the queue calls for.
    func scale(_ view: FleetView, _ settings: FleetSettings) async throws {
        guard settings.isEnabled, settings.isAutoScaling, let queue = view.queue, view.list?.isComplete == true
        else { return }
        let uplink = self.surroundings.uplink()
        let lastHold = self.memory.withLock { $0.lastHold }
        let hold = try await self.change { books, now -> String? in
            let inputs = Self.inputs(books, queue, settings, uplink)
            var decision = settings.scaling.decide(inputs, at: now)
            var hold = decision.hold?.rawValue
            if decision.buy > 0, let reason = Self.hold(books, at: now) {
                hold = reason.key
                decision = ScalePolicy.Decision(buy: 0, reason: "\(decision.reason), but \(reason.reason)")
            }
            if case .halfOpen = LaunchBreaker(launches: books.launches).verdict(at: now) {
                decision.buy = min(decision.buy, 1)
            }
            if decision.buy > 0 || (hold != nil && hold != lastHold && hold != ScalePolicy.Hold.cooldown.rawValue) {
                books.tell(
                    .scaling, nil, "buys \(decision.buy): \(decision.reason)", facts: inputs.facts, at: now)
            }
            for _ in 0..<decision.buy {
                let pod = self.makePod(
                    books, purpose: decision.reason, isPersistent: false, isAutomatic: true, model: settings.model,
                    at: now)
                try books.plan(pod, maxPods: settings.maxPods)
            }
            return hold
        }
        self.memory.withLock { memory in
            if hold != ScalePolicy.Hold.cooldown.rawValue { memory.lastHold = hold }
        }
    }

    static func inputs(
        _ books: FleetBooks, _ queue: QueueView, _ settings: FleetSettings, _ uplink: Uplink
    ) -> ScalePolicy.Inputs {
        let open = books.openPods
        // One that stays for a person to look works on nothing.
        let ready = open.filter { $0.isReady && $0.rental?.setupFailure == nil }
        let starts = ready.compactMap { pod -> TimeInterval? in
            guard case .ready(let rental, let worker) = pod.state else { return nil }
            return worker.registeredAt.timeIntervalSince(rental.since)
        }
        let gpu = ready.first?.rental?.gpu ?? GPUID(settings.gpuType ?? "")
        return ScalePolicy.Inputs(
            queue: queue, ready: ready.count, onTheirWay: open.filter(\.isOnItsWay).count,
            ending: open.filter { $0.ending != nil }.count, lastPurchaseAt: books.lastPurchaseAt,
            lastLeftAt: books.lastLeftAt,
            speed: GPUSpeeds(measured: books.speeds).speed(of: gpu, model: settings.model).value,
            startUpTime: starts.isEmpty ? 600 : max(60, starts.reduce(0, +) / Double(starts.count)),
            uplink: uplink)
    }
}
