import CastCore
import Foundation

/// A pod as the emulator knows it.
struct PodRecord: Sendable {
    enum State: Sendable, Equatable {
        /// Bought; the process has not started yet, or waits for its next start.
        case waiting
        /// The process runs.
        case up(since: Duration)
        /// Stopped by an action: it bills nothing.
        case stopped
        /// It died and stays dead, and bills.
        case failed
        /// Deleted, or vanished.
        case gone

        var isUp: Bool { if case .up = self { true } else { false } }
    }

    let id: String
    let account: String
    let body: CreateBody
    /// What it got, which may not be what was asked for.
    let gpu: Catalogue.GPU
    let dataCentre: String
    let hostCUDA: CUDAVersion
    /// Good for this pod only.
    let key: String
    let createdAt: Duration
    let directory: URL
    let log: PodLog
    var state: State = .waiting
    var meter: Meter
    var startedAt: Duration?
    var starts = 0
    /// What is still to happen to it.
    var fate: Fault?
    var isPullLooping = false
    var pullTime: Duration

    var price: Money { self.meter.price }

    func runtime(at now: Duration) -> Duration? {
        if case .up(let since) = self.state { now - since } else { nil }
    }
}

/// What a pod costs: whole seconds between its creation and its end, at one price.
struct Meter: Sendable, Equatable {
    struct Span: Sendable, Equatable {
        var from: Duration
        var to: Duration?
    }

    let price: Money
    private(set) var spans: [Span] = []

    init(price: Money, from: Duration) {
        self.price = price
        self.spans = [Span(from: from)]
    }

    var isRunning: Bool { self.spans.last.map { $0.to == nil } ?? false }

    mutating func stop(at now: Duration) {
        if self.isRunning { self.spans[self.spans.count - 1].to = now }
    }

    mutating func start(at now: Duration) {
        if !self.isRunning { self.spans.append(Span(from: now)) }
    }

    /// The whole seconds that are billed up to some moment.
    func seconds(until moment: Duration) -> Int64 {
        let time = self.spans.reduce(Duration.zero) { sum, span in
            sum + max(.zero, min(span.to ?? moment, moment) - span.from)
        }
        return time.components.seconds
    }

    /// What is billed up to some moment, to the millionth.
    func cost(until moment: Duration) -> Money {
        Money.cost(perHour: self.price, for: .seconds(self.seconds(until: moment)))
    }
}
