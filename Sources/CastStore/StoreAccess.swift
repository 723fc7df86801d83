import GRDB

/// How the stores reach the database: reads side by side, writes in groups.
struct StoreAccess: Sendable {
    private let writer: any DatabaseWriter
    private let group: GroupCommit

    init(_ writer: any DatabaseWriter) {
        self.writer = writer
        self.group = GroupCommit(writer)
    }

    /// Reads from one consistent state of the database.
    func read<Value: Sendable>(_ body: @escaping @Sendable (GRDB.Database) throws -> Value) async throws -> Value {
        try await self.writer.read(body)
    }

    /// Writes all that the body writes, or, when it throws, nothing of it.
    ///
    /// The write is not broken off when the calling task is cancelled.
    ///
    /// - Parameter durability: `.atOnce` returns when the change survives a power cut; `.soon` when it survives a crash of
    ///   this process. Either way changes reach the disk in the order in which they were made.
    func write<Value: Sendable>(
        _ durability: GroupCommit.Durability = .atOnce, barrier: (@Sendable () throws -> Void)? = nil,
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws -> Value {
        try await self.group.write(durability, barrier: barrier, body)
    }

    /// The connection itself, for what cannot run in a transaction.
    var connection: any DatabaseWriter { self.writer }
}
