import CastCore
import Foundation
import Testing

struct ScalePolicyTests {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    struct Row: CustomTestStringConvertible {
        var jobs: Int
        var threshold = 10
        var perThreshold = 1
        var maxPods = 3
        var ready = 0
        var onTheirWay = 0
        var ending = 0
        var buy: Int
        var testDescription: String { "\(self.jobs) jobs, \(self.ready)+\(self.onTheirWay) pods → \(self.buy)" }
    }

    /// The existing server's rule: more than the threshold, then `jobs / threshold × pods`, at most the maximum.
    static let rows = [
        Row(jobs: 0, buy: 0), Row(jobs: 10, buy: 0), Row(jobs: 11, buy: 1), Row(jobs: 19, buy: 1),
        Row(jobs: 20, buy: 2),
        Row(jobs: 500, buy: 3), Row(jobs: 20, perThreshold: 2, maxPods: 9, buy: 4), Row(jobs: 20, ready: 1, buy: 1),
        Row(jobs: 20, onTheirWay: 1, buy: 1), Row(jobs: 20, ready: 1, onTheirWay: 1, buy: 0),
        Row(jobs: 500, ready: 2, onTheirWay: 0, ending: 1, buy: 0), Row(jobs: 500, ready: 1, ending: 1, buy: 1),
        Row(jobs: 2, threshold: 1, buy: 2), Row(jobs: 500, maxPods: 0, buy: 0), Row(jobs: 500, ready: 5, buy: 0),
    ]

    @Test(arguments: Self.rows)
    func `the threshold rule is the existing server's`(row: Row) {
        var policy = ScalePolicy()
        policy.threshold = row.threshold
        policy.podsPerThreshold = row.perThreshold
        policy.maxPods = row.maxPods
        let decision = policy.decide(
            ScalePolicy.Inputs(
                queue: QueueView(claimableJobs: row.jobs, audioSeconds: 0), ready: row.ready,
                onTheirWay: row.onTheirWay, ending: row.ending), at: Self.now)
        #expect(decision.buy == row.buy, "\(decision.reason)")
        #expect(!decision.reason.isEmpty)
    }

    @Test func `nothing is bought right after buying, nor after a worker left for lack of work`() {
        let policy = ScalePolicy()
        var inputs = ScalePolicy.Inputs(queue: QueueView(claimableJobs: 30, audioSeconds: 0))
        inputs.lastPurchaseAt = Self.now - 59
        #expect(policy.decide(inputs, at: Self.now).buy == 0)
        inputs.lastPurchaseAt = Self.now - 60
        #expect(policy.decide(inputs, at: Self.now).buy == 3)
        inputs.lastLeftAt = Self.now - 179
        #expect(policy.decide(inputs, at: Self.now).buy == 0)
        inputs.lastLeftAt = Self.now - 180
        #expect(policy.decide(inputs, at: Self.now).buy == 3)
    }

    struct Backlog: CustomTestStringConvertible {
        var hours: Double
        var jobs = 1000
        var ready = 0
        var maxPods = 10
        var finishWithin: TimeInterval?
        var uplink: Double?
        var buy: Int
        var testDescription: String { "\(self.hours) h, \(self.ready) pods → \(self.buy)" }
    }

    /// At 60 audio seconds a second and ten minutes of start-up, an hour of work is 60 hours of audio.
    static let backlogs = [
        Backlog(hours: 0, buy: 0),
        // Ten minutes of work: no longer than the start.
        Backlog(hours: 10, buy: 0), Backlog(hours: 11, buy: 1), Backlog(hours: 30, buy: 1), Backlog(hours: 60, buy: 2),
        Backlog(hours: 300, buy: 10), Backlog(hours: 60, maxPods: 1, buy: 1), Backlog(hours: 60, ready: 1, buy: 1),
        Backlog(hours: 60, ready: 2, buy: 0),
        // A tail that the pod at work finishes before another one starts.
        Backlog(hours: 20, ready: 2, buy: 0),
        // Ten hours of work within seventy minutes: one hour after the start is over.
        Backlog(hours: 600, finishWithin: 4200, buy: 10), Backlog(hours: 600, maxPods: 30, finishWithin: 7800, buy: 5),
        Backlog(hours: 60, finishWithin: 90_000, buy: 1), Backlog(hours: 60, finishWithin: -1, buy: 6),
        // 60 × 0.128 = 7.68 Mbit/s a pod.
        Backlog(hours: 600, uplink: 50, buy: 6), Backlog(hours: 600, uplink: 1, buy: 1),
        Backlog(hours: 600, jobs: 2, buy: 2),
    ]

    @Test(arguments: Self.backlogs)
    func `the backlog is worth so many pods`(row: Backlog) {
        var policy = ScalePolicy()
        policy.strategy = .backlog
        policy.maxPods = row.maxPods
        policy.finishBy = row.finishWithin.map { Self.now + $0 }
        policy.uplinkMegabits = row.uplink
        let decision = policy.decide(
            ScalePolicy.Inputs(
                queue: QueueView(claimableJobs: row.jobs, audioSeconds: row.hours * 3600), ready: row.ready, speed: 60,
                startUpTime: 600), at: Self.now)
        #expect(decision.buy == row.buy, "\(decision.reason)")
    }

    static func launches(_ pattern: String) -> [Launch] {
        pattern.enumerated().map { index, letter in
            Launch(
                instance: PodTests.pod(.ready).instance, at: Self.now + Double(index) * 10,
                failure: letter == "x" ? "bad image" : nil)
        }
    }

    @Test(arguments: [
        ("", nil), ("xx", nil), ("xxx", 600.0), ("xoxox", 600), ("xxxx", 1200), ("xxxo", nil), ("xxxoo", nil),
        ("oxxxx", 1200), ("xxxxxxxxxxx", 14_400), ("xxoox", 600), ("xxooox", nil),
    ])
    func `repeated failures stop the buying for longer each time`(pattern: String, pause: Double?) {
        let launches = Self.launches(pattern)
        let breaker = LaunchBreaker(launches: launches)
        guard let pause else {
            #expect(breaker.verdict(at: Self.now + 200) == .closed)
            return
        }
        let last = launches.last?.at ?? Self.now
        guard case .open(let until, let reason) = breaker.verdict(at: last + pause - 1) else {
            Issue.record("not open")
            return
        }
        #expect(until == last + pause)
        #expect(reason.hasSuffix("bad image"))
        #expect(breaker.verdict(at: until) == .halfOpen(reason: reason))
    }
}
