import CastCore
import Foundation
import Synchronization

/// A provider, its pods, their workers and the queue, in one value that moves when a test says so.
///
/// Faults are scripted one by one, or drawn from a seeded generator.
final class World: Sendable {
    /// What a create comes to.
    enum Outcome: CaseIterable {
        case works, noCapacity, outOfMoney, badKey, notAllowed, badRequest, oddRequest, rateLimited, unavailable
        case lostAndMade, lostAndMadeLate, lostAndNotMade, blockedGPU, oldDriver, tooDear
        case pullsForEver, setupFails, setupHangs, neverRegisters, dies, fallsSilent, vanishes
    }

    struct Machine {
        var id: PodID
        var name: String
        var server: String?
        var gpu: GPUID
        var cloud: Cloud
        var price: Money
        var cuda: CUDAVersion
        var bornAt: Date
        var visibleAt: Date
        var outcome: Outcome
        var endedAt: Date?
        /// Its worker, once it has registered.
        var node: NodeID?
        var idleSince: Date?
        var hasJob = false
    }

    struct State {
        var now = Date(timeIntervalSince1970: 1_800_000_000)
        var machines: [Machine] = []
        var nodes: [String: (id: NodeID, heardAt: Date, isBusy: Bool)] = [:]
        var audio = 0.0
        var jobs = 0
        var uplink = Uplink()
        var outcomes: [Outcome] = []
        var failingTerminates = 0
        var failingLists = 0
        var failingLookUps = 0
        var hiding: Set<PodID> = []
        var failingReleases = 0
        var creates = 0
        /// What each create gave its pod to join the tailnet with.
        var keys: [String] = []
        var tags: [String?] = []
        var calls: [String] = []
        /// The chance of a fault in any call.
        var chaos = 0.0
        var generator = SplitMix(seed: 1)
        var settings: [String: String] = [
            "RUNPOD_ENABLED": "true", "RUNPOD_SERVER_URL": "http://server:8000", "RUNPOD_SERVER_IP": "100.64.0.1",
        ]
        var offers = World.offers
        var events: [FleetEvent] = []
        var bill: [BillingRecord] = []
        var workersStay = false
    }

    let state = Mutex(State())

    static let offers = [
        GPUOffer(
            id: "NVIDIA RTX A5000", displayName: "RTX A5000", memoryGB: 24,
            terms: [
                .community: .init(pricePerHour: Money("0.22"), stock: .high),
                .secure: .init(pricePerHour: Money("0.27"), stock: .low),
            ]),
        GPUOffer(
            id: "NVIDIA L40", displayName: "L40", memoryGB: 48,
            terms: [.secure: .init(pricePerHour: Money("0.69"), stock: .medium)]),
    ]

    func change<Result>(_ body: (inout sending State) throws -> sending Result) rethrows -> Result {
        try self.state.withLock(body)
    }

    var now: Date { self.state.withLock { $0.now } }

    /// The pods that bill.
    var living: [Machine] { self.state.withLock { $0.machines.filter { $0.endedAt == nil } } }

    func living(of server: String) -> [Machine] { self.living.filter { $0.server == server } }

    /// What the pods of a server have cost within a time.
    func spent(by server: String, from start: Date, to end: Date) -> Money {
        self.state.withLock { state in
            state.machines.filter { $0.server == server }.reduce(.zero) { sum, machine in
                sum
                    + Charge(from: machine.bornAt, until: machine.endedAt ?? state.now, pricePerHour: machine.price)
                    .amount(from: start, to: end)
            }
        }
    }

    static let bootTime: TimeInterval = 120
    static let setupTime: TimeInterval = 60
}

struct SplitMix: RandomNumberGenerator {
    var seed: UInt64

