package import Foundation

/// What the server sent to pods of late, and what follows from it.
///
/// How much a line can carry shows only when it is short: a rate alone may just as well be all that was asked for, or all
/// that the other side can take. It is short when pods get less each the more of them are served at once. So time is cut
/// into slices, each with the bytes of every pod that was served nearly all through it, and a pod's rate in little
/// company is held against its rate in more. Without such slices nothing is known, and nothing is limited.
package struct UplinkLog: Sendable, Equatable {
    /// How long something has been going on in the slice that runs, and how many times over.
    private struct Running: Sendable, Equatable {
        var bytes: Int64 = 0
        /// Transfers now, and since when.
        var transfers: Int
        var since: Date
        /// Seconds with a transfer, and those of all transfers together.
        var busy: Double = 0
        var transferSeconds: Double = 0

        mutating func advance(to now: Date, transfers: Int? = nil) {
            let time = max(0, now.timeIntervalSince(self.since))
            self.busy += self.transfers > 0 ? time : 0
            self.transferSeconds += Double(self.transfers) * time
            self.since = now
            self.transfers = transfers ?? self.transfers
        }
    }

    /// The slice that runs.
    private struct Current: Sendable, Equatable {
        var start: Date
        var all: Running
        var pods: [NodeID: Running]

        init(start: Date, open: [NodeID: Int]) {
            self.start = start
            self.all = Running(transfers: open.values.reduce(0, +), since: start)
            self.pods = open.mapValues { Running(transfers: $0, since: start) }
        }
    }

    /// What a pod got in a slice that it was served nearly all through, with so many transfers on average.
    private struct Portion: Sendable, Equatable {
        var bytes: Int64
        var transfers: Int
    }

    private struct Slice: Sendable, Equatable {
        var start: Date
        var bytes: Int64
        /// Seconds in which any pod was served.
        var busy: Double
        var pods: [NodeID: Portion]

        init(_ current: Current, until end: Date) {
            var current = current
            current.all.advance(to: end)
            self.start = current.start
            self.bytes = current.all.bytes
            self.busy = current.all.busy
            self.pods = current.pods.compactMapValues { running in
                var running = running
                running.advance(to: end)
                // Between two files there may be a moment in which nothing is sent.
                guard running.busy >= 0.9 * UplinkLog.sliceLength else { return nil }
                let transfers = Int((running.transferSeconds / running.busy).rounded())
                return Portion(bytes: running.bytes, transfers: max(1, transfers))
            }
        }
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
    private var current: Current?
    private var slices: [Slice] = []
    private var taken: [Taken] = []

    package init() {}

    // MARK: What happens

    /// A pod took a job whose audio is of so many bytes and, where that is known, seconds.
    package mutating func took(bytes: Int64, seconds: Double?, at now: Date) {
        self.taken.append(Taken(at: now, bytes: bytes, seconds: seconds))
        self.forget(at: now)
    }

    package mutating func began(_ pod: NodeID, at now: Date) { self.change(pod, by: 1, at: now) }

    package mutating func sent(_ bytes: Int64, to pod: NodeID, at now: Date) {
        self.advance(to: now)
        self.current?.all.bytes += bytes
        self.current?.pods[pod]?.bytes += bytes
    }

    package mutating func ended(_ pod: NodeID, at now: Date) { self.change(pod, by: -1, at: now) }

    private mutating func change(_ pod: NodeID, by number: Int, at now: Date) {
        self.advance(to: now)
        let transfers = max(0, (self.open[pod] ?? 0) + number)
        self.open[pod] = transfers > 0 ? transfers : nil
        // A slice begins with a transfer and runs to its end, whatever happens: the next file may follow at once.
        guard self.current != nil || transfers > 0 else { return }
        var current = self.current ?? Current(start: now, open: [:])
        current.all.advance(to: now, transfers: self.open.values.reduce(0, +))
        current.pods[pod, default: Running(transfers: 0, since: now)].advance(to: now, transfers: transfers)
        self.current = current
    }

    /// Ends the slices that are over.
    private mutating func advance(to now: Date) {
        while let current = self.current {
            let end = current.start + Self.sliceLength
            // A clock that was set back leaves nothing to be measured.
            guard now >= current.start, now < end + Self.window else {
                self.current = self.open.isEmpty ? nil : Current(start: now, open: self.open)
                return
            }
            guard now >= end else { return }
            self.slices.append(Slice(current, until: end))
            self.current = self.open.isEmpty ? nil : Current(start: end, open: self.open)
            self.forget(at: now)
        }
    }

    private mutating func forget(at now: Date) {
        let first = now - Self.window
        if let start = self.slices.first?.start, start < first { self.slices.removeAll { $0.start < first } }
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

    /// What went out to several pods at once in the better of such times, if pods got less each the more there were.
    private var limit: Double? {
        let crowded = self.slices.filter { $0.pods.count >= 2 }.map { Double($0.bytes) / Self.sliceLength }.sorted()
        guard crowded.count >= Self.enoughSlices, self.isShort else { return nil }
        // Not the very best: at a transfer's start the system takes some megabytes before any of them is on the line.
        return crowded[(crowded.count - 1) * 3 / 4]
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
        var slices = self.slices.filter { $0.start >= first }
        if let current = self.current { slices.append(Slice(current, until: now)) }
        let bytes = slices.reduce(0) { $0 + $1.bytes }
        guard bytes > 0 else { return nil }
        // What is smaller than a second is in the system's buffers and not on the line.
        return Double(bytes) / max(slices.reduce(0) { $0 + $1.busy }, 1)
    }

    private var audioRate: Double {
        let known = self.taken.filter { ($0.seconds ?? 0) > 0 }
        guard known.count >= Self.enoughJobs else { return Uplink.usualAudioRate }
        return Double(known.reduce(0) { $0 + $1.bytes }) / known.reduce(0) { $0 + ($1.seconds ?? 0) }
    }

    private var share: Double {
        let wanted = self.taken.reduce(0) { $0 + $1.bytes }
        guard self.taken.count >= Self.enoughJobs, wanted > 0 else { return 1 }
        let sent = self.slices.reduce(0) { $0 + $1.bytes } + (self.current?.all.bytes ?? 0)
        return min(1, Double(sent) / Double(wanted))
    }
}
