package import Foundation

/// What happens to a job; told by nodes, by people, and by the clock.
package enum JobEvent: Sendable, Equatable {
    /// A heartbeat of the holder names the job.
    case renewed(by: NodeID, until: Date)
    /// A heartbeat of the holder leaves the job out; `isBeingFetched` when it is reading the audio this moment.
    case leftOut(by: NodeID, isBeingFetched: Bool, until: Date)
    /// A heartbeat names a job whose lease this node lost; it goes on with it.
    case resumed(Job.Lease)
    /// The holder reads the audio.
    case touched(by: NodeID, until: Date)
    /// The holder is at so many percent.
    case progressed(by: NodeID, percent: Int, until: Date)
    /// The holder hands it back undone.
    case released(by: NodeID)
    /// The holder could not do it; `retry` false says that nobody can.
    case failed(by: NodeID, message: String, retry: Bool)
    /// Somebody who holds the job, or once held it, brings the result.
    case completed(by: NodeID)
    /// The lease ran out.
    case leaseExpired
    /// The holder lives, but the job has stood still for so long that the holder is taken to hang.
    case stalled
    /// We stop, or a person takes it away from its holder: nobody's fault.
    case interrupted
    /// A person wants a failed job tried again.
    case retried
}

/// What an event came to.
package enum JobVerdict: Sendable, Equatable {
    /// The job changed.
    case changed
    /// It was so already, or the event is of no consequence: the answer is yes, and nothing is written.
    case unchanged
    /// Somebody else's job.
    case notHolder
    /// The job's state does not allow it.
    case notPossible
}

