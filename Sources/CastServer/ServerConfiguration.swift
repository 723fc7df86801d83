import CastCore
package import Foundation
package import PodFleet

/// What the server is told at start: `cast2md serve`'s flags, and these variables.
///
/// `STORAGE_PATH`, `ALLOW_PRIVATE_ADDRESSES`, `ALLOWED_HOSTS`, and those of the settings in `SettingCatalog`, which a person
/// may change while the server runs.
package struct ServerConfiguration: Sendable, Equatable {
    package var host = "127.0.0.1"
    package var port = 8000
    /// Where the database is, and the storage unless `STORAGE_PATH` says otherwise.
    package var dataPath: String
    package var storagePath: String
    /// Downloads of audio at once.
    package var maxConcurrentDownloads = 2
    /// Of those, from one host.
    package var maxDownloadsPerHost = 2
    /// Publishers' transcripts that are fetched at once.
    package var maxTranscriptDownloads = 4
    /// Whether a publisher's transcript is taken instead of transcribing, unless a feed says otherwise.
    package var takesPublished = true
    /// The model that tries doubtful transcripts once more; "" for none.
    package var secondTryModel = ""
    /// Which nodes are told where a publisher has an episode's audio, so that they fetch it there.
    package var nodeAudioFromPublisher = NodeAudioFromPublisher.pods
    /// Days after its publication during which an episode goes before the archive.
    package var freshDays = 7
    /// Minutes between two looks at a feed; 0 looks only when it is told to.
    package var feedRefreshMinutes = 60
    /// Days after its transcription for which audio is kept; 0 keeps it for ever.
    package var audioRetentionDays = 0
    /// Where people reach the server, for links in the feeds that it publishes; "" for what the request says.
    package var publicURL = ""
    /// Whether messages about pods are sent by ntfy, where, and under which topic.
    package var ntfyEnabled = false
    package var ntfyURL = "https://ntfy.sh"
    package var ntfyTopic = ""
    /// Minutes after which a running job is listed as stuck.
    package var stuckMinutes = 30
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

    /// The settings of GPU pods, and the variables that they were read from.
    package internal(set) var fleet: FleetSettings
    var fleetVariables: [String: String] = [:]
    /// Whether pods are processes of this machine (`FLEET_PROVIDER=local`), which reach it on loopback.
    package var fleetIsLocal = false

    package init(dataPath: String) {
        // No variable: nothing that could be wrong.
        self.fleet = Self.standardFleet
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
        self.allowPrivateAddresses = try reader.bool("ALLOW_PRIVATE_ADDRESSES") ?? self.allowPrivateAddresses
        self.allowedHosts = try Self.hosts(reader.text("ALLOWED_HOSTS") ?? "")
        self.fleetIsLocal = reader.text("FLEET_PROVIDER")?.lowercased() == "local"
        try self.takeSettings(reader)
    }

    /// Takes those of the settings that are given; each has its default and its range in `SettingCatalog`.
    ///
    /// - Throws: `CastError(.invalid)` that names the variable, its value, and what it may be.
    mutating func takeSettings(_ reader: Variables) throws {
        for setting in SettingCatalog.all { try setting.take(reader, into: &self) }
    }

    /// How long an episode counts as fresh, in seconds.
    package var freshFor: TimeInterval { Double(self.freshDays) * 86_400 }

    private static let standardFleet: FleetSettings = {
        do {
            return try FleetSettings()
        } catch {
            preconditionFailure("The defaults of the fleet's settings are not valid: \(error)")
        }
    }()

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
