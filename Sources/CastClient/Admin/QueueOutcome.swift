package import CastAPI
package import CastCore

/// What came of queueing one of several episodes.
package struct QueueOutcome: Sendable, Encodable, Equatable {
    package var episode: EpisodeID
    /// Nil when it was not queued.
    package var job: JobID?
    package var message: String?
    /// Why it was not queued.
    package var error: String?
    /// A `CastError.Code`.
    package var code: String?

    package var errorCode: CastError.Code? { self.code.flatMap(CastError.Code.init(rawValue:)) }

    package var sentence: String {
        if let error { return "Episode \(self.episode): \(error)" }
        return "\(self.message ?? "Episode queued") (episode \(self.episode), job \(self.job.map { "\($0)" } ?? "–"))."
    }

    /// Queues every episode, whatever becomes of the others.
    ///
    /// - Parameter onOutcome: Called after each one.
    /// - Throws: Only what is no `CastError`: a cancellation.
    package static func each(
        _ episodes: [EpisodeID], queue: (EpisodeID) async throws -> QueuedResponse,
        onOutcome: (QueueOutcome) -> Void = { _ in }
    ) async throws -> [QueueOutcome] {
        var outcomes: [QueueOutcome] = []
        for episode in episodes {
            var outcome = QueueOutcome(episode: episode)
            do {
                let answer = try await queue(episode)
                outcome.job = answer.jobID
                outcome.message = answer.message
            } catch let error as CastError {
                outcome.error = error.message
                outcome.code = error.code.rawValue
            }
            outcomes.append(outcome)
            onOutcome(outcome)
        }
        return outcomes
    }
}
