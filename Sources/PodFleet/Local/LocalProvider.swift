package import CastCore
package import Foundation
package import Logging
import ServiceLifecycle
import Synchronization

/// Pods that are processes on this machine, for trying everything without an account.
///
/// Each pod is a `cast2md node` in a folder and a process group of its own. They live as long as this service runs: its
/// end takes them along, and what an earlier one left behind when it was killed is ended at the next start.
package final class LocalProvider: Service {
    package struct Options: Sendable {
        /// Where each pod gets a folder.
        package var folder: String
        /// The `cast2md` program.
        package var program: String
        /// Whose engines and models the pods share.
        package var home: HomeFolder
        /// What the pods inherit; what looks like a credential is left out.
        package var environment: [String: String]
        /// A made-up price, for trying budgets.
        package var pricePerHour: Money
        /// What a pod runs; the worker unless a test says otherwise.
        package var command: [String]?

        package init(
            folder: String, program: String, home: HomeFolder, environment: [String: String],
            pricePerHour: Money = Money(micros: 10_000), command: [String]? = nil
        ) {
            self.folder = folder
            self.program = program
            self.home = home
            self.environment = environment
            self.pricePerHour = pricePerHour
            self.command = command
        }
    }

    private struct State {
        var pods: [PodID: LocalPod] = [:]
        var billed: [BillingRecord] = []
        var isClosed = false
    }

    private let options: Options
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let state = Mutex(State())
    private let launches: AsyncStream<LocalPod>
    private let launch: AsyncStream<LocalPod>.Continuation

    package init(_ options: Options, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }) {
        self.options = options
        self.logger = logger
        self.now = now
        (self.launches, self.launch) = AsyncStream.makeStream()
    }

    package static let gpu: GPUID = "local"
    private static let mostBills = 1000

    package func run() async throws {
        await self.endLeftovers()
        await withDiscardingTaskGroup { group in
            for await pod in self.launches.cancelOnGracefulShutdown() {
                group.addTask { await self.live(pod) }
            }
            let living = self.state.withLock { state in
                state.isClosed = true
                return Array(state.pods.values)
            }
            for pod in living { pod.stop() }
        }
    }

    /// One pod's life, from its start until nothing of it runs.
    private func live(_ pod: LocalPod) async {
        self.logger.info("local pod starts", metadata: ["pod": "\(pod.shown.id)"])
        let isFailure = await pod.run(self.options) { startedAt in
            self.state.withLock { $0.pods[pod.shown.id]?.shown.startedAt = startedAt }
        }
        self.logger.info("local pod ended", metadata: ["pod": "\(pod.shown.id)", "failed": "\(isFailure)"])
        let isKept = self.state.withLock { state in
            guard isFailure, state.pods[pod.shown.id]?.isStopping == false else {
                self.bill(&state, pod)
                return false
            }
            // As at RunPod: a pod that failed is there, and bills, until somebody ends it.
            state.pods[pod.shown.id]?.shown.status = .failed
            return true
        }
        if !isKept { try? FileManager.default.removeItem(atPath: pod.folder) }
    }

    private func bill(_ state: inout State, _ pod: LocalPod) {
        guard state.pods.removeValue(forKey: pod.shown.id) != nil else { return }
        let (start, end) = (pod.shown.createdAt ?? self.now(), self.now())
        state.billed.append(
            BillingRecord(
                pod: pod.shown.id, from: start, to: end,
                amount: .cost(perHour: self.options.pricePerHour, for: .seconds(end.timeIntervalSince(start)))))
        if state.billed.count > Self.mostBills { state.billed.removeFirst() }
    }

    private func endLeftovers() async {
        for id in (try? FileManager.default.contentsOfDirectory(atPath: self.options.folder)) ?? [] {
            let isKnown = self.state.withLock { $0.pods[PodID(id)] != nil }
            guard id.hasPrefix(LocalPod.prefix), !isKnown else { continue }
            await LocalProcesses.end(id)
            try? FileManager.default.removeItem(atPath: "\(self.options.folder)/\(id)")
        }
    }
}

extension LocalProvider {
    /// The seam through which the fleet reaches it.
    package var provider: GPUProvider {
        GPUProvider(
            create: { request throws(ProviderFailure) in try self.create(request) },
            find: { name throws(ProviderFailure) in self.shown.filter { $0.name == name } },
            pod: { id throws(ProviderFailure) in self.shown.first { $0.id == id } },
            list: { prefix throws(ProviderFailure) in PodList(self.shown.filter { $0.name.hasPrefix(prefix) }) },
            terminate: { id throws(ProviderFailure) in self.terminate(id) },
            offers: { query throws(ProviderFailure) in self.offers(query) },
            billing: { from, to throws(ProviderFailure) in
                self.state.withLock { $0.billed.filter { $0.from < to && $0.to >= from } }
            },
            balance: { nil },
            logs: { id, lines throws(ProviderFailure) in self.logs(id, lines) })
    }

    private var shown: [ProviderPod] {
        let now = self.now()
        return self.state.withLock { state in
            state.pods.values.map { pod in
                var shown = pod.shown
                guard let startedAt = shown.startedAt, shown.status != .failed else { return shown }
                shown.status = .running
                shown.uptime = .seconds(max(0, now.timeIntervalSince(startedAt)))
                return shown
            }
        }
    }

    private func create(_ request: PodRequest) throws(ProviderFailure) -> ProviderPod {
        let pod = LocalPod(request, options: self.options, at: self.now())
        let isOpen = self.state.withLock { state in
            if !state.isClosed { state.pods[pod.shown.id] = pod }
            return !state.isClosed
        }
        guard isOpen else { throw ProviderFailure(.unavailable, "This machine's pods end with the server.") }
        self.launch.yield(pod)
        return pod.shown
    }

    private func terminate(_ id: PodID) {
        let failed = self.state.withLock { state -> LocalPod? in
            state.pods[id]?.isStopping = true
            state.pods[id]?.stop()
            guard let pod = state.pods[id], pod.shown.status == .failed else { return nil }
            self.bill(&state, pod)
            return pod
        }
        if let failed { try? FileManager.default.removeItem(atPath: failed.folder) }
    }

    private func offers(_ query: OfferQuery) -> [GPUOffer] {
        let terms = GPUOffer.Terms(pricePerHour: self.options.pricePerHour, stock: .high)
        return [
            GPUOffer(
                id: Self.gpu, displayName: "this machine",
                terms: Dictionary(query.clouds.prefix(1).map { ($0, terms) }) { first, _ in first })
        ]
    }

    private func logs(_ id: PodID, _ lines: Int) -> [PodLogLine] {
        guard let pod = self.state.withLock({ $0.pods[id] }) else { return [] }
        return pod.lastLines(lines).map { PodLogLine(time: nil, source: .container, text: $0) }
    }
}
