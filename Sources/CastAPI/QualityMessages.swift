package import CastCore

/// What a transcript says of itself; part of an episode.
package struct QualityMessage: Sendable, Codable, Equatable {
    package struct Finding: Sendable, Codable, Equatable {
        package var kind: TranscriptQuality.Finding.Kind
        /// A sentence for a person.
        package var reason: String

        package init(_ finding: TranscriptQuality.Finding) {
            self.kind = finding.kind
            self.reason = finding.reason
        }
    }

    /// Null when the length of the audio is not known.
    @Null package var wordsPerMinute: Double?
    /// Share of the words, 0 to 1.
    package var repetition: Double
    /// Seconds.
    package var longestGap: Double
    /// 0 to 1; null when the engine gives none.
    @Null package var confidence: Double?
    /// Share of the audio, 0 to 1.
    package var failedShare: Double
    /// Why it is doubtful; empty where it is not.
    package var findings: [Finding]

    package init(_ quality: TranscriptQuality) {
        self.repetition = quality.repetition
        self.longestGap = quality.longestGap
        self.failedShare = quality.failedShare
        self.findings = quality.findings.map(Finding.init)
        self._wordsPerMinute = Null(wrappedValue: quality.wordsPerMinute)
        self._confidence = Null(wrappedValue: quality.confidence)
    }

    enum CodingKeys: String, CodingKey {
        case repetition, confidence, findings
        case wordsPerMinute = "words_per_minute"
        case longestGap = "longest_gap"
        case failedShare = "failed_share"
    }
}

/// A second try at a doubtful transcript; part of an episode.
package struct SecondTryMessage: Sendable, Codable, Equatable {
    /// The model that was asked for.
    package var model: String
    package var askedAt: WireDate
    /// `kept_first`, `kept_second`, `failed` or `cancelled`; null while it waits or runs.
    @Null package var outcome: SecondTry.Outcome?
    @Null package var jobID: JobID?
    @Null package var firstModel: String?
    package var first: QualityMessage
    @Null package var secondModel: String?
    @Null package var second: QualityMessage?

    package init(_ secondTry: SecondTry) {
        self.model = secondTry.model
        self.askedAt = WireDate(secondTry.askedAt)
        self.first = QualityMessage(secondTry.first)
        self._outcome = Null(wrappedValue: secondTry.outcome)
        self._jobID = Null(wrappedValue: secondTry.jobID)
        self._firstModel = Null(wrappedValue: secondTry.firstModel)
        self._secondModel = Null(wrappedValue: secondTry.secondModel)
        self._second = Null(wrappedValue: secondTry.second.map(QualityMessage.init))
    }

    enum CodingKeys: String, CodingKey {
        case model, outcome, first, second
        case askedAt = "asked_at"
        case jobID = "job_id"
        case firstModel = "first_model"
        case secondModel = "second_model"
    }
}

/// That a job is a second try, and why; part of a job.
package struct SecondTryReason: Sendable, Codable, Equatable {
    package var model: String
    /// What was found at the first transcript.
    package var findings: [QualityMessage.Finding]

    /// Nil for a job that is none.
    package init?(_ job: Job, _ secondTry: SecondTry?) {
        guard job.isSecondTry, let model = job.model else { return nil }
        self.model = model
        self.findings = (secondTry?.first.findings ?? []).map(QualityMessage.Finding.init)
    }
}
