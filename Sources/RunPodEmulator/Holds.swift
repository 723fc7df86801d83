/// Requests that are held, so that whoever waits for them stands still at a known place.
struct Holds: Sendable {
    private struct Entry: Sendable {
        var operation: Operation
        var stream: AsyncStream<Never>.Continuation
    }

    private var entries: [Entry] = []
    private var watchers: [Entry] = []

    /// What is held now, in the order of its coming.
    var held: [Operation] { self.entries.map(\.operation) }

    /// - Returns: A stream that ends when the request may go on.
    mutating func add(_ operation: Operation) -> AsyncStream<Never> {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        self.entries.append(Entry(operation: operation, stream: continuation))
        for watcher in self.watchers where watcher.operation == operation { watcher.stream.finish() }
        self.watchers.removeAll { $0.operation == operation }
        return stream
    }

    /// - Returns: A stream that ends when such a request is held.
    mutating func watch(_ operation: Operation) -> AsyncStream<Never> {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        if self.held.contains(operation) {
            continuation.finish()
        } else {
            self.watchers.append(Entry(operation: operation, stream: continuation))
        }
        return stream
    }

    /// Lets go on what is held.
    ///
    /// - Parameter operation: Nil for all of it.
    mutating func release(_ operation: Operation? = nil) {
        for entry in self.entries where operation == nil || entry.operation == operation { entry.stream.finish() }
        self.entries.removeAll { operation == nil || $0.operation == operation }
    }
}

extension PodWorld {
    /// Holds a request here if a fault says so; the end of the emulator lets it go.
    func hold(_ kind: Fault.Kind, _ operation: Operation) async {
        guard self.faults.take(kind, operation) != nil else { return }
        for await _ in self.holds.add(operation) {}
    }

    func untilHeld(_ operation: Operation) async {
        for await _ in self.holds.watch(operation) {}
    }

    func release(_ operation: Operation) {
        self.faults.clearHolds(of: operation)
        self.holds.release(operation)
    }
}
