package import Foundation

/// One more try at a doubtful transcript, with another model: asked for once, and the better of the two is kept.
package struct SecondTry: Sendable, Equatable {
    /// How it ended.
    package enum Outcome: String, Sendable, Codable, CaseIterable {
        /// The second transcript was no better: the first one stays.
        case keptFirst = "kept_first"
        /// The second transcript is the episode's now.
        case keptSecond = "kept_second"
        /// No second transcript came; the first one stays.
        case failed
        /// It was taken out of the queue, or its job was removed.
        case cancelled
    }

    package var episodeID: EpisodeID
    /// Nil once the job is gone.
    package var jobID: JobID?
    /// The model that was asked for.
    package var model: String
    package var askedAt: Date
    package var firstModel: String?
    /// What was found at the first transcript: the reason for the second try.
    package var first: TranscriptQuality
    /// The model that made the second transcript.
    package var secondModel: String?
    package var second: TranscriptQuality?
    /// Nil while it waits or runs.
    package var outcome: Outcome?

    package init(
        episodeID: EpisodeID, jobID: JobID?, model: String, askedAt: Date, firstModel: String?,
        first: TranscriptQuality, secondModel: String? = nil, second: TranscriptQuality? = nil,
        outcome: Outcome? = nil
    ) {
        self.episodeID = episodeID
        self.jobID = jobID
        self.model = model
        self.askedAt = askedAt
        self.firstModel = firstModel
        self.first = first
        self.secondModel = secondModel
        self.second = second
        self.outcome = outcome
    }

    /// After every first try: nobody waits for it, there is a transcript to read.
    ///
    /// Priorities that people give are small numbers; what they put off still goes before it.
    package static let priority = 1_000_000
    /// A few: there is a transcript already.
    package static let maxAttempts = 3

    /// Whether a transcript calls for a second try with a model.
    ///
    /// - Parameters:
    ///   - quality: What the transcript says of itself; nil where nobody can say: such ones are not tried again.
    ///   - makers: The models that may have made it, as the transcript and its node say.
    ///   - model: The model that second tries are made with; "" for none.
    package static func isWanted(after quality: TranscriptQuality?, madeBy makers: [String?], model: String) -> Bool {
        guard let quality, quality.isDoubtful, !model.isEmpty else { return false }
        return !makers.contains(model)
    }

    /// Which of two transcripts of the same audio stays: the second only where it is better, and never one that nobody
    /// can judge.
    package static func outcome(first: TranscriptQuality, second: TranscriptQuality?) -> Outcome {
        guard let second, second.isBetter(than: first) else { return .keptFirst }
        return .keptSecond
    }
}
