package import Foundation

/// A registered worker.
package struct Node: Sendable, Equatable {
    /// What a node's own heartbeat makes of it; derived, never stored.
    package enum Status: String, Sendable, Codable {
        case online
        case busy
        case offline
    }

    package var id: NodeID
    package var name: String
    package var url: String
    package var model: String?
    package var backend: String?
    /// Lower goes first.
    package var priority: Int
    package var lastHeartbeatAt: Date?
    /// The job that it works on, or the first of those that wait there.
    package var currentJobID: JobID?
    package var createdAt: Date

    package init(
        id: NodeID, name: String, url: String, model: String?, backend: String?, priority: Int = 10,
        lastHeartbeatAt: Date? = nil, currentJobID: JobID? = nil, createdAt: Date
    ) {
        self.id = id
        self.name = name
        self.url = url
        self.model = model
        self.backend = backend
        self.priority = priority
        self.lastHeartbeatAt = lastHeartbeatAt
        self.currentJobID = currentJobID
        self.createdAt = createdAt
    }

    /// The status at a time: a node that has been silent for longer than `timeout` seconds is offline.
    package func status(at now: Date, timeout: TimeInterval) -> Status {
        guard let heard = self.lastHeartbeatAt, now.timeIntervalSince(heard) <= timeout else { return .offline }
        return self.currentJobID == nil ? .online : .busy
    }
}
