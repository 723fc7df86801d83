import CastCore
import Foundation
import Logging

/// Everything that the emulator remembers; every change is one synchronous step.
actor PodWorld {
    /// Whom a key belongs to.
    enum Caller: Sendable, Equatable {
        case account(String)
        /// A pod that uses the key that was injected into it.
        case pod(String, account: String)

        var account: String {
            switch self {
            case .account(let name), .pod(_, let name): name
            }
        }
    }

    struct Secret: Sendable {
        var id: String
        var name: String
        var value: String
        var createdAt: Duration
    }

    nonisolated let options: EmulatorOptions
    nonisolated let time: EmulatorTime
    nonisolated let logger: Logger
    var pods: [String: PodRecord] = [:]
    /// Ids in the order of their creation.
    var order: [String] = []
    var processes: [String: PodProcess] = [:]
    var runners: [String: Task<Void, Never>] = [:]
    var faults = FaultBoard()
    var holds = Holds()
    var secrets: [String: [Secret]] = [:]
    private var quotas: [String: RequestQuota] = [:]
    private(set) var isClosed = false
    /// Where pods reach the emulator, once it listens.
    private(set) var address: String?

    init(_ options: EmulatorOptions, time: EmulatorTime, logger: Logger) {
        self.options = options
        self.time = time
        self.logger = logger
        for fault in options.faults { self.faults.arm(fault) }
        let secrets = options.secrets.sorted { $0.key < $1.key }.map {
            Secret(id: Self.random(16), name: $0.key, value: $0.value, createdAt: .zero)
        }
        for account in options.accounts.values { self.secrets[account] = secrets }
    }

    func caller(key: String) -> Caller? {
        if let account = self.options.accounts[key] { return .account(account) }
        guard let pod = self.pods.values.first(where: { $0.key == key && $0.state != .gone }) else { return nil }
        return .pod(pod.id, account: pod.account)
    }

    func countRequest(_ account: String) -> (headers: [(String, String)], wait: Int?) {
        self.quotas[account, default: RequestQuota(perMinute: self.options.requestsPerMinute)]
            .count(at: self.time.elapsed)
    }

    func listens(at address: String) { self.address = address }

    func spoil(_ operation: Operation) throws { try self.faults.spoil(operation) }

    /// An account's pods, oldest first, as the list shows them.
    func list(_ account: String) -> [PodRecord] {
        let listed = self.order.compactMap { self.pods[$0] }.filter { $0.account == account && $0.state != .gone }
        guard !listed.isEmpty, let fault = self.faults.take(.listMissesPodOnce, .list) else { return listed }
        let missed = fault.pod.map { name in listed.last { $0.id == name || $0.body.name == name } } ?? listed.last
        return listed.filter { $0.id != missed?.id }
    }

    /// One of an account's pods.
    ///
    /// - Throws: 404, and 403 for a pod that asks about another.
    func pod(_ id: String, _ caller: Caller) throws(Problem) -> PodRecord {
        if case .pod(let own, _) = caller, own != id { throw .forbidden }
        guard let pod = self.pods[id], pod.account == caller.account, pod.state != .gone else { throw .notFound }
        return pod
    }

    /// What is left of an account's money.
    func balance(_ account: String) -> Money {
        let now = self.time.elapsed
        return self.pods.values.filter { $0.account == account }
            .reduce(self.options.balance) { $0 - $1.meter.cost(until: now) }
    }

    func spendPerHour(_ account: String) -> Money {
        self.pods.values.filter { $0.account == account && $0.meter.isRunning }.reduce(.zero) { $0 + $1.price }
    }

    func ledger() -> Ledger {
        let now = self.time.elapsed
        return Ledger(
            rows: self.order.compactMap { self.pods[$0] }.map { pod in
                let end = pod.meter.isRunning ? nil : pod.meter.spans.last?.to
                return Ledger.Row(
                    id: pod.id, name: pod.body.name, account: pod.account, gpu: pod.gpu.id, pricePerHour: pod.price,
                    started: self.time.date(pod.createdAt), ended: end.map(self.time.date),
                    seconds: pod.meter.seconds(until: now), billed: pod.meter.cost(until: now))
            })
    }

    func arm(_ faults: [Fault]) {
        for fault in faults {
            if let name = fault.pod, fault.kind != .listMissesPodOnce {
                for pod in self.pods.values where (pod.id == name || pod.body.name == name) && pod.state != .gone {
                    self.decree(fault, for: pod.id)
                }
            } else {
                self.faults.arm(fault)
            }
        }
    }

    func clearFaults() {
        self.faults.clear()
        self.holds.release()
    }

    /// Nothing can be bought any more.
    func close() -> [String] {
        self.isClosed = true
        return self.order.filter { self.pods[$0]?.state != .gone }
    }
}
