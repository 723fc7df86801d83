package import Foundation

/// What pods cost, shared out among the days, and among the episodes that their workers transcribed.
package struct FleetCosts: Sendable, Equatable {
    /// An episode that the worker of a run has transcribed.
    package struct Work: Sendable, Equatable {
        /// The run's id.
        package var run: String
        package var episode: EpisodeID
        package var title: String
        package var feed: FeedID
        package var feedTitle: String
        package var audioSeconds: Double
        package var busySeconds: Double

        package init(
            run: String, episode: EpisodeID, title: String, feed: FeedID, feedTitle: String, audioSeconds: Double,
            busySeconds: Double
        ) {
            self.run = run
            self.episode = episode
            self.title = title
            self.feed = feed
            self.feedTitle = feedTitle
            self.audioSeconds = audioSeconds
            self.busySeconds = busySeconds
        }
    }

    package struct Share: Sendable, Equatable {
        package var title: String
        package var feed: FeedID
        package var money = Money.zero
        package var audioSeconds = 0.0
        package var episodes: Set<EpisodeID> = []
    }

    package var byEpisode: [EpisodeID: Share] = [:]
    package var byFeed: [FeedID: Share] = [:]
    /// Of runs that transcribed nothing.
    package var unassigned = Money.zero
    package var totals: FleetTotals

    /// A run's whole money, its start and its waiting included, goes to its episodes by the time that each of them took.
    package init(_ runs: [PodRun], work: [Work], at now: Date) {
        self.totals = FleetTotals(runs, at: now)
        let byRun = Dictionary(grouping: work, by: \.run)
        for run in runs {
            let done = byRun[run.id] ?? []
            let whole = done.reduce(0) { $0 + max($1.busySeconds, 0.001) }
            let money = run.money(at: now)
            guard let last = done.last else {
                self.unassigned += money
                continue
            }
            var left = money
            for item in done {
                let part = Double(money.micros) * max(item.busySeconds, 0.001) / whole
                // What rounding leaves over goes to the last.
                let share = item == last ? left : Money(micros: Int64(part))
                left = left - share
                self.add(share, for: item)
            }
        }
    }

    private mutating func add(_ money: Money, for item: Work) {
        var episode = self.byEpisode[item.episode] ?? Share(title: item.title, feed: item.feed)
        var feed = self.byFeed[item.feed] ?? Share(title: item.feedTitle, feed: item.feed)
        episode.money += money
        episode.audioSeconds += item.audioSeconds
        episode.episodes.insert(item.episode)
        feed.money += money
        feed.audioSeconds += item.audioSeconds
        feed.episodes.insert(item.episode)
        self.byEpisode[item.episode] = episode
        self.byFeed[item.feed] = feed
    }
}
