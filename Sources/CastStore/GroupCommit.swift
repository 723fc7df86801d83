import GRDB
import Synchronization

/// Commits together the writes that wait together.
///
/// A commit that is to survive a power cut waits for the disk, some milliseconds on a common one, and SQLite has one writer.
/// While one group is on its way to the disk the next one gathers, so that thirty-two nodes that hand in their results at
/// the same moment wait for two commits and not for thirty-two. Each write keeps a savepoint of its own: one that fails
/// takes nothing of the others with it.
final class GroupCommit: Sendable {
    /// What a write outlives once it has returned.
    enum Durability: Sendable {
        /// A power cut.
        case atOnce
        /// The end of this process; a power cut in the next moments may undo it.
        case soon
    }

    private struct Waiting: Sendable {
        let durability: Durability
        /// What has to be on the disk before the commit is.
        let barrier: (@Sendable () throws -> Void)?
        /// Runs the body; answers what to call once the group's fate is known.
        let run: @Sendable (GRDB.Database) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var waiting: [Waiting] = []
        var isRunning = false
    }

    private let writer: any DatabaseWriter
    private let state = Mutex(State())
    /// What the connection's `synchronous` is set to; read and written by the writer's own queue only.
    private let isFull = Mutex<Bool?>(nil)
    /// So many at most in one transaction, so that the first of them does not wait for ever.
    private static let largestGroup = 64

    init(_ writer: any DatabaseWriter) { self.writer = writer }

    /// - Parameter barrier: Called once for the whole group, of whichever write has one, after the bodies and before the
    ///   commit: it brings to the disk what they wrote beside the database.
    func write<Value: Sendable>(
        _ durability: Durability, barrier: (@Sendable () throws -> Void)? = nil,
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let value = Mutex<Value?>(nil)
            let waiting = Waiting(
                durability: durability, barrier: barrier,
                run: { db in
                    let result = try body(db)
                    value.withLock { $0 = result }
                },
                finish: { error in
                    if let error { return continuation.resume(throwing: error) }
                    guard let result = value.withLock({ $0 }) else {
                        return continuation.resume(throwing: CancellationError())
                    }
                    continuation.resume(returning: result)
                })
            let isFirst = self.state.withLock { state in
                state.waiting.append(waiting)
                defer { state.isRunning = true }
                return !state.isRunning
            }
            if isFirst { self.writer.asyncWriteWithoutTransaction { db in self.drain(db) } }
        }
    }

    /// Commits one group after the other until nobody waits; runs on the writer's queue.
    private func drain(_ db: GRDB.Database) {
        while let group = self.next() { self.commit(group, db) }
    }

    private func next() -> [Waiting]? {
        self.state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            let group = Array(state.waiting.prefix(Self.largestGroup))
            state.waiting.removeFirst(group.count)
            return group
        }
    }

    private func commit(_ group: [Waiting], _ db: GRDB.Database) {
        var faults: [(any Error)?] = []
        do {
            try self.setDurability(group.contains { $0.durability == .atOnce }, db)
            try db.inTransaction(.immediate) {
                for waiting in group { faults.append(try self.run(waiting, isAlone: group.count == 1, db)) }
                let done = zip(group, faults).filter { $0.1 == nil }
                if let barrier = done.lazy.compactMap(\.0.barrier).first { try barrier() }
                return .commit
            }
        } catch {
            // Nobody's change is in: neither of those that had gone well nor of those whose turn had not come.
            faults = group.indices.map { index in index < faults.count ? faults[index] ?? error : error }
        }
        for (waiting, fault) in zip(group, faults) { waiting.finish(fault) }
    }

    /// Runs one write within the group.
    ///
    /// - Returns: Why it failed and left nothing behind, or nil.
    /// - Throws: When the whole group is lost: a full disk makes SQLite roll back everything.
    private func run(_ waiting: Waiting, isAlone: Bool, _ db: GRDB.Database) throws -> (any Error)? {
        if isAlone {
            try waiting.run(db)
            return nil
        }
        do {
            try db.inSavepoint {
                try waiting.run(db)
                return .commit
            }
            return nil
        } catch {
            guard db.isInsideTransaction else { throw error }
            return error
        }
    }

    /// `FULL` waits for the disk at each commit, `NORMAL` does not; both keep the order (https://sqlite.org/pragma.html).
    private func setDurability(_ isWanted: Bool, _ db: GRDB.Database) throws {
        guard self.isFull.withLock({ $0 }) != isWanted else { return }
        try db.execute(sql: "PRAGMA synchronous = \(isWanted ? "FULL" : "NORMAL")")
        self.isFull.withLock { $0 = isWanted }
    }
}
