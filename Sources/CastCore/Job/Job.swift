package import Foundation

/// What is to be done for an episode; over the wire `job_type`.
package enum JobKind: String, Sendable, Codable, CaseIterable {
    /// Fetch the audio; the server does it.
    case download
    /// Turn the audio into text; nodes do it.
    case transcribe
    /// Fetch the transcript that the publisher offers; the server does it.
    case transcriptDownload = "transcript_download"
}

/// Which line a job stands in: whoever is in the first goes before all of the second, at the same priority.
package enum JobLane: Int, Sendable, Codable, CaseIterable {
    /// An episode that came out a few days ago at most: somebody waits for it.
    case fresh = 0
    /// Everything older: it has waited for long already.
    case archive = 1

    /// The lane of an episode; one without a date is taken for old.
    ///
    /// - Parameter freshFor: Seconds after its publication during which an episode counts as fresh.
    package init(publishedAt: Date?, freshFor: TimeInterval, at now: Date) {
        guard let publishedAt, now.timeIntervalSince(publishedAt) <= freshFor else {
            self = .archive
            return
        }
        self = .fresh
    }

    /// A week: what a weekly show's newest episode is until the next one comes.
    package static let freshFor: TimeInterval = 7 * 86_400
}

/// A piece of work on one episode, and where it stands.
///
/// `queued → running → completed | failed`, and back to `queued`; drawn in `docs/states.md`. Every change goes through
/// `handle(_:at:jitter:)`, in one database transaction with its reading.
package struct Job: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Waits for somebody to claim it, not before a time when it is backing off after a failure.
        case queued(notBefore: Date)
        /// Somebody holds a lease on it.
        case running(Lease)
        /// Done. The holder keeps the right to read the audio and to repeat its completion.
        case completed(by: NodeID?, at: Date)
        /// Given up; only a person, or a late result, brings it back.
        case failed(at: Date)
    }

    /// The right to work on a job; it runs out unless its holder renews it.
    package struct Lease: Sendable, Equatable {
        package var holder: NodeID
        /// Names this one try; a node that holds a job twice in a row holds two attempts.
        package var attempt: String
        package var since: Date
        package var until: Date
        /// Whether recognition has begun (the holder reported progress): only then does a lost lease cost an attempt.
        package var hasBegun: Bool
        /// Percent, as the holder reported it.
        package var progress: Int
        /// When the holder last touched the job itself: by the claim, by reading audio, by progress.
        package var touchedAt: Date
        /// When a heartbeat of the holder first left the job out; nil while it is named.
        package var missingSince: Date?

        package init(
            holder: NodeID, attempt: String, since: Date, until: Date, hasBegun: Bool = false, progress: Int = 0,
            touchedAt: Date? = nil, missingSince: Date? = nil
        ) {
            self.holder = holder
            self.attempt = attempt
            self.since = since
            self.until = until
            self.hasBegun = hasBegun
            self.progress = progress
            self.touchedAt = touchedAt ?? since
            self.missingSince = missingSince
        }
    }

    package var id: JobID
    package var episodeID: EpisodeID
    package var kind: JobKind
    /// Lower goes first.
    package var priority: Int
    package var lane: JobLane
    /// Only nodes with this model may have it; nil for any node.
    package var model: String?
    /// Whether it is a second try at a doubtful transcript, which stays and stays readable meanwhile.
    package var isSecondTry: Bool
    /// Tries that count: a failure and a lost begun lease do, a release does not.
    package var attempts: Int
    package var maxAttempts: Int
    /// Why the last try failed, or why the job was given up.
    package var error: String?
    package var createdAt: Date
    /// Its place in the line among jobs of one priority.
    package var scheduledAt: Date
    /// The kind of job that follows when this one is done.
    package var followUp: JobKind?
    package var state: State

    package init(
        id: JobID, episodeID: EpisodeID, kind: JobKind, priority: Int = 10, lane: JobLane = .archive,
        model: String? = nil, isSecondTry: Bool = false, attempts: Int = 0,
        maxAttempts: Int = Job.defaultMaxAttempts, error: String? = nil, createdAt: Date, scheduledAt: Date? = nil,
        followUp: JobKind? = nil, state: State
    ) {
        self.id = id
        self.episodeID = episodeID
        self.kind = kind
        self.priority = priority
        self.lane = lane
        self.model = model
        self.isSecondTry = isSecondTry
        self.attempts = attempts
        self.maxAttempts = maxAttempts
        self.error = error
        self.createdAt = createdAt
        self.scheduledAt = scheduledAt ?? createdAt
        self.followUp = followUp
        self.state = state
    }

    /// The existing server's number of tries.
    package static let defaultMaxAttempts = 10
}
