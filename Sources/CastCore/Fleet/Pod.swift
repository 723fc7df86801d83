package import Foundation

/// A pod of the fleet, from the intent to have one until nothing of it is left.
///
/// `creating → starting → connecting → installing → ready → draining → terminating → gone`; drawn in `docs/states.md`.
/// Every change goes through `handle(_:at:)`, in one database transaction with its reading; what a state still asks of
/// the world is `due`, and is safe to do twice.
package struct Pod: Sendable, Equatable, Codable {
    package enum State: Sendable, Equatable, Codable {
        /// Wanted. Nothing is asked of the provider (nil), or a create was sent and how it ended is not known.
        case creating(Ask?)
        /// Rented: the host pulls the image. Billed from here on.
        case starting(Rental)
        /// The container runs and makes its way into the network.
        case connecting(Rental)
        case installing(Rental)
        /// Its worker has registered.
        case ready(Rental, PodWorker)
        /// It is to end; the jobs of its worker go back first.
        case draining(Rental, PodWorker, PodEnding)
        /// It is ended, again and again, until the provider says that it is gone.
        case terminating(Held, node: NodeID?, PodEnding)
        /// Nothing is billed any more. The node's registration may still be here.
        case gone(node: NodeID?, PodEnding)
    }

    /// What there is to end.
    package enum Held: Sendable, Equatable, Codable {
        case rented(Rental)
        /// A pod that may exist.
        case asked(Ask)
    }

    package var instance: InstanceID
    /// Its name at the provider; that of the instance, but for pods that were found unaccounted for.
    package var name: String
    package var model: String
    package var isPersistent: Bool
    /// Why it was bought.
    package var purpose: String
    /// Whether scaling bought it, not a person.
    package var isAutomatic: Bool
    /// The pod it was bought in place of, if any; how many such steps lie before it.
    package var generation: Int
    package var replacedBy: InstanceID?
    /// What the setup in the pod proves itself with; of no use once the pod is gone.
    package var setupToken: String
    package var plannedAt: Date
    /// When the state last changed its kind.
    package var movedAt: Date
    /// What there is to say about it now.
    package var message: String
    package var hostIP: String?
    /// When a key of its own for the tailnet was first made; nil without one, and once its devices are removed.
    package var keyMintedAt: Date?
    package var state: State

    package init(
        instance: InstanceID, model: String, isPersistent: Bool = false, purpose: String, isAutomatic: Bool = false,
        generation: Int = 0, setupToken: String, at now: Date
    ) {
        self.instance = instance
        self.name = instance.podName
        self.model = model
        self.isPersistent = isPersistent
        self.purpose = purpose
        self.isAutomatic = isAutomatic
        self.generation = generation
        self.setupToken = setupToken
        self.plannedAt = now
        self.movedAt = now
        self.message = "waits for the provider"
        self.state = .creating(nil)
    }

    /// A pod of ours that nobody can account for: all that is left to do is to end it.
    package init(unaccounted pod: ProviderPod, as instance: InstanceID, because detail: String, at now: Date) {
        self.init(instance: instance, model: "", purpose: detail, setupToken: "", at: now)
        self.name = pod.name
        self.message = detail
        self.state = .terminating(
            .rented(Rental(unaccounted: pod, at: now)), node: nil, PodEnding(.unaccounted, detail, at: now))
    }
}

extension Pod {
    /// Replacements of replacements end here: then it is not the machine that is wrong.
    package static let mostGenerations = 3

    package var rental: Rental? {
        switch self.state {
        case .starting(let rental), .connecting(let rental), .installing(let rental), .ready(let rental, _),
            .draining(let rental, _, _), .terminating(.rented(let rental), _, _):
            rental
        case .creating, .terminating(.asked, _, _), .gone: nil
        }
    }

    /// The create whose outcome is not known.
    package var ask: Ask? {
        switch self.state {
        case .creating(let ask): ask
        case .terminating(.asked(let ask), _, _): ask
        case .starting, .connecting, .installing, .ready, .draining, .terminating(.rented, _, _), .gone: nil
        }
    }

    package var node: NodeID? {
        switch self.state {
        case .ready(_, let worker), .draining(_, let worker, _): worker.node
        case .terminating(_, let node, _), .gone(let node, _): node
        case .creating, .starting, .connecting, .installing: nil
        }
    }

    package var ending: PodEnding? {
        switch self.state {
        case .draining(_, _, let ending), .terminating(_, _, let ending), .gone(_, let ending): ending
        case .creating, .starting, .connecting, .installing, .ready: nil
        }
    }

    /// Whether it may still cost money, or is about to.
    package var isOpen: Bool {
        if case .gone = self.state { false } else { true }
    }

    package var isReady: Bool {
        if case .ready = self.state { true } else { false }
    }

    /// Wanted or rented, and not working yet.
    package var isOnItsWay: Bool {
        switch self.state {
        case .creating, .starting, .connecting, .installing: true
        case .ready, .draining, .terminating, .gone: false
        }
    }

    /// The setup's token is good for nothing once the pod is to end.
    package var acceptsReports: Bool {
        switch self.state {
        case .creating, .starting, .connecting, .installing, .ready: true
        case .draining, .terminating, .gone: false
        }
    }
}
