package import CastCore

/// What came of one of several things that were asked for.
package struct Outcome: Sendable, Encodable, Equatable {
    package var id: Int64
    /// What the server said.
    package var message: String?
    /// Why it was not done.
    package var error: String?
    /// A `CastError.Code`.
    package var code: String?

    package init(id: Int64, message: String? = nil, error: String? = nil, code: String? = nil) {
        self.id = id
        self.message = message
        self.error = error
        self.code = code
    }

    package var errorCode: CastError.Code? { self.code.flatMap(CastError.Code.init(rawValue:)) }

    /// - Parameter kind: What it is, for example `Job`.
    package func sentence(_ kind: String) -> String {
        if let error { return "\(kind) \(self.id): \(error)" }
        return "\(self.message ?? "Done") (\(kind.lowercased()) \(self.id))."
    }

    /// Does something for every number, whatever becomes of the others.
    ///
    /// - Parameters:
    ///   - act: Answers what the server said.
    ///   - onOutcome: Called after each one.
    /// - Throws: Only what is no `CastError`: a cancellation.
    package static func each(
        _ ids: [Int64], act: (Int64) async throws -> String, onOutcome: (Outcome) -> Void = { _ in }
    ) async throws -> [Outcome] {
        var outcomes: [Outcome] = []
        for id in ids {
            var outcome = Outcome(id: id)
            do {
                outcome.message = try await act(id)
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
