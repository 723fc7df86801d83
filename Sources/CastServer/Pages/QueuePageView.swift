package import CastCore
package import CastStore
import Foundation

/// What the queue's page shows.
package struct QueuePageView: Sendable {
    /// A job with the names of what it is for.
    package struct Row: Sendable {
        package var job: Job
        package var title: String
        package var feedTitle: String
        /// The node's name; nil for what the server does itself.
        package var node: String?
        /// The second try that the job is.
        package var secondTry: SecondTry?

        package init(
            job: Job, title: String, feedTitle: String, node: String? = nil, secondTry: SecondTry? = nil
        ) {
            self.secondTry = secondTry
            self.job = job
            self.title = title
            self.feedTitle = feedTitle
            self.node = node
        }
    }

    /// All work of a kind.
    package struct Lane: Sendable {
        package var kind: JobKind
        package var pause: JobStore.Pause?
        package var running: [Row]
        /// The first of those that wait, in their order.
        package var waiting: [Row]
        package var waitingTotal: Int

        package init(
            kind: JobKind, pause: JobStore.Pause? = nil, running: [Row] = [], waiting: [Row] = [],
            waitingTotal: Int = 0
        ) {
            self.kind = kind
            self.pause = pause
            self.running = running
            self.waiting = waiting
            self.waitingTotal = waitingTotal
        }
    }

    package var lanes: [Lane]
    package var waiting: JobStore.Waiting
    package var forecast: QueueForecast
    /// The last ones that were given up.
    package var failed: [Row]
    package var failedTotal: Int
    package var finished: [HomeView.FinishedRow]
    /// The models of the nodes that are there; nil for a node that does not say.
    package var models: [String?]
    /// How many waiting transcriptions ask for which model.
    package var wantedModels: [String: Int]
    package var notice: String?

    package init(
        lanes: [Lane], waiting: JobStore.Waiting = JobStore.Waiting(), forecast: QueueForecast, failed: [Row] = [],
        failedTotal: Int = 0, finished: [HomeView.FinishedRow] = [], models: [String?] = [],
        wantedModels: [String: Int] = [:], notice: String? = nil
    ) {
        self.wantedModels = wantedModels
        self.lanes = lanes
        self.waiting = waiting
        self.forecast = forecast
        self.failed = failed
        self.failedTotal = failedTotal
        self.finished = finished
        self.models = models
        self.notice = notice
    }
}
