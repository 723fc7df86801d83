package import CastCore
package import Foundation
package import Logging
import ServiceLifecycle
import Synchronization

/// Compares the pods that are wanted with those that are there, and takes the smallest step toward it, again and again.
///
/// Every turn starts from what is true now: the provider's list, the registered nodes, the queue, and the books.
/// Nothing is decided on what somebody remembers having done; a crash at any line is only a late turn. A signal (a
/// click, a word of a pod's setup, a grown queue) or a timer wakes it. What the provider fails to answer is unknown,
/// never empty.
package final class FleetController: Service {
    let provider: GPUProvider
    let store: any FleetStore
    let surroundings: FleetSurroundings
    /// Makes a key for each pod; nil where pods use a secret that is kept at the provider.
    let tailnet: Tailnet?
    /// The id that pods of this server carry.
    let server: String
    /// Whether pods reach this server through a tailnet, so that its address there must be known.
    let needsTailnet: Bool
    let clock: any Clock<Duration>
    let logger: Logger
    /// Nobody's silence counts from before this.
    let startedAt: Date
    let memory = Mutex(Memory())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// What is kept in memory for showing it, and for not saying it twice; no decision rests on it.
    struct Memory {
        var list: PodList?
        var trouble: String?
        var lastHold: String?
        var listedAt: Date?
        var loudAbout: Set<InstanceID> = []
        var settings: FleetSettings?
        /// When each pod's log was last read at the provider.
        var logsReadAt: [InstanceID: Date] = [:]
        /// The catalogue as it was last read.
        var offers: [GPUOffer]?
    }

    /// How often it looks when pods are there, and when none are.
    package static let interval = Duration.seconds(15)
    /// Without pods the provider is asked this often for some that nobody accounts for.
    package static let sweepInterval: TimeInterval = 300
    package static let auditInterval: TimeInterval = 3600

    package init(
        provider: GPUProvider, store: any FleetStore, surroundings: FleetSurroundings, server: String,
        needsTailnet: Bool = true, tailnet: Tailnet? = nil, clock: any Clock<Duration>, logger: Logger
    ) {
        self.provider = provider
        self.store = store
        self.surroundings = surroundings
        self.server = server
        self.needsTailnet = needsTailnet
        self.tailnet = tailnet
        self.clock = clock
        self.logger = logger
        self.startedAt = surroundings.now()
        (self.signals, self.signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes a turn soon; safe to call at any time, as often as one likes.
    package func wake() { self.signal.yield() }

    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    self.wake()
                    try? await self.clock.sleep(for: Self.interval)
                }
            }
            // A turn that has begun is finished: a create whose answer nobody waits for costs a search.
            for await _ in self.signals.cancelOnGracefulShutdown() { await self.turn() }
            group.cancelAll()
        }
    }

    /// Takes one turn.
    ///
    /// Turns must not overlap.
    package func turn() async {
        do {
            let settings = await self.settings()
            let view = try await self.look()
            try await self.sweep(view)
            try await self.observe(view, settings)
            try await self.trim(settings)
            try await self.carryOut(settings)
            try await self.replace(settings)
            try await self.scale(view, settings)
            // What was just wanted is bought at once.
            try await self.carryOut(settings) { $0.state == .creating(nil) }
            try await self.audit(view)
        } catch {
            self.logger.error("the fleet's turn failed", metadata: ["error": "\(error)"])
        }
    }
}

/// What is true as far as anybody knows; nil: unknown.
struct FleetView {
    var list: PodList?
    var nodes: [FleetNode]?
    var queue: QueueView?
}

extension FleetController {
    var now: Date { self.surroundings.now() }

    /// The settings, or, where they cannot be read, the last that could.
    ///
    /// Pods have to be ended on time whatever somebody has written into a setting. Before any could be read nothing is
    /// bought and nothing is in excess.
    func settings() async -> FleetSettings {
        let read = await self.attempt("the settings cannot be read") { try await self.surroundings.settings() }
        return self.memory.withLock { memory in
            memory.settings = read ?? memory.settings
            return memory.settings ?? .closed
        }
    }

    /// Changes the books, and tells whoever listens.
    @discardableResult
    func change<Result: Sendable>(
        _ body: @escaping @Sendable (inout FleetBooks, _ now: Date) throws -> Result
    ) async throws -> Result {
        let now = self.now
        let (result, events) = try await self.store.change(at: now) { try body(&$0, now) }
        for event in events {
            self.logger.log(
                level: event.kind == .alarm ? .error : .info, "\(event.message)",
                metadata: ["event": "\(event.kind.rawValue)", "pod.instance": "\(event.instance?.text ?? "-")"])
        }
        if !events.isEmpty { self.surroundings.tell(events) }
        return result
    }

    func record(_ event: PodEvent, for instance: InstanceID) async throws {
        try await self.change { books, now in books.record(event, for: instance, at: now) }
    }

    private func look() async throws -> FleetView {
        var view = FleetView()
        let now = self.now
        let hasPods = try await !self.store.books(at: now).openPods.isEmpty
        let listedAt = self.memory.withLock { $0.listedAt }
        if hasPods || listedAt.map({ now.timeIntervalSince($0) >= Self.sweepInterval }) ?? true {
            do {
                let list = try await self.provider.list(InstanceID.podPrefix)
                view.list = list
                self.memory.withLock { memory in
                    memory.list = list
                    memory.listedAt = now
                }
                try await self.note(trouble: list.unreadable.first)
            } catch let failure as ProviderFailure {
                try await self.note(trouble: "\(failure)")
            }
        } else {
            // Nothing of ours was there when it was last asked, and nothing was bought since.
            view.list = self.memory.withLock { $0.list }
        }
        view.nodes = await self.attempt("nodes cannot be read") { try await self.surroundings.nodes() }
        view.queue = await self.attempt("the queue cannot be read") { try await self.surroundings.queue() }
        return view
    }

    /// Tells when the provider's trouble begins, and when it is over.
    private func note(trouble: String?) async throws {
        let before = self.memory.withLock { memory in
            defer { memory.trouble = trouble }
            return memory.trouble
        }
        guard (before == nil) != (trouble == nil) else { return }
        try await self.change { books, now in
            let message =
                trouble.map { "the provider's pods cannot be listed, so nothing is concluded from it: \($0)" }
                ?? "the provider's pods are listed again"
            books.tell(.provider, nil, message, at: now)
        }
    }

    /// Nil when it failed: unknown.
    func attempt<Value: Sendable>(_ failure: String, _ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            self.logger.warning("\(failure)", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
