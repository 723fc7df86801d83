import CastCore
import Foundation
import Synchronization

/// Counts the audio that goes to nodes, and knows what that says of the line out.
package final class UplinkMeter: Sendable {
    enum Receiver: String, CaseIterable {
        case pod
        case node
    }

    /// Since the start.
    struct Traffic: Sendable, Equatable {
        var bytes: Int64 = 0
        /// In which at least one transfer ran.
        var seconds: Double = 0
        var open = 0
        fileprivate var since: Date?

        fileprivate mutating func advance(to now: Date) {
            if let since = self.since { self.seconds += max(0, now.timeIntervalSince(since)) }
            self.since = self.open > 0 ? now : nil
        }
    }

    private struct State {
        var log = UplinkLog()
        var traffic: [Receiver: Traffic] = [:]
        var taken = 0
        var offered = 0
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Date

    init(now: @escaping @Sendable () -> Date) { self.now = now }

    /// One answer with audio, from its first byte to its end.
    struct Transfer: Sendable {
        fileprivate let meter: UplinkMeter
        fileprivate let node: NodeID
        fileprivate let receiver: Receiver

        func sent(_ bytes: Int) {
            self.meter.change(self.receiver) { state, now in
                state.traffic[self.receiver]?.bytes += Int64(bytes)
                if self.receiver == .pod { state.log.sent(Int64(bytes), to: self.node, at: now) }
            }
        }

        func end() {
            self.meter.change(self.receiver) { state, now in
                state.traffic[self.receiver]?.open -= 1
                if state.traffic[self.receiver]?.open == 0 { state.traffic[self.receiver]?.since = nil }
                if self.receiver == .pod { state.log.ended(self.node, at: now) }
            }
        }
    }

    func begin(to node: Node) -> Transfer {
        let transfer = Transfer(meter: self, node: node.id, receiver: Self.receiver(node))
        self.change(transfer.receiver) { state, now in
            state.traffic[transfer.receiver, default: Traffic()].open += 1
            state.traffic[transfer.receiver]?.since = now
            if transfer.receiver == .pod { state.log.began(transfer.node, at: now) }
        }
        return transfer
    }

    /// A node took a job; `isOffered` says whether it was told where the publisher has the audio.
    func took(_ episode: Episode, by node: Node, isOffered: Bool) {
        let now = self.now()
        self.state.withLock { state in
            state.taken += 1
            if isOffered { state.offered += 1 }
            guard Self.receiver(node) == .pod, let bytes = episode.audioSize else { return }
            state.log.took(bytes: bytes, seconds: episode.duration, at: now)
        }
    }

    /// What is known of the line to pods.
    var uplink: Uplink {
        let now = self.now()
        return self.state.withLock { $0.log.uplink(at: now) }
    }

    func traffic(to receiver: Receiver) -> Traffic {
        self.change(receiver) { _, _ in }
        return self.state.withLock { $0.traffic[receiver] ?? Traffic() }
    }

    /// Jobs that nodes took since the start, and how many of them with a publisher's address.
    var jobs: (taken: Int, offered: Int) { self.state.withLock { ($0.taken, $0.offered) } }

    private static func receiver(_ node: Node) -> Receiver {
        // A node of one's own is near: what it gets does not go out by the line that pods share.
        InstanceID(nodeName: node.name) == nil ? .node : .pod
    }

    private func change(_ receiver: Receiver, _ body: (inout State, Date) -> Void) {
        let now = self.now()
        self.state.withLock { state in
            state.traffic[receiver]?.advance(to: now)
            body(&state, now)
        }
    }
}
