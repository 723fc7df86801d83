import UnixSignals

/// A person or a supervisor asked the program to end.
struct Interrupted: Error {
    var signal: Int32
}

/// Runs the body and cancels it when the program is asked to end, so that everything it started is stopped.
func untilInterrupted(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) {
                throw Interrupted(signal: signal.number)
            }
        }
        group.addTask { try await body() }
        defer { group.cancelAll() }
        try await group.next()
    }
}

extension UnixSignal {
    fileprivate var number: Int32 {
        switch self {
        case .sigint: 2
        case .sigterm: 15
        default: 1
        }
    }
}
