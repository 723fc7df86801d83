/// Why a provider did not do what it was asked: one of a closed set, with the provider's own words.
package struct ProviderFailure: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Nothing of that kind is free there now; another candidate may be.
        case noCapacity
        /// The account is empty, or at its spending limit: nothing can be bought.
        case outOfMoney
        /// The key is not accepted (`status` 401), or not for this (403).
        case forbidden
        /// The request breaks a rule; sent again it will break it again.
        case invalidRequest
        /// Too many requests; the next one may be sent after that time.
        case rateLimited(retryAfter: Duration)
        /// There is no such pod.
        case gone
        /// No answer of the provider's: nothing was done, or nothing is known. Reads only, and creates never sent.
        case unavailable
        /// A create was sent, and how it ended is not known: a pod may exist, and bill. Look for it by name.
        case unknownOutcome
    }

    package var kind: Kind
    /// The provider's own text, or what we saw instead of an answer; for people, and never with a key in it.
    package var text: String
    /// The provider's id of the request, for its support.
    package var requestID: String?
    /// The HTTP status, where there was one.
    package var status: Int?

    package init(_ kind: Kind, _ text: String, requestID: String? = nil, status: Int? = nil) {
        self.kind = kind
        self.text = text
        self.requestID = requestID
        self.status = status
    }

    /// Whether the same create may succeed with another GPU, cloud or data centre.
    ///
    /// The provider answers 400 both for broken rules and for lack of capacity, in words that change. So a 400 or 409
    /// to a create whose text is not known is an invalid request that may yet fit elsewhere; if every candidate is
    /// answered so, the request itself is wrong.
    package var mayFitElsewhere: Bool {
        switch self.kind {
        case .noCapacity: true
        case .forbidden: self.status == 403
        case .invalidRequest: self.status == 400 || self.status == 409
        case .outOfMoney, .rateLimited, .gone, .unavailable, .unknownOutcome: false
        }
    }
}

extension ProviderFailure: CustomStringConvertible {
    package var description: String {
        let status = self.status.map { " (status \($0))" } ?? ""
        let request = self.requestID.map { " [request \($0)]" } ?? ""
        return "\(self.text)\(status)\(request)"
    }
}
