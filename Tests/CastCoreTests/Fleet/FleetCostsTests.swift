import CastCore
import Foundation
import Testing

struct FleetCostsTests {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)

    static func run(_ id: String, dollars: String) -> PodRun {
        PodRun(
            id: id, instance: .draw(notIn: []) { 1 }, pod: PodID(id), gpu: "NVIDIA L40", gpuName: "L40",
            cloud: .secure, model: "base", pricePerHour: Money(dollars) ?? .zero, startedAt: Self.start,
            endedAt: Self.start + 3600)
    }

    static func work(_ run: String, _ episode: Int64, feed: Int64, busy: Double) -> FleetCosts.Work {
        FleetCosts.Work(
            run: run, episode: EpisodeID(episode), title: "E\(episode)", feed: FeedID(feed), feedTitle: "F\(feed)",
            audioSeconds: busy * 80, busySeconds: busy)
    }

    @Test func `a run's whole money goes to its episodes, by the time that each of them took`() {
        let costs = FleetCosts(
            [Self.run("a", dollars: "1.00"), Self.run("b", dollars: "0.10"), Self.run("c", dollars: "0.07")],
            work: [
                Self.work("a", 1, feed: 1, busy: 30), Self.work("a", 2, feed: 1, busy: 10),
                Self.work("b", 2, feed: 1, busy: 10), Self.work("b", 3, feed: 2, busy: 20),
            ], at: Self.start + 9999)
        #expect(costs.byEpisode[EpisodeID(1)]?.money == Money("0.75"))
        #expect(costs.byEpisode[EpisodeID(2)]?.money == Money(micros: 250_000 + 33_333))
        // What rounding leaves over is somebody's: nothing is lost.
        #expect(costs.byEpisode[EpisodeID(3)]?.money == Money(micros: 66_667))
        #expect(costs.byFeed[FeedID(1)]?.money == Money(micros: 1_033_333))
        #expect(costs.byFeed[FeedID(1)]?.episodes.count == 2)
        #expect(costs.unassigned == Money("0.07"))
        let shared = costs.byEpisode.values.reduce(costs.unassigned) { $0 + $1.money }
        #expect(shared == costs.totals.total.money)
    }

    @Test func `work that took no time has its share all the same`() {
        let costs = FleetCosts(
            [Self.run("a", dollars: "1.00")],
            work: [Self.work("a", 1, feed: 1, busy: 0), Self.work("a", 2, feed: 1, busy: 0)], at: Self.start + 9999)
        #expect(costs.byEpisode[EpisodeID(1)]?.money == Money("0.50"))
        #expect(costs.byEpisode[EpisodeID(2)]?.money == Money("0.50"))
    }
}
