package import Foundation

/// Whether a pod still does what it is paid for, as seen from inside by a process that is not the worker.
///
/// It takes looks and the time, and says when there is a reason to end the pod. Durations are the watchdog's own clock,
/// so that a clock that is set changes nothing. The end of the stay is a date, and as many seconds from the watchdog's
/// start as that was then: a clock that is set back does not make a stay longer.
package struct WatchPolicy: Sendable, Equatable {
    package struct Settings: Sendable, Equatable {
        /// The end of the stay.
        package var leaveAt: Date
        /// How long the set-up may take, counted over all restarts of the container until a worker was seen.
        package var setupLimit = Duration.seconds(1800)
        /// How long nothing may happen after a worker ended, or after a set-up that failed: the start script needs a
        /// moment to start the next one, or to end the pod itself.
        package var goneGrace = Duration.seconds(120)
        /// How old a worker's pulse may get; it writes one every few seconds, whatever it does.
        package var pulseLimit = Duration.seconds(600)
        /// How long a worker may get on with nothing and hear nothing of its server.
        ///
        /// A job may take longer: a worker gets on whenever audio comes in or a batch is recognised.
        package var hangLimit = Duration.seconds(2400)
        /// Workers that may come and go within one life of the container without any job's progress between.
        package var mostWorkers = 6
        /// A person wants to use the pod, worker or not: only the end of its stay, or somebody in it, ends it.
        package var isPersistent = false

        package init(leaveAt: Date) { self.leaveAt = leaveAt }
    }

    /// What the start script says of itself.
    package enum Phase: Sendable, Equatable {
        case settingUp
        case ready
        case failed
    }

    /// What one look at the pod shows.
    package struct Look: Sendable, Equatable {
        package var phase: Phase
        /// The living worker's process; nil when there is none.
        package var worker: Int32?
        /// The pulse that is on disk, whoever wrote it.
        package var pulse: Pulse?
        /// Somebody in the pod wants it ended, and why.
        package var ending: String?

        package init(phase: Phase = .settingUp, worker: Int32? = nil, pulse: Pulse? = nil, ending: String? = nil) {
            self.phase = phase
            self.worker = worker
            self.pulse = pulse
            self.ending = ending
        }
    }

    /// Why the pod is to be ended.
    package enum Reason: Sendable, Equatable {
        case stayOver(Date)
        case asked(String)
        case setupEndless(Duration)
        case setupFailed(Duration)
        case workerGone(Duration)
        case workersKeepEnding(Int)
        /// The worker's process is there and does nothing at all, not even say that it lives.
        case workerFrozen(Duration)
        case workerHangs(Duration)
    }

    package let settings: Settings
    private let stayEnds: Duration
    /// When the set-up began; before the watchdog's own start when an earlier life of the container began it.
    private let setupBegan: Duration
    private var phase = Phase.settingUp
    private var failedSince: Duration?
    private var worker: Int32?
    /// Since when no worker has been there; nil while one is, or before the first.
    private var goneSince: Duration?
    private var workersSinceProgress = 0
    private var pulse: Pulse?
    private var lastBeat: Duration
    private var lastStir: Duration
    private var ending: String?

    /// Whether a worker was ever seen.
    package private(set) var hasSeenWorker = false

    /// - Parameters:
    ///   - alreadySettingUp: How long earlier lives of the container have been at the set-up.
    ///   - date: What the clock on the wall says now.
    package init(_ settings: Settings, alreadySettingUp: Duration = .zero, at now: Duration, date: Date) {
        self.settings = settings
        self.stayEnds = now + .seconds(max(0, settings.leaveAt.timeIntervalSince(date)))
        self.setupBegan = now - max(.zero, alreadySettingUp)
        self.lastBeat = now
        self.lastStir = now
    }

    /// Takes in what a look shows.
    package mutating func note(_ look: Look, at now: Duration) {
        self.ending = self.ending ?? look.ending
        self.phase = look.phase
        self.failedSince = look.phase == .failed ? self.failedSince ?? now : nil
        if let worker = look.worker {
            self.hasSeenWorker = true
            self.goneSince = nil
            if worker != self.worker {
                self.workersSinceProgress += 1
                self.pulse = nil
                self.lastBeat = now
                self.lastStir = now
            }
            self.take(look.pulse, of: worker, at: now)
        } else if self.hasSeenWorker || look.phase == .ready {
            self.goneSince = self.goneSince ?? now
        }
        self.worker = look.worker
    }

    private mutating func take(_ pulse: Pulse?, of worker: Int32, at now: Duration) {
        // What another process left behind says nothing of this one.
        guard let pulse, pulse.pid == worker, pulse != self.pulse else { return }
        self.lastBeat = now
        if self.pulse?.isAsFar(as: pulse) != true { self.lastStir = now }
        // A worker that got on before it was first looked at counts as well.
        if let at = pulse.progressedAt, at != self.pulse?.progressedAt { self.workersSinceProgress = 1 }
        self.pulse = pulse
    }

    /// Whether, and why, the pod is to be ended now.
    package func reason(at now: Duration, date: Date) -> Reason? {
        if date >= self.settings.leaveAt || now >= self.stayEnds { return .stayOver(self.settings.leaveAt) }
        if let ending { return .asked(ending) }
        return self.settings.isPersistent ? nil : self.trouble(at: now)
    }

    /// What would end the pod, if it were not to stay for a person to look.
    package func heldBack(at now: Duration) -> Reason? {
        self.settings.isPersistent ? self.trouble(at: now) : nil
    }

    private func trouble(at now: Duration) -> Reason? {
        if self.worker != nil { return self.fault(at: now) }
        if let goneSince, now - goneSince >= self.settings.goneGrace { return .workerGone(now - goneSince) }
        if let failedSince, now - failedSince >= self.settings.goneGrace { return .setupFailed(now - failedSince) }
        if !self.hasSeenWorker, self.phase == .settingUp, now - self.setupBegan >= self.settings.setupLimit {
            return .setupEndless(now - self.setupBegan)
        }
        return nil
    }

    /// What is wrong with a worker that is there.
    private func fault(at now: Duration) -> Reason? {
        let silence = now - self.lastBeat
        if self.pulse != nil, silence >= self.settings.pulseLimit { return .workerFrozen(silence) }
        let stillness = now - self.lastStir
        if stillness >= self.settings.hangLimit { return .workerHangs(stillness) }
        if self.workersSinceProgress > self.settings.mostWorkers {
            return .workersKeepEnding(self.workersSinceProgress)
        }
        return nil
    }
}

extension WatchPolicy.Reason {
    /// Whether something went wrong, as against an end that was planned.
    package var isFailure: Bool {
        switch self {
        case .stayOver, .asked: false
        case .setupEndless, .setupFailed, .workerGone, .workersKeepEnding, .workerFrozen, .workerHangs: true
        }
    }
}

extension WatchPolicy.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .stayOver: "its maximum stay is over"
        case .asked(let words): words
        case .setupEndless(let time): "the set-up did not end within \(time.components.seconds) seconds"
        case .setupFailed(let time):
            "the set-up failed \(time.components.seconds) seconds ago, and nothing has ended the pod since"
        case .workerGone(let time): "no worker has been running for \(time.components.seconds) seconds"
        case .workersKeepEnding(let count): "\(count) workers were started one after the other, and none got on"
        case .workerFrozen(let time): "the worker has shown no sign of life for \(time.components.seconds) seconds"
        case .workerHangs(let time):
            "the worker got on with nothing and heard nothing of its server for \(time.components.seconds) seconds"
        }
    }
}