extension Job {
    /// Takes an event.
    ///
    /// Events come late, twice or never: all of that is ordinary.
    ///
    /// - Parameters:
    ///   - jitter: −1 to 1, drawn by the caller; spreads retries.
    package mutating func handle(_ event: JobEvent, at now: Date, jitter: Double = 0) -> JobVerdict {
        switch (self.state, event) {
        case (.running(var lease), .renewed(let node, let until)):
            guard lease.holder == node else { return .notHolder }
            lease.until = max(lease.until, until)
            lease.missingSince = nil
            self.state = .running(lease)
            return .changed
        case (.running(var lease), .leftOut(let node, let isBeingFetched, let until)):
            guard lease.holder == node else { return .notHolder }
            if isBeingFetched || now.timeIntervalSince(lease.touchedAt) < Self.graceAfterTouch {
                // The answer to the claim may still be on its way, or the node lists a job only once it has its audio.
                lease.until = max(lease.until, until)
                lease.missingSince = nil
            } else if let since = lease.missingSince, now.timeIntervalSince(since) >= Self.graceWhenLeftOut {
                self.giveBack(at: now)
                return .changed
            } else {
                // Once may be the moment between two lists of the node: not prefetched any more, not current yet.
                lease.missingSince = lease.missingSince ?? now
            }
            self.state = .running(lease)
            return .changed
        case (.queued, .resumed(let lease)):
            // A try that had begun was counted when its lease was lost; this is the same try.
            if !lease.hasBegun { self.attempts += 1 }
            self.state = .running(lease)
            return .changed
        case (.running, .resumed), (.completed, .resumed), (.failed, .resumed):
            return .notPossible
        case (.running(var lease), .touched(let node, let until)):
            guard lease.holder == node else { return .notHolder }
            lease.until = max(lease.until, until)
            lease.touchedAt = now
            self.state = .running(lease)
            return .changed
        case (.running(var lease), .progressed(let node, let percent, let until)):
            guard lease.holder == node else { return .notHolder }
            lease.until = max(lease.until, until)
            lease.touchedAt = now
            lease.hasBegun = true
            lease.progress = min(100, max(0, percent))
            self.state = .running(lease)
            return .changed
        case (.running(let lease), .released(let node)):
            guard lease.holder == node else { return .notHolder }
            self.giveBack(at: now)
            return .changed
        case (.running(let lease), .failed(let node, let message, let retry)):
            guard lease.holder == node else { return .notHolder }
            self.error = message
            if retry, self.attempts < self.maxAttempts {
                self.state = .queued(notBefore: now + Self.backoff(after: self.attempts, jitter: jitter))
            } else {
                self.state = .failed(at: now)
            }
            return .changed
        case (.running(let lease), .leaseExpired):
            guard lease.until <= now else { return .unchanged }
            if lease.hasBegun {
                self.loseBegunLease(at: now)
            } else {
                self.giveBack(at: now)
            }
            return .changed
        case (.running(let lease), .stalled):
            if lease.hasBegun {
                self.loseBegunLease(at: now)
            } else {
                self.giveBack(at: now)
            }
            return .changed
        case (.running, .interrupted):
            self.giveBack(at: now)
            return .changed

        // Late work is taken as long as nobody has done it since; whoever holds the job now hears so at its next
        // heartbeat.
        case (.running, .completed(let node)), (.queued, .completed(let node)), (.failed, .completed(let node)):
            self.error = nil
            self.state = .completed(by: node, at: now)
            return .changed

        case (.completed, .completed), (.completed, .released), (.queued, .released), (.failed, .released):
            return .unchanged
        case (.completed(let holder, _), .progressed(let node, _, _)),
            (.completed(let holder, _), .failed(let node, _, _)),
            (.completed(let holder, _), .renewed(let node, _)), (.completed(let holder, _), .touched(let node, _)),
            (.completed(let holder, _), .leftOut(let node, _, _)):
            return holder == node ? .unchanged : .notHolder
        case (.queued, .progressed), (.queued, .failed), (.queued, .renewed), (.queued, .touched),
            (.queued, .leftOut), (.failed, .leftOut),
            (.failed, .progressed), (.failed, .failed), (.failed, .renewed), (.failed, .touched):
            return .notHolder

        case (.failed, .retried):
            self.attempts = 0
            self.error = nil
            self.state = .queued(notBefore: now)
            return .changed
        case (.queued, .retried), (.running, .retried), (.completed, .retried):
            return .notPossible
        case (.queued, .leaseExpired), (.completed, .leaseExpired), (.failed, .leaseExpired),
            (.queued, .stalled), (.completed, .stalled), (.failed, .stalled):
            return .unchanged
        case (.queued, .interrupted), (.completed, .interrupted), (.failed, .interrupted):
            return .notPossible
        }
    }

    /// How long after a touch a heartbeat may leave a job out without consequence, in seconds.
    ///
    /// Nodes of the existing server beat every 30 s and do not name a job whose audio they are still fetching.
    package static let graceAfterTouch: TimeInterval = 60
    /// How long a job has to be left out before it goes back: more than one beat, less than two.
    package static let graceWhenLeftOut: TimeInterval = 20

    /// Seconds to wait after so many failed tries: 5ⁿ minutes, twelve hours at most, ± 10 %.
    ///
    /// The existing server's rule; the jitter is ours, so that a hundred jobs that failed together do not return
    /// together.
    package static func backoff(after attempts: Int, jitter: Double) -> TimeInterval {
        let minutes = attempts >= 5 ? 720 : min(pow(5, Double(max(1, attempts))), 720)
        return minutes * 60 * (1 + 0.1 * min(1, max(-1, jitter)))
    }

    /// The claim counted a try; whoever gives the job back undone gets it back.
    private mutating func giveBack(at now: Date) {
        self.attempts = max(0, self.attempts - 1)
        self.state = .queued(notBefore: now)
    }

    private mutating func loseBegunLease(at now: Date) {
        guard self.attempts >= self.maxAttempts else {
            self.error = "The worker was lost in the middle of the job."
            self.state = .queued(notBefore: now)
            return
        }
        self.error = "Max attempts exceeded: \(self.attempts) workers began this job and were lost."
        self.state = .failed(at: now)
    }
}
