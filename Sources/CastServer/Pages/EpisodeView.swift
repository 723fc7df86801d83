package import CastCore
package import Foundation

/// What an episode's page shows.
package struct EpisodeView: Sendable {
    /// One try at one of its jobs.
    package struct Attempt: Sendable {
        package enum Outcome: Sendable {
            case running
            case completed
            case failed
            /// Handed back, with the attempt.
            case released
            /// Nothing was heard of it any more.
            case expired
        }

        package var kind: JobKind
        package var node: String
        package var startedAt: Date
        package var endedAt: Date?
        package var outcome: Outcome
        package var problem: String?
        package var isSecondTry: Bool

        package init(
            kind: JobKind, node: String, startedAt: Date, endedAt: Date? = nil, outcome: Outcome,
            problem: String? = nil, isSecondTry: Bool = false
        ) {
            self.isSecondTry = isSecondTry
            self.kind = kind
            self.node = node
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.outcome = outcome
            self.problem = problem
        }
    }

    package var id: EpisodeID
    package var title: String
    package var feedID: FeedID
    package var feedTitle: String
    package var publishedAt: Date?
    /// Seconds.
    package var duration: Double?
    package var description: String?
    package var link: String?
    package var state: EpisodeState
    package var isQueued: Bool
    package var percent: Int?
    /// The node that works on it.
    package var node: String?
    package var problem: String?
    package var hasAudio: Bool
    package var transcript: Transcript?
    /// The second try at a doubtful transcript, if there was one.
    package var secondTry: SecondTry?
    /// Whether a node that could make it is there.
    package var canTryAgain: Bool
    /// Whether the transcript that the second try left over can be read.
    package var hasOther: Bool
    /// Oldest first.
    package var attempts: [Attempt]
    package var notice: String?

    package init(
        id: EpisodeID, title: String, feedID: FeedID, feedTitle: String, publishedAt: Date? = nil,
        duration: Double? = nil, description: String? = nil, link: String? = nil, state: EpisodeState,
        isQueued: Bool = false, percent: Int? = nil, node: String? = nil, problem: String? = nil,
        hasAudio: Bool = false, transcript: Transcript? = nil, secondTry: SecondTry? = nil, canTryAgain: Bool = false,
        hasOther: Bool = false, attempts: [Attempt] = [], notice: String? = nil
    ) {
        self.secondTry = secondTry
        self.canTryAgain = canTryAgain
        self.hasOther = hasOther
        self.id = id
        self.title = title
        self.feedID = feedID
        self.feedTitle = feedTitle
        self.publishedAt = publishedAt
        self.duration = duration
        self.description = description
        self.link = link
        self.state = state
        self.isQueued = isQueued
        self.percent = percent
        self.node = node
        self.problem = problem
        self.hasAudio = hasAudio
        self.transcript = transcript
        self.attempts = attempts
        self.notice = notice
    }
}
