/// Waits until something outside this process has happened, and looks every 50 ms.
///
/// For other processes only: what happens in this one is awaited, or its clock is advanced.
///
/// - Returns: The first value that is not nil; nil when there was none within the limit.
package func eventually<Value>(
    within limit: Duration = .seconds(60), isolation: isolated (any Actor)? = #isolation,
    _ look: () async throws -> Value?
) async throws -> Value? {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if let value = try await look() { return value }
        try await Task.sleep(for: .milliseconds(50))
    }
    return nil
}