    mutating func next() -> UInt64 {
        self.seed &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.seed
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension World.State {
    mutating func isStruck() -> Bool { self.chaos > 0 && Double.random(in: 0..<1, using: &self.generator) < self.chaos }

    mutating func nextOutcome() -> World.Outcome {
        if !self.outcomes.isEmpty { return self.outcomes.removeFirst() }
        guard self.isStruck() || self.isStruck() else { return .works }
        return World.Outcome.allCases.randomElement(using: &self.generator) ?? .works
    }

    mutating func create(_ request: PodRequest) throws(ProviderFailure) -> ProviderPod {
        self.creates += 1
        self.keys.append(request.environment["TS_AUTH_KEY"] ?? "")
        self.tags.append(request.environment["TS_ADVERTISE_TAGS"])
        self.calls.append("create \(request.gpu) \(request.cloud.rawValue)")
        let outcome = self.nextOutcome()
        switch outcome {
        case .noCapacity: throw ProviderFailure(.noCapacity, "no longer any instances available", status: 400)
        case .outOfMoney: throw ProviderFailure(.outOfMoney, "balance too low", status: 402)
        case .badKey: throw ProviderFailure(.forbidden, "key refused", status: 401)
        case .notAllowed: throw ProviderFailure(.forbidden, "not allowed", status: 403)
        case .badRequest: throw ProviderFailure(.invalidRequest, "unknown field", status: 422)
        case .oddRequest: throw ProviderFailure(.invalidRequest, "odd", status: 400)
        case .rateLimited: throw ProviderFailure(.rateLimited(retryAfter: .seconds(30)), "slow down", status: 429)
        case .unavailable: throw ProviderFailure(.unavailable, "no connection")
        case .lostAndNotMade: throw ProviderFailure(.unknownOutcome, "status 500", status: 500)
        case .works, .lostAndMade, .lostAndMadeLate, .blockedGPU, .oldDriver, .tooDear, .pullsForEver, .setupFails,
            .setupHangs, .neverRegisters, .dies, .fallsSilent, .vanishes:
            break
        }
        let list = self.offers.first { $0.id == request.gpu }?.terms[request.cloud]?.pricePerHour ?? .zero
        let machine = World.Machine(
            id: PodID("pod\(self.machines.count)"), name: request.name,
            server: request.environment[SweepPolicy.serverVariable],
            gpu: outcome == .blockedGPU ? "NVIDIA L4" : request.gpu, cloud: request.cloud,
            price: outcome == .tooDear ? list * 2 : list,
            cuda: CUDAVersion(major: 12, minor: outcome == .oldDriver ? 4 : 8),
            bornAt: self.now, visibleAt: outcome == .lostAndMadeLate ? self.now + 100 : self.now, outcome: outcome)
        self.machines.append(machine)
        if outcome == .lostAndMade || outcome == .lostAndMadeLate {
            throw ProviderFailure(.unknownOutcome, "connection dropped")
        }
        return self.shown(machine)
    }

    func shown(_ machine: World.Machine) -> ProviderPod {
        let isUp = machine.outcome != .pullsForEver && self.now >= machine.bornAt + World.bootTime
        let isDead = machine.outcome == .dies && self.now >= machine.bornAt + 400
        return ProviderPod(
            id: machine.id, name: machine.name, status: isDead ? .failed : .running, gpu: machine.gpu,
            cloud: machine.cloud, pricePerHour: isDead ? .zero : machine.price, dataCentre: "EU-RO-1",
            hostCUDA: machine.cuda, uptime: isUp ? .seconds(1) : nil, createdAt: machine.bornAt,
            startedAt: machine.bornAt,
            environment: machine.server.map { [SweepPolicy.serverVariable: $0] } ?? [:])
    }

    mutating func list() throws(ProviderFailure) -> PodList {
        self.calls.append("list")
        if self.failingLists > 0 || self.isStruck() {
            self.failingLists = max(0, self.failingLists - 1)
            throw ProviderFailure(.unavailable, "<html>bad gateway</html>", status: 502)
        }
        var pods = self.machines.filter {
            $0.endedAt == nil && $0.visibleAt <= self.now && !self.hiding.contains($0.id)
        }
        if self.isStruck(), !pods.isEmpty { pods.removeLast() }
        self.hiding = []
        return PodList(pods.map(self.shown), unreadable: self.isStruck() ? ["an entry without an id"] : [])
    }

    mutating func lookUp(_ id: PodID) throws(ProviderFailure) -> ProviderPod? {
        self.calls.append("look up \(id)")
        if self.failingLookUps > 0 || self.isStruck() {
            self.failingLookUps = max(0, self.failingLookUps - 1)
            throw ProviderFailure(.unavailable, "timeout")
        }
        return self.machines.first { $0.id == id && $0.endedAt == nil }.map(self.shown)
    }

    mutating func find(_ name: String) throws(ProviderFailure) -> [ProviderPod] {
        self.calls.append("find")
        if self.isStruck() { throw ProviderFailure(.unavailable, "timeout") }
        return self.machines.filter { $0.name == name && $0.endedAt == nil && $0.visibleAt <= self.now }.map(self.shown)
    }

    mutating func terminate(_ id: PodID) throws(ProviderFailure) {
        self.calls.append("terminate \(id)")
        if self.failingTerminates > 0 || self.isStruck() {
            self.failingTerminates = max(0, self.failingTerminates - 1)
            throw ProviderFailure(.unavailable, "internal error", status: 500)
        }
        guard let index = self.machines.firstIndex(where: { $0.id == id && $0.endedAt == nil }) else {
            throw ProviderFailure(.gone, "no such pod", status: 404)
        }
        self.end(index)
    }

    mutating func end(_ index: Int) { self.machines[index].endedAt = self.now }

    /// Lets pods boot, work and leave for so many seconds.
    ///
    /// - Returns: The setups and workers that have something to say.
    mutating func move(by seconds: TimeInterval) -> [Word] {
        self.now += seconds
        var words: [Word] = []
        for index in self.machines.indices where self.machines[index].endedAt == nil {
            words += self.moveMachine(index, by: seconds)
        }
        return words
    }

    enum Word {
        case setup(name: String, SetupReport)
        case leave(NodeID, name: String)
    }

    private mutating func moveMachine(_ index: Int, by seconds: TimeInterval) -> [Word] {
        let machine = self.machines[index]
        let age = self.now.timeIntervalSince(machine.bornAt)
        guard let instance = InstanceID(podName: machine.name), machine.outcome != .pullsForEver, age >= World.bootTime
        else { return [] }
        switch machine.outcome {
        case .vanishes where age >= 400:
            self.end(index)
            return []
        case .dies where age >= 400, .fallsSilent where age >= 400:
            return []
        case .setupHangs:
            return [.setup(name: machine.name, SetupReport(phase: .installing, message: "still at it"))]
        case .setupFails:
            return [
                .setup(name: machine.name, SetupReport(phase: .failed, message: "smoke test", error: "CUDA error 35"))
            ]
        case .neverRegisters:
            return [.setup(name: machine.name, SetupReport(phase: .ready, message: "worker started"))]
        default: break
        }
        guard age >= World.bootTime + World.setupTime else {
            return [.setup(name: machine.name, SetupReport(phase: .connecting, hostIP: "100.64.0.9"))]
        }
        let node = machine.node ?? NodeID("node-\(machine.id)")
        self.machines[index].node = node
        let work = 87 * seconds
        let isBusy = self.audio > 0
        self.audio = max(0, self.audio - work)
        self.jobs = Int((self.audio / 1800).rounded(.up))
        self.nodes[instance.nodeName] = (node, self.now, isBusy)
        if isBusy || self.workersStay {
            self.machines[index].idleSince = nil
            return []
        }
        let idleSince = machine.idleSince ?? self.now
        self.machines[index].idleSince = idleSince
        return self.now.timeIntervalSince(idleSince) >= 120 ? [.leave(node, name: instance.nodeName)] : []
    }
}
