package import CastCore
import Crypto
package import Foundation
import GRDB

/// The registered workers, their keys (hashed), and their heartbeats.
package struct NodeStore: Sendable {
    let access: StoreAccess

    /// What a node works on is derived from the jobs that it holds: the one that has begun, else the oldest.
    static let columns = """
        id, name, url, model, backend, priority, lastHeartbeatAt, createdAt, (SELECT j.id FROM job j WHERE \
        j.nodeID = node.id AND j.state = 'running' ORDER BY j.hasBegun DESC, j.id LIMIT 1) AS currentJobID
        """

    /// What a node says of itself when it registers.
    package struct Draft: Sendable, Equatable {
        package var name: String
        package var url: String
        package var model: String?
        package var backend: String?
        package var priority: Int

        package init(name: String, url: String, model: String?, backend: String?, priority: Int = 10) {
            self.name = name
            self.url = url
            self.model = model
            self.backend = backend
            self.priority = priority
        }
    }

    /// Registers a node under a key.
    ///
    /// A node of that name that has been silent for longer than the timeout is taken to be the same one come back: it
    /// keeps its id and gets the new key.
    ///
    /// - Returns: The node, and whether an existing entry was used again.
    package func register(
        _ draft: Draft, newID: NodeID, key: String, heartbeatTimeout: TimeInterval, at now: Date
    ) async throws -> (node: Node, isReused: Bool) {
        try await self.access.write { db in
            let old = try Row.fetchAll(
                db, sql: "SELECT \(Self.columns) FROM node WHERE name = ? ORDER BY createdAt", arguments: [draft.name]
            ).map(Self.node).first { $0.status(at: now, timeout: heartbeatTimeout) == .offline }
            if let old {
                try db.execute(
                    sql: """
                        UPDATE node SET url = ?, model = ?, backend = ?, keyHash = ?, lastHeartbeatAt = NULL
                        WHERE id = ?
                        """,
                    arguments: [draft.url, draft.model, draft.backend, Self.hash(key), old.id.rawValue])
            } else {
                try db.execute(
                    sql: """
                        INSERT INTO node (id, name, url, model, backend, priority, keyHash, createdAt)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        newID.rawValue, draft.name, draft.url, draft.model, draft.backend, draft.priority,
                        Self.hash(key), now.stored,
                    ])
            }
            try EventStore.note(
                db, .nodeRegistered, node: old?.id ?? newID, detail: ["name": .string(draft.name)], at: now)
            return (try Self.require(db, old?.id ?? newID), old != nil)
        }
    }

    /// The node with that id, if the key is its own.
    ///
    /// - Throws: `.notFound` for an unknown id, `.unauthorized` for another key.
    package func authenticate(_ id: NodeID, key: String) async throws -> Node {
        try await self.access.read { db in
            let node = try Self.require(db, id)
            guard
                let hash = try Data.fetchOne(
                    db, sql: "SELECT keyHash FROM node WHERE id = ?", arguments: [id.rawValue]),
                Self.isEqual(hash, Self.hash(key))
            else { throw CastError(.unauthorized, "Invalid API key for this node") }
            return node
        }
    }

    /// The node whose key it is.
    ///
    /// - Throws: `.unauthorized` when it is nobody's.
    package func authenticate(key: String) async throws -> Node {
        try await self.access.read { db in
            let wanted = Self.hash(key)
            let statement = try db.cachedStatement(sql: "SELECT \(Self.columns), keyHash FROM node WHERE keyHash = ?")
            // The look-up is by the hash of a 256-bit secret: how long it takes says nothing about the secret.
            guard let row = try Row.fetchOne(statement, arguments: [wanted]), Self.isEqual(row["keyHash"], wanted)
            else {
                throw CastError(.unauthorized, "Invalid API key")
            }
            return Self.node(row)
        }
    }

    /// What a heartbeat says.
    package struct Heartbeat: Sendable, Equatable {
        package var name: String?
        package var model: String?
        package var backend: String?
        package var currentJobID: JobID?
        /// Nil says nothing about jobs.
        package var claimedJobIDs: [JobID]?

        package init(
            name: String? = nil, model: String? = nil, backend: String? = nil, currentJobID: JobID? = nil,
            claimedJobIDs: [JobID]? = nil
        ) {
            self.name = name
            self.model = model
            self.backend = backend
            self.currentJobID = currentJobID
            self.claimedJobIDs = claimedJobIDs
        }
    }

    /// Takes a heartbeat: the node lives, and so do the leases of the jobs that it names.
    ///
    /// - Parameters:
    ///   - beingFetched: Jobs whose audio this node is reading right now, named or not.
    /// - Returns: The jobs that it named and that are not its own any more.
    package func heartbeat(
        _ id: NodeID, _ beat: Heartbeat, beingFetched: Set<JobID>, leaseUntil: Date, at now: Date
    ) async throws -> [JobID] {
        try await self.access.write(.soon) { db in
            try db.execute(
                sql: """
                    UPDATE node SET name = coalesce(nullif(?, ''), name), model = coalesce(nullif(?, ''), model),
                    backend = coalesce(nullif(?, ''), backend), lastHeartbeatAt = ? WHERE id = ?
                    """,
                arguments: [beat.name, beat.model, beat.backend, now.stored, id.rawValue])
            let held = try JobStore.running(db, of: id)
            guard let claimed = beat.claimedJobIDs else {
                // Nothing is said about jobs: they live on, but not for ever without a touch.
                for job in held where job.id == beat.currentJobID || job.wasTouched(within: Self.silentLimit, of: now) {
                    _ = try JobStore.apply(db, .renewed(by: id, until: leaseUntil), to: job, at: now, jitter: 0)
                }
                return []
            }
            let named = Set(claimed + [beat.currentJobID].compactMap(\.self))
            for job in held {
                let event: JobEvent =
                    named.contains(job.id)
                    ? .renewed(by: id, until: leaseUntil)
                    : .leftOut(by: id, isBeingFetched: beingFetched.contains(job.id), until: leaseUntil)
                _ = try JobStore.apply(db, event, to: job, at: now, jitter: 0)
            }
            return try named.subtracting(held.map(\.id)).sorted { $0.rawValue < $1.rawValue }.filter { jobID in
                try !Self.resume(db, jobID, by: id, until: leaseUntil, at: now)
            }
        }
    }

    /// Gives a node back a job whose lease it lost while it could not reach us, if nobody has taken the job since.
    ///
    /// - Returns: Whether the job is the node's now, or is done by it already.
    private static func resume(
        _ db: GRDB.Database, _ jobID: JobID, by node: NodeID, until: Date, at now: Date
    ) throws -> Bool {
        guard let job = try JobRow.fetch(db, jobID) else { return false }
        if case .completed(by: node, _) = job.state { return true }
        guard case .queued = job.state, let lost = try Attempts.lastExpired(db, job: jobID, node: node) else {
            return false
        }
        let lease = Job.Lease(
            holder: node, attempt: lost.attempt, since: now, until: until, hasBegun: lost.hasBegun)
        return try JobStore.apply(db, .resumed(lease), to: job, at: now, jitter: 0).verdict == .changed
    }

    /// How long a job that no heartbeat names lives on after its last touch, in seconds.
    private static let silentLimit: TimeInterval = 1800

    /// Notes a sign of life that is no heartbeat.
    package func noteCall(_ id: NodeID, at now: Date) async throws {
        try await self.access.write(.soon) { db in
            let statement = try db.cachedStatement(sql: "UPDATE node SET lastHeartbeatAt = ? WHERE id = ?")
            try statement.execute(arguments: [now.stored, id.rawValue])
        }
    }

    package func get(_ id: NodeID) async throws -> Node {
        try await self.access.read { db in try Self.require(db, id) }
    }

    /// By priority, then name.
    package func list() async throws -> [Node] {
        try await self.access.read { db in
            try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM node ORDER BY priority, name, id").map(Self.node)
        }
    }

    /// Forgets nodes and hands their jobs back; nothing waits for a worker that is gone.
    ///
    /// - Returns: How many there were.
    package func remove(_ ids: [NodeID], at now: Date) async throws -> Int {
        try await self.access.write { db in
            var removed = 0
            for id in ids {
                for job in try JobStore.running(db, of: id) {
                    _ = try JobStore.apply(db, .interrupted, to: job, at: now, jitter: 0)
                }
                try db.execute(sql: "DELETE FROM node WHERE id = ?", arguments: [id.rawValue])
                if db.changesCount > 0 { try EventStore.note(db, .nodeRemoved, node: id, at: now) }
                removed += db.changesCount
            }
            return removed
        }
    }

    private static func require(_ db: GRDB.Database, _ id: NodeID) throws -> Node {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM node WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id.rawValue]) else {
            throw CastError(.notFound, "Node not found")
        }
        return Self.node(row)
    }

    private static func node(_ row: Row) -> Node {
        Node(
            id: NodeID(row["id"]), name: row["name"], url: row["url"], model: row["model"], backend: row["backend"],
            priority: row["priority"], lastHeartbeatAt: Date(stored: row["lastHeartbeatAt"]),
            currentJobID: (row["currentJobID"] as Int64?).map { JobID($0) }, createdAt: Date(stored: row["createdAt"]))
    }

    private static func hash(_ key: String) -> Data { Data(SHA256.hash(data: Data(key.utf8))) }

    /// Compares every byte, whatever the first differences.
    private static func isEqual(_ left: Data, _ right: Data) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Job {
    /// Whether its holder did something about it in the last so many seconds.
    fileprivate func wasTouched(within seconds: TimeInterval, of now: Date) -> Bool {
        guard case .running(let lease) = self.state else { return false }
        return now.timeIntervalSince(lease.touchedAt) < seconds
    }
}
