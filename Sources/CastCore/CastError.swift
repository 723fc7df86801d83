/// The one error type of the project: a code to decide by, and a sentence for the person.
///
/// HTTP statuses and exit codes are derived from the code, in one place each. The sentence says what happened and what
/// to do about it. The cause, if there is one, is for the log only and never reaches an answer.
package struct CastError: Error, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong.
    ///
    /// The raw values are stable: they go over the wire as `code`.
    package enum Code: String, Sendable, CaseIterable {
        /// The request or the input contradicts itself or a rule.
        case invalid
        /// The key or token is missing or wrong.
        case unauthorized
        /// The key is right, but this is somebody else's.
        case forbidden
        /// There is nothing of that name or id.
        case notFound = "not_found"
        /// It exists already, or its state does not allow this.
        case conflict
        /// It existed and will not come back: trying again is of no use.
        case gone
        /// Larger than the stated limit.
        case tooLarge = "too_large"
        /// A configured maximum is reached.
        case limitReached = "limit_reached"
        /// A service, a program or the network does not answer now; it may later.
        case unavailable
        /// It took longer than allowed.
        case timedOut = "timed_out"
        /// The audio cannot be decoded: no worker will do better.
        case unreadableMedia = "unreadable_media"
        /// The recogniser failed although its input was sound.
        case engineFailed = "engine_failed"
        /// No space left, or the file system refused to write.
        case storageFull = "storage_full"
        /// A fault of ours.
        case internalFault = "internal"
    }

    package var code: Code
    package var message: String
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        guard let cause = self.cause else { return self.message }
        return "\(self.message) (\(cause))"
    }
}
