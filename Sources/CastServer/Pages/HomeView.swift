package import CastCore
package import Foundation

/// What the first page shows.
package struct HomeView: Sendable {
    package struct FeedRow: Sendable {
        package var id: FeedID
        package var title: String
        package var author: String?
        package var counts: [EpisodeState: Int]
        package var checkedAt: Date?
        /// Why the last check failed, in a sentence.
        package var problem: String?

        package init(
            id: FeedID, title: String, author: String? = nil, counts: [EpisodeState: Int], checkedAt: Date? = nil,
            problem: String? = nil
        ) {
            self.id = id
            self.title = title
            self.author = author
            self.counts = counts
            self.checkedAt = checkedAt
            self.problem = problem
        }
    }

    package struct RunningRow: Sendable {
        package var episodeID: EpisodeID
        package var title: String
        package var feedTitle: String
        package var kind: JobKind
        /// The node's name; nil for what the server does itself.
        package var node: String?
        /// 0 to 100; nil while nobody knows.
        package var percent: Int?
        package var startedAt: Date
        package var isSecondTry: Bool

        package init(
            episodeID: EpisodeID, title: String, feedTitle: String, kind: JobKind, node: String? = nil,
            percent: Int? = nil, startedAt: Date, isSecondTry: Bool = false
        ) {
            self.isSecondTry = isSecondTry
            self.episodeID = episodeID
            self.title = title
            self.feedTitle = feedTitle
            self.kind = kind
            self.node = node
            self.percent = percent
            self.startedAt = startedAt
        }
    }

    package struct FinishedRow: Sendable {
        package var episodeID: EpisodeID
        package var title: String
        package var feedTitle: String
        package var finishedAt: Date?
        /// Seconds of audio, and seconds that the recognition took: together they are the speed.
        package var audioSeconds: Double?
        package var workSeconds: Double?

        package init(
            episodeID: EpisodeID, title: String, feedTitle: String, finishedAt: Date? = nil,
            audioSeconds: Double? = nil, workSeconds: Double? = nil
        ) {
            self.episodeID = episodeID
            self.title = title
            self.feedTitle = feedTitle
            self.finishedAt = finishedAt
            self.audioSeconds = audioSeconds
            self.workSeconds = workSeconds
        }
    }

    package struct NodeRow: Sendable {
        package var name: String
        package var status: Node.Status
        package var model: String?
        package var lastHeartbeatAt: Date?
        /// The stage that decides how fast it goes, where it says.
        package var slowest: Stage?

        package init(
            name: String, status: Node.Status, model: String? = nil, lastHeartbeatAt: Date? = nil,
            slowest: Stage? = nil
        ) {
            self.slowest = slowest
            self.name = name
            self.status = status
            self.model = model
            self.lastHeartbeatAt = lastHeartbeatAt
        }
    }

    package var feeds: [FeedRow]
    package var running: [RunningRow]
    package var queuedDownloads: Int
    package var queuedTranscriptions: Int
    package var finished: [FinishedRow]
    package var nodes: [NodeRow]
    /// This server's address as nodes and commands reach it.
    package var serverAddress: String
    /// A sentence about what the person just did.
    package var notice: String?
    /// The address that could not be added, to be shown again, and why.
    package var rejected: (address: String, sentence: String)?

    package init(
        feeds: [FeedRow], running: [RunningRow] = [], queuedDownloads: Int = 0, queuedTranscriptions: Int = 0,
        finished: [FinishedRow] = [], nodes: [NodeRow] = [], serverAddress: String, notice: String? = nil,
        rejected: (address: String, sentence: String)? = nil
    ) {
        self.feeds = feeds
        self.running = running
        self.queuedDownloads = queuedDownloads
        self.queuedTranscriptions = queuedTranscriptions
        self.finished = finished
        self.nodes = nodes
        self.serverAddress = serverAddress
        self.notice = notice
        self.rejected = rejected
    }
}
