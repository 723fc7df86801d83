import CastCore
package import CastStore
package import Foundation
package import Logging

/// What routes and services share: the stores, the storage, the configuration, and what time it is.
package struct ServerParts: Sendable {
    package let configuration: ServerConfiguration
    package let database: Database
    package let storage: StorageFolder
    package let podcasts: PodcastSource
    package let logger: Logger
    package let now: @Sendable () -> Date
    let audioReaders = AudioReaders()

    package init(
        configuration: ServerConfiguration, database: Database, storage: StorageFolder, podcasts: PodcastSource,
        logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.configuration = configuration
        self.database = database
        self.storage = storage
        self.podcasts = podcasts
        self.logger = logger
        self.now = now
    }

    /// Until when a lease taken or renewed now lasts.
    var leaseEnd: Date { self.now() + self.configuration.leaseLength }

    func status(of node: Node) -> Node.Status {
        node.status(at: self.now(), timeout: self.configuration.heartbeatTimeout)
    }
}
