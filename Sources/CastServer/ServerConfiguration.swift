import CastCore
package import Foundation

/// What the server is told at start: `cast2md serve`'s flags, and these variables.
///
/// `STORAGE_PATH`, `MAX_CONCURRENT_DOWNLOADS`, `ALLOW_PRIVATE_ADDRESSES`, `NODE_HEARTBEAT_TIMEOUT_SECONDS`,
/// `REMOTE_JOB_TIMEOUT_MINUTES`, `LEASE_SECONDS`, `ALLOWED_HOSTS`.
package struct ServerConfiguration: Sendable, Equatable {
    package var host = "127.0.0.1"
    package var port = 8000
    /// Where the database is, and the storage unless `STORAGE_PATH` says otherwise.
    package var dataPath: String
    package var storagePath: String
    /// Downloads at once.
    package var maxConcurrentDownloads = 2
    /// Whether feeds and audio may come from this machine and private networks.
    package var allowPrivateAddresses = false
    /// Seconds of silence after which a node counts as offline.
    package var heartbeatTimeout: TimeInterval = 60
    /// Minutes that a begun job may stand still, heartbeat or not, before it is taken from its holder.
    package var stalledJobMinutes = 30
    /// Seconds that a lease lasts; heartbeats, which come every 30 s, renew it.
    package var leaseLength: TimeInterval = 120
    /// Names by which the server may be called, besides its addresses in numbers, `localhost`, the machine's own name,
    /// `host`, and everything below `ts.net`; `*.example.org` stands for all names below one.
    ///
    /// `ALLOWED_HOSTS` separates them by commas. A reverse proxy's public name belongs here.
    package var allowedHosts: [String] = []

    package init(dataPath: String) {
        self.dataPath = dataPath
        self.storagePath = dataPath + "/storage"
    }

    /// Reads the variables; what is not set keeps its default.
    ///
    /// - Throws: `CastError(.invalid)` that names the variable, its value, and what it may be.
    package init(dataPath: String, environment: [String: String]) throws {
        self.init(dataPath: dataPath)
        let reader = Variables(environment)
        self.storagePath = reader.text("STORAGE_PATH") ?? self.storagePath
        self.maxConcurrentDownloads =
            try reader.int("MAX_CONCURRENT_DOWNLOADS", in: 1...32) ?? self.maxConcurrentDownloads
        self.allowPrivateAddresses = try reader.bool("ALLOW_PRIVATE_ADDRESSES") ?? self.allowPrivateAddresses
        self.heartbeatTimeout =
            try reader.int("NODE_HEARTBEAT_TIMEOUT_SECONDS", in: 10...86_400).map(TimeInterval.init)
            ?? self.heartbeatTimeout
        self.stalledJobMinutes = try reader.int("REMOTE_JOB_TIMEOUT_MINUTES", in: 1...10_080) ?? self.stalledJobMinutes
        self.leaseLength = try reader.int("LEASE_SECONDS", in: 10...86_400).map(TimeInterval.init) ?? self.leaseLength
        self.allowedHosts = try Self.hosts(reader.text("ALLOWED_HOSTS") ?? "")
    }

    private static func hosts(_ text: String) throws -> [String] {
        try text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.map {
            let name = $0.hasPrefix("*.") ? String($0.dropFirst(2)) : $0
            guard let address = HostAddress(name), address.port == nil, !address.host.contains("*") else {
                throw CastError(
                    .invalid,
                    "ALLOWED_HOSTS holds “\($0)”; it must be names without scheme and port, separated by commas, for "
                        + "example podcasts.example.org.")
            }
            return $0
        }
    }
}
