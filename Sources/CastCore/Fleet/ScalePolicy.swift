package import Foundation

/// The work that waits.
package struct QueueView: Sendable, Equatable {
    /// Jobs that a node would get if it asked now: not those that back off, are used up, or are held.
    package var claimableJobs: Int
    /// Seconds of audio in the jobs that are claimable or running, less what is done of them.
    package var audioSeconds: Double

    package init(claimableJobs: Int, audioSeconds: Double) {
        self.claimableJobs = claimableJobs
        self.audioSeconds = audioSeconds
    }

    /// Where a feed does not say how long an episode is: the length that podcasts have most.
    package static let unknownEpisodeSeconds: Double = 2700
}

/// How many pods to buy now.
package struct ScalePolicy: Sendable, Equatable {
    package enum Strategy: String, Sendable, Codable, CaseIterable {
        /// The existing server's rule: so many pods for so many jobs.
        case threshold
        /// As many as the audio that waits is worth.
        case backlog
    }

    package var strategy: Strategy = .threshold
    /// Pods are bought when more jobs than this wait.
    package var threshold = 10
    package var podsPerThreshold = 1
    package var maxPods = 3
    /// The queue should be empty by then, if it can be done; `backlog` only.
    package var finishBy: Date?
    /// What the server can send, in Mbit/s: more pods than it can feed wait for audio; nil takes what was measured.
    package var uplinkMegabits: Double?

    package init() {}

    /// Between two decisions to buy, so that the first pods show in the queue before more are bought.
    package static let cooldown: TimeInterval = 60
    /// After a worker left because it found nothing to do: what we see waiting is not to be had, or it is a tail.
    package static let cooldownAfterLeaving: TimeInterval = 180
    /// A pod must have this many times its start-up time of work ahead of it.
    package static let worthOfStart: Double = 3

    package struct Inputs: Sendable, Equatable {
        package var queue: QueueView
        package var ready: Int
        /// Wanted or rented, and not working yet.
        package var onTheirWay: Int
        /// Being ended; they bill, and count against the maximum.
        package var ending: Int
        /// When scaling last bought.
        package var lastPurchaseAt: Date?
        /// When a worker last left for lack of work.
        package var lastLeftAt: Date?
        /// Audio seconds a second that the next pod would do.
        package var speed: Double
        /// From buying a pod until it works.
        package var startUpTime: TimeInterval
        /// What the server was seen to send.
        package var uplink: Uplink

        package init(
            queue: QueueView, ready: Int = 0, onTheirWay: Int = 0, ending: Int = 0, lastPurchaseAt: Date? = nil,
            lastLeftAt: Date? = nil, speed: Double = 87, startUpTime: TimeInterval = 600,
            uplink: Uplink = Uplink()
        ) {
            self.queue = queue
            self.ready = ready
            self.onTheirWay = onTheirWay
            self.ending = ending
            self.lastPurchaseAt = lastPurchaseAt
            self.lastLeftAt = lastLeftAt
            self.speed = speed
            self.startUpTime = startUpTime
            self.uplink = uplink
        }

        package var facts: [String: String] {
            var facts = [
                "claimable_jobs": "\(self.queue.claimableJobs)", "audio_seconds": "\(Int(self.queue.audioSeconds))",
                "ready": "\(self.ready)", "on_their_way": "\(self.onTheirWay)", "ending": "\(self.ending)",
                "speed": "\(Int(self.speed))", "start_up_seconds": "\(Int(self.startUpTime))",
            ]
            if let limit = self.uplink.limit { facts["uplink_bytes_per_second"] = "\(Int(limit))" }
            return facts
        }
    }

    /// What keeps from buying although more pods are wanted.
    package enum Hold: String, Sendable, Codable, CaseIterable {
        case maximum
        case cooldown
        case workerLeft = "worker_left"
        case uplink
    }

    package struct Decision: Sendable, Equatable {
        package var buy: Int
        /// For the event log, without a period.
        package var reason: String
        package var hold: Hold?

        package init(buy: Int, reason: String, hold: Hold? = nil) {
            self.buy = buy
            self.reason = reason
            self.hold = hold
        }
    }

    package func decide(_ inputs: Inputs, at now: Date) -> Decision {
        let asked = self.wanted(inputs, at: now)
        let wanted = self.fed(asked, inputs)
        let working = inputs.ready + inputs.onTheirWay
        let missing = wanted.buy - working
        guard missing > 0 else {
            return Decision(
                buy: 0, reason: "\(wanted.reason); \(working) are there or on their way",
                hold: asked.buy > working ? wanted.hold : nil)
        }
        let room = self.maxPods - working - inputs.ending
        guard room > 0 else {
            return Decision(
                buy: 0, reason: "\(wanted.reason), but RUNPOD_MAX_PODS allows \(self.maxPods) and all of them are taken"
            )
        }
        if let last = inputs.lastPurchaseAt, now.timeIntervalSince(last) < Self.cooldown {
            return Decision(buy: 0, reason: "\(wanted.reason); waits a minute after the last purchase", hold: .cooldown)
        }
        if let last = inputs.lastLeftAt, now.timeIntervalSince(last) < Self.cooldownAfterLeaving {
            return Decision(
                buy: 0, reason: "\(wanted.reason); waits, since a worker just left for lack of work",
                hold: .workerLeft)
        }
        return Decision(buy: min(missing, room), reason: wanted.reason)
    }

    /// No more pods than the server can send audio to; the first one in any case.
    private func fed(_ wanted: Decision, _ inputs: Inputs) -> Decision {
        let capacity = self.uplinkMegabits.map { $0 * 125_000 } ?? inputs.uplink.limit
        let perPod = inputs.uplink.wanted(at: inputs.speed)
        guard let capacity, perPod > 0, capacity / perPod < Double(wanted.buy) else { return wanted }
        let count = max(1, Int(capacity / perPod))
        guard count < wanted.buy else { return wanted }
        let origin = self.uplinkMegabits == nil ? ", as measured," : ""
        let megabits = String(format: capacity < 1_250_000 ? "%.1f" : "%.0f", capacity / 125_000)
        return Decision(
            buy: count, reason: "\(wanted.reason), but the uplink of \(megabits) Mbit/s\(origin) feeds \(count)",
            hold: .uplink)
    }

    /// How many pods there should be, and why.
    private func wanted(_ inputs: Inputs, at now: Date) -> Decision {
        switch self.strategy {
        case .threshold: self.wantedByThreshold(inputs.queue.claimableJobs)
        case .backlog: self.wantedByBacklog(inputs, at: now)
        }
    }

    /// The existing server's rule: nothing up to the threshold; above it `podsPerThreshold` for each full threshold.
    private func wantedByThreshold(_ jobs: Int) -> Decision {
        let threshold = max(1, self.threshold)
        guard jobs > threshold else {
            return Decision(buy: 0, reason: "\(jobs) jobs wait; RUNPOD_SCALE_THRESHOLD is \(threshold)")
        }
        let count = min(jobs / threshold * self.podsPerThreshold, self.maxPods)
        return Decision(
            buy: count, reason: "\(jobs) jobs wait, \(self.podsPerThreshold) pods for each \(threshold) make \(count)")
    }

    private func wantedByBacklog(_ inputs: Inputs, at now: Date) -> Decision {
        let queue = inputs.queue
        guard queue.claimableJobs > 0, queue.audioSeconds > 0 else { return Decision(buy: 0, reason: "nothing waits") }
        // Work for one pod, in seconds.
        let work = queue.audioSeconds / max(inputs.speed, 0.1)
        let start = max(inputs.startUpTime, 1)
        let working = inputs.ready + inputs.onTheirWay
        let hours = String(format: "%.1f hours of audio wait", queue.audioSeconds / 3600)
        guard work / Double(max(working, 1)) > start else {
            return Decision(buy: 0, reason: "\(hours), done before another pod would have started")
        }
        var count = max(1, Int(work / (start * Self.worthOfStart)))
        var reason = "\(hours), \(Int(work / 60)) minutes for one pod"
        if let finishBy = self.finishBy {
            let time = finishBy.timeIntervalSince(now) - start
            count = time > 0 ? Int(min((work / time).rounded(.up), 1000)) : self.maxPods
            // More than that would each start for less than a start's worth of work.
            count = max(1, min(count, Int(work / start)))
            reason += time > 0 ? ", to be done in \(Int((time + start) / 60))" : ", and the time to be done is over"
        }
        count = min(count, queue.claimableJobs + inputs.ready)
        return Decision(buy: count, reason: "\(reason): \(count) pods")
    }
}
