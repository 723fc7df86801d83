import CastCore
package import CastStore
package import Foundation
package import Logging
package import PodFleet

/// What routes and services share: the stores, the storage, the settings, and what time it is.
package struct ServerParts: Sendable {
    package let settings: SettingsKeeper
    package let database: Database
    package let search: SearchIndex
    package let storage: StorageFolder
    package let podcasts: PodcastSource
    package let logger: Logger
    package let now: @Sendable () -> Date
    package let metrics = ServerMetrics()
    /// What nodes say of their stages.
    package let stages = StageBoard()
    /// Nil when no provider of pods is configured.
    package let fleet: FleetController?
    let post: NoticePost?
    /// What pods said of themselves.
    package let podLogs: PodLogs
    /// What nodes can fetch.
    let program: WorkerProgram
    let audioReaders = AudioReaders()
    let live = LiveProgress()
    let uplink: UplinkMeter

    /// - Throws: When the settings cannot be read.
    package init(
        configuration: ServerConfiguration, database: Database, search: SearchIndex, storage: StorageFolder,
        podcasts: PodcastSource, provider: FleetProvider? = nil, post: NoticePost? = nil,
        program: WorkerProgram = WorkerProgram(), logger: Logger, clock: some Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Date
    ) throws {
        let settings = try SettingsKeeper(start: configuration, database: database)
        self.settings = settings
        self.post = post
        let uplink = UplinkMeter(now: now)
        self.uplink = uplink
        self.fleet = try provider.map { provider in
            FleetController(
                provider: provider.provider, store: database.fleet,
                surroundings: FleetSurroundings(database, settings, uplink: { uplink.uplink }, now: now),
                server: try FleetDatabase.serverID(of: database, orMake: UUID().uuidString.lowercased()),
                needsTailnet: provider.needsTailnet, tailnet: provider.tailnet,
                clock: clock, logger: logger)
        }
        self.podLogs = PodLogs(folder: URL(fileURLWithPath: configuration.dataPath + "/pod-logs", isDirectory: true))
        self.program = program
        self.database = database
        self.search = search
        self.storage = storage
        self.podcasts = podcasts
        self.logger = logger
        self.now = now
    }

    /// The configuration as it is this moment; it may be another one at the next look.
    package var configuration: ServerConfiguration { self.settings.current }

    /// Until when a lease taken or renewed now lasts.
    var leaseEnd: Date { self.now() + self.configuration.leaseLength }

    func status(of node: Node) -> Node.Status {
        node.status(at: self.now(), timeout: self.configuration.heartbeatTimeout)
    }

    /// How what is queued now is to be done, by the settings.
    func wish(priority: Int = 10, again: Bool = false) -> JobStore.Wish {
        JobStore.Wish(
            priority: priority, again: again, takesPublished: self.configuration.takesPublished,
            freshFor: self.configuration.freshFor)
    }
}
