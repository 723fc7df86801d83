/// Tells a segment that is at fault from an engine that is.
///
/// Failures in a row, without anything recognised in between, speak against the engine; one success speaks for it.
package struct EngineHealth: Sendable {
    /// Failures in a row from which on it is the engine.
    ///
    /// `BatchSearch` looks at both halves before it goes on, so even
    /// three bad segments in a batch leave something that goes well within five.
    package static let limit = 6

    package private(set) var hasRecognised = false
    private var failures = 0

    package init() {}

    package mutating func succeed() {
        self.hasRecognised = true
        self.failures = 0
    }

    /// - Returns: Whether the fault is the engine's.
    package mutating func fail() -> Bool {
        self.failures += 1
        return self.failures >= Self.limit
    }
}
