import CastCore

/// Which failed requests are sent again, and when.
struct RetryRule: Sendable, Equatable {
    var maximumTries = 4
    var backoff = Backoff(first: .milliseconds(500), limit: .seconds(8))
    /// Who must wait longer is told so instead.
    var longestWait: Duration = .seconds(60)

    /// - Parameters:
    ///   - isRepeatable: Reads and DELETE. A POST is repeated after 429 only: any other failure may hide a success.
    ///   - jitter: −1 to 1, drawn by the caller.
    /// - Returns: Nil when the failure stands.
    func wait(after failure: ProviderFailure, tries: Int, isRepeatable: Bool, jitter: Double) -> Duration? {
        guard tries < self.maximumTries else { return nil }
        switch failure.kind {
        case .rateLimited(let retryAfter):
            // Never earlier than was asked, and not all of us in the same moment.
            return retryAfter <= self.longestWait ? retryAfter + .milliseconds(250) * abs(jitter) : nil
        case .unavailable:
            // 410 says that this whole interface has been switched off.
            return isRepeatable && failure.status != 410 ? self.backoff.wait(after: tries, jitter: jitter) : nil
        case .noCapacity, .outOfMoney, .forbidden, .invalidRequest, .gone, .unknownOutcome:
            return nil
        }
    }
}
