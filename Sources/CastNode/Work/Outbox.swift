package import CastAPI
package import CastClient
package import CastCore

/// What is to be told to the server, and when the next try is due.
package struct Outbox: Sendable {
    package enum Content: Sendable, Equatable {
        /// A result; whether it is safe on disk already.
        case result(SpooledResult, isOnDisk: Bool)
        case failure(FailRequest)
    }

    package struct Parcel: Sendable, Equatable {
        package var handle: JobHandle
        package var content: Content
        package var tries = 0
        package var due: Duration
        package let addedAt: Duration
    }

    package private(set) var parcels: [Parcel] = []
    private let backoff: Backoff
    /// How long a report is tried.
    ///
    /// After that it is dropped: the lease's end says the same. Results stay.
    private let reportLife = Duration.seconds(900)

    package init(backoff: Backoff = Backoff()) { self.backoff = backoff }

    package mutating func add(_ handle: JobHandle, _ content: Content, at now: Duration) {
        self.parcels.append(Parcel(handle: handle, content: content, due: now, addedAt: now))
    }

    /// The parcel that has been due for longest.
    package func next(at now: Duration) -> Parcel? {
        self.parcels.filter { $0.due <= now }.min { $0.due < $1.due }
    }

    /// When the next parcel is due; nil when there is none.
    package var nextDue: Duration? { self.parcels.map(\.due).min() }

    package mutating func remove(_ handle: JobHandle) { self.parcels.removeAll { $0.handle == handle } }

    package mutating func noteSaved(_ handle: JobHandle) {
        for index in self.parcels.indices where self.parcels[index].handle == handle {
            if case .result(let result, _) = self.parcels[index].content {
                self.parcels[index].content = .result(result, isOnDisk: true)
            }
        }
    }

    /// A try failed; others follow, later and later.
    ///
    /// - Returns: False when the parcel was given up.
    package mutating func postpone(_ handle: JobHandle, jitter: Double, at now: Duration) -> Bool {
        guard let index = self.parcels.firstIndex(where: { $0.handle == handle }) else { return true }
        if case .failure = self.parcels[index].content, now - self.parcels[index].addedAt >= self.reportLife {
            self.parcels.remove(at: index)
            return false
        }
        self.parcels[index].tries += 1
        self.parcels[index].due = now + self.backoff.wait(after: self.parcels[index].tries, jitter: jitter)
        return true
    }

    /// The server is back: nobody has to wait for the rest of a long pause.
    package mutating func retryNow(at now: Duration) {
        for index in self.parcels.indices where self.parcels[index].due > now { self.parcels[index].due = now }
    }
}

/// What an error means for something that was to be told to the server.
package enum Refusal: Sendable, Equatable {
    /// The server will never want it.
    case definitive
    /// The key is not valid any more; the heartbeat finds that out too, and ends the node.
    case keyRefused
    /// No answer, or a fault of the server's: later.
    case later

    package init(_ error: any Error) {
        switch (error as? CastError)?.answeredStatus {
        case nil: self = .later
        case 401: self = .keyRefused
        case 408, 425, 429: self = .later
        case .some(400..<500): self = .definitive
        case .some: self = .later
        }
    }
}
