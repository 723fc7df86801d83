package import Foundation

/// What the server sent to pods of late, and what follows from it.
///
/// How much a line can carry shows only when it is short: a rate alone may just as well be all that was asked for, or all
/// that the other side can take. It is short when pods get less each the more of them are served at once. So time is cut
/// into slices, each with the bytes of every pod whose transfer ran through the whole of it, and a pod's rate in little
/// company is held against its rate in more. Without such slices nothing is known, and nothing is limited.
package struct UplinkLog: Sendable, Equatable {
    /// What a pod got in a slice.
    private struct Portion: Sendable, Equatable {
        var bytes: Int64 = 0
        /// The fewest transfers that it had at a time.
        var transfers: Int
    }

    private struct Slice: Sendable, Equatable {
        var start: Date
        var bytes: Int64 = 0
        /// Of the pods that were served at the start and have been without a pause since.
        var pods: [NodeID: Portion]
    }

    /// What was sent in a slice that was not filled.
    private struct Piece: Sendable, Equatable {
        var start: Date
        var end: Date
        var bytes: Int64
    }

    private struct Taken: Sendable, Equatable {
        var at: Date
        var bytes: Int64
        var seconds: Double?
    }

    package static let sliceLength: TimeInterval = 10
    /// How long a slice says something: a line at home is another one in the evening.
    package static let window: TimeInterval = 6 * 3600
    /// Slices of a kind that make a figure.
    package static let enoughSlices = 3
    /// For how long back the rate is that people are shown.
    package static let recently: TimeInterval = 300
    /// Jobs of which a share can be said.
    package static let enoughJobs = 5

    private var open: [NodeID: Int] = [:]
    private var current: Slice?
    private var slices: [Slice] = []
    private var pieces: [Piece] = []
    private var taken: [Taken] = []

    package init() {}

    // MARK: What happens

    /// A pod took a job whose audio is of so many bytes and, where that is known, seconds.
    package mutating func took(bytes: Int64, seconds: Double?, at now: Date) {
        self.taken.append(Taken(at: now, bytes: bytes, seconds: seconds))
        self.forget(at: now)
    }

    package mutating func began(_ pod: NodeID, at now: Date) {
        self.advance(to: now)
        self.open[pod, default: 0] += 1
        if self.current == nil { self.current = Slice(start: now, pods: self.everybody) }
    }

    package mutating func sent(_ bytes: Int64, to pod: NodeID, at now: Date) {
        self.advance(to: now)
        self.current?.bytes += bytes
        self.current?.pods[pod]?.bytes += bytes
    }

    package mutating func ended(_ pod: NodeID, at now: Date) {
        self.advance(to: now)
        let left = (self.open[pod] ?? 1) - 1
        self.open[pod] = left > 0 ? left : nil
        if left > 0, let before = self.current?.pods[pod]?.transfers {
            self.current?.pods[pod]?.transfers = min(before, left)
        } else {
            self.current?.pods[pod] = nil
        }
        // A slice is of time in which something was sent.
        if self.open.isEmpty { self.close(at: now) }
    }

    /// Ends the slices that are over.
    private mutating func advance(to now: Date) {
        while let slice = self.current {
            let end = slice.start + Self.sliceLength
            // A clock that was set back leaves nothing to be measured.
            guard now >= slice.start, now < end + Self.window else {
                self.current = self.open.isEmpty ? nil : Slice(start: now, pods: self.everybody)
                return
            }
            guard now >= end else { return }
            self.slices.append(slice)
            self.current = Slice(start: end, pods: self.everybody)
            self.forget(at: now)
        }
    }

    private var everybody: [NodeID: Portion] { self.open.mapValues { Portion(transfers: $0) } }

    /// Keeps what a piece of a slice brought for the sum; of rates it says nothing.
    private mutating func close(at now: Date) {
        guard let slice = self.current else { return }
        self.current = nil
        guard slice.bytes > 0 else { return }
        self.pieces.append(Piece(start: slice.start, end: now, bytes: slice.bytes))
    }

    private mutating func forget(at now: Date) {
        let first = now - Self.window
        if let start = self.slices.first?.start, start < first { self.slices.removeAll { $0.start < first } }
        if let start = self.pieces.first?.start, start < first { self.pieces.removeAll { $0.start < first } }
        if let at = self.taken.first?.at, at < first { self.taken.removeAll { $0.at < first } }
    }

    // MARK: What follows

    package func uplink(at now: Date) -> Uplink {
        var log = self
        log.advance(to: now)
        log.forget(at: now)
        return Uplink(
            limit: log.limit, rate: log.rate(at: now), audioRate: log.audioRate, share: log.share)
    }

    /// The best that went out to several pods at once, if pods got less each the more there were.
    private var limit: Double? {
        let crowded = self.slices.filter { $0.pods.count >= 2 }
        guard crowded.count >= Self.enoughSlices, self.isShort else { return nil }
        return crowded.map { Double($0.bytes) / Self.sliceLength }.max()
    }

    /// Whether more pods lost by company than not.
    private var isShort: Bool {
        // Held apart by the pod's own transfers: with fewer of them it may get less, short or not.
        var rates: [Ground: [Int: [Int64]]] = [:]
        for slice in self.slices {
            for (pod, portion) in slice.pods {
                rates[Ground(pod: pod, transfers: portion.transfers), default: [:]][slice.pods.count, default: []]
                    .append(portion.bytes)
            }
        }
        var (lost, kept) = (0, 0)
        for byCompany in rates.values {
            let known = byCompany.filter { $0.value.count >= Self.enoughSlices }
            guard let least = known.keys.min(), let most = known.keys.max(), least < most,
                let before = known[least].map(Self.median), let after = known[most].map(Self.median)
            else { continue }
            // A line that is short gives each its part of the same; one that is not gives everybody what they had.
            let part = Double(least) / Double(most)
            if after <= before * (1 + part) / 2 { lost += 1 } else { kept += 1 }
        }
        return lost > kept
    }

    /// What two rates must have in common to be held against one another.
    private struct Ground: Hashable {
        var pod: NodeID
        var transfers: Int
    }

    private static func median(_ values: [Int64]) -> Double { Double(values.sorted()[values.count / 2]) }

    private func rate(at now: Date) -> Double? {
        let first = now - Self.recently
        let whole = self.slices.filter { $0.start >= first }
        let pieces = self.pieces.filter { $0.start >= first }
        var bytes = whole.reduce(0) { $0 + $1.bytes } + pieces.reduce(0) { $0 + $1.bytes }
        var time = Double(whole.count) * Self.sliceLength + pieces.reduce(0) { $0 + $1.end.timeIntervalSince($1.start) }
        if let current = self.current {
            bytes += current.bytes
            time += now.timeIntervalSince(current.start)
        }
        guard bytes > 0 else { return nil }
        return Double(bytes) / max(time, 1)
    }

    private var audioRate: Double {
        let known = self.taken.filter { ($0.seconds ?? 0) > 0 }
        guard known.count >= Self.enoughJobs else { return Uplink.usualAudioRate }
        return Double(known.reduce(0) { $0 + $1.bytes }) / known.reduce(0) { $0 + ($1.seconds ?? 0) }
    }

    private var share: Double {
        let wanted = self.taken.reduce(0) { $0 + $1.bytes }
        guard self.taken.count >= Self.enoughJobs, wanted > 0 else { return 1 }
        let sent = self.slices.reduce(0) { $0 + $1.bytes } + self.pieces.reduce(0) { $0 + $1.bytes }
        return min(1, Double(sent + (self.current?.bytes ?? 0)) / Double(wanted))
    }
}
