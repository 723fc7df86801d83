import CastCore
import Foundation
import Testing

@Suite struct UplinkTests {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)

    /// A pod that is served for a while: how fast its own side is, and how many transfers it has at a time.
    struct Pod {
        var name: String
        var from = 0
        var to: Int
        /// Bytes a second that it could take.
        var own: Double
        var transfers = 2
        /// Serves it only every other of so many seconds.
        var pausesEvery: Int?

        func isServed(at second: Int) -> Bool {
            guard (self.from..<self.to).contains(second) else { return false }
            return self.pausesEvery.map { second / $0 % 2 == 0 } ?? true
        }
    }

    /// Pods at a line that carries so many bytes a second and gives each transfer the same, as far as it can be taken.
    static func log(line: Double, seconds: Int, _ pods: [Pod]) -> UplinkLog {
        var log = UplinkLog()
        var served: Set<String> = []
        for second in 0..<seconds {
            let now = Self.start + Double(second)
            for pod in pods where pod.isServed(at: second) != served.contains(pod.name) {
                for _ in 0..<pod.transfers {
                    if served.contains(pod.name) {
                        log.ended(NodeID(pod.name), at: now)
                    } else {
                        log.began(NodeID(pod.name), at: now)
                    }
                }
                served.formSymmetricDifference([pod.name])
            }
            // The slow ones first: what they leave is for the others.
            var (left, waiting) = (line, pods.filter { served.contains($0.name) }.sorted { $0.own < $1.own })
            while let pod = waiting.first {
                let transfers = waiting.reduce(0) { $0 + $1.transfers }
                let bytes = min(pod.own, left * Double(pod.transfers) / Double(transfers))
                log.sent(Int64(bytes), to: NodeID(pod.name), at: now + 0.5)
                left -= bytes
                waiting.removeFirst()
            }
        }
        return log
    }

    static func limit(line: Double, seconds: Int = 400, _ pods: [Pod]) -> Double? {
        Self.log(line: line, seconds: seconds, pods).uplink(at: Self.start + Double(seconds)).limit
    }

    @Test func `a line that several pods share, and that gives each less, is as wide as what they get together`() {
        let pods = [Pod(name: "a", to: 400, own: 1e7), Pod(name: "b", from: 200, to: 400, own: 1e7)]
        #expect(Self.limit(line: 2_500_000, pods) == 2_500_000)
        let four = (0..<4).map { Pod(name: "\($0)", from: $0 * 100, to: 400, own: 1e7) }
        #expect(Self.limit(line: 6_000_000, four) == 6_000_000)
    }

    @Test func `a file that follows the last one at once is no pause`() {
        var log = UplinkLog()
        // Every seven seconds a file of the pod ends, and the next begins a tenth of a second later.
        for tenth in 0..<4000 {
            let now = Self.start + Double(tenth) / 10
            let pods = tenth < 2000 ? ["a"] : ["a", "b"]
            for pod in pods {
                if tenth % 70 == 0 { log.ended(NodeID(pod), at: now) }
                if tenth % 70 == 1 || (tenth == 2000 && pod == "b") { log.began(NodeID(pod), at: now) }
                log.sent(Int64(250_000 / pods.count), to: NodeID(pod), at: now)
            }
        }
        #expect(log.uplink(at: Self.start + 400).limit == 2_500_000)
    }

    @Test func `what the system takes at the start of a transfer is not taken for the line's`() {
        let pods = [Pod(name: "a", to: 400, own: 1e7), Pod(name: "b", from: 200, to: 400, own: 1e7)]
        var log = Self.log(line: 2_500_000, seconds: 300, pods)
        log.sent(30_000_000, to: NodeID("b"), at: Self.start + 305)
        #expect(log.uplink(at: Self.start + 320).limit == 2_500_000)
    }

    @Test func `it is not known from one pod, however fast`() {
        #expect(Self.limit(line: 2_500_000, [Pod(name: "a", to: 400, own: 1e7)]) == nil)
        #expect(UplinkLog().uplink(at: Self.start) == Uplink())
    }

    @Test func `pods that get what they can take limit nothing, be they many or slow`() {
        let slow = [Pod(name: "a", to: 400, own: 1e6), Pod(name: "b", from: 200, to: 400, own: 1e6)]
        #expect(Self.limit(line: 1e8, slow) == nil)
        // The one keeps its rate, the other is slow of its own.
        let mixed = [Pod(name: "a", to: 400, own: 1e7), Pod(name: "b", from: 200, to: 400, own: 3e5)]
        #expect(Self.limit(line: 1e8, mixed) == nil)
        let many = (0..<8).map { Pod(name: "\($0)", from: $0 * 50, to: 400, own: 1e6) }
        #expect(Self.limit(line: 1e8, many) == nil)
    }

    @Test func `pods that came together have nothing to be held against, and pauses make no slice`() {
        let together = [Pod(name: "a", to: 400, own: 1e7), Pod(name: "b", to: 400, own: 1e7)]
        #expect(Self.limit(line: 2_500_000, together) == nil)
        // Served three seconds of six: what a line that is hardly used looks like.
        let pausing = [
            Pod(name: "a", to: 400, own: 1e7, pausesEvery: 3),
            Pod(name: "b", from: 200, to: 400, own: 1e7, pausesEvery: 3),
        ]
        #expect(Self.limit(line: 2_500_000, pausing) == nil)
    }

    @Test func `fewer transfers of the same pod are not taken for a shortage`() {
        // A pod whose every transfer is slow gets less when it has one instead of three, company or not.
        let pods = [
            Pod(name: "a", to: 200, own: 3e6, transfers: 3), Pod(name: "b", from: 200, to: 400, own: 3e6, transfers: 3),
        ]
        var log = Self.log(line: 1e8, seconds: 201, pods)
        log.began(NodeID("a"), at: Self.start + 201)
        for second in 201..<400 {
            log.sent(1_000_000, to: NodeID("a"), at: Self.start + Double(second) + 0.5)
            log.sent(3_000_000, to: NodeID("b"), at: Self.start + Double(second) + 0.5)
        }
        #expect(log.uplink(at: Self.start + 400).limit == nil)
    }

    @Test func `what was seen is forgotten after six hours`() {
        let pods = [Pod(name: "a", to: 400, own: 1e7), Pod(name: "b", from: 200, to: 400, own: 1e7)]
        var log = Self.log(line: 2_500_000, seconds: 401, pods)
        #expect(log.uplink(at: Self.start + 3600).limit == 2_500_000)
        #expect(log.uplink(at: Self.start + 400 + UplinkLog.window + 1).limit == nil)
        log.took(bytes: 1, seconds: 1, at: Self.start + 400 + UplinkLog.window + 1)
        #expect(log.uplink(at: Self.start + 3600).limit == nil, "it is not kept either")
    }

    @Test func `the rate is of the time in which somebody was served, of late`() {
        var log = Self.log(line: 1e6, seconds: 301, [Pod(name: "a", to: 100, own: 1e7, pausesEvery: 5)])
        // Fifty of a hundred seconds at a megabyte.
        #expect(log.uplink(at: Self.start + 100).rate == 1e6)
        #expect(log.uplink(at: Self.start + 600).rate == nil)
        log.began(NodeID("a"), at: Self.start + 700)
        log.sent(500_000, to: NodeID("a"), at: Self.start + 702)
        #expect(log.uplink(at: Self.start + 702).rate == 250_000)
    }

    @Test func `a clock that is set back, or far ahead, leaves a log that goes on`() {
        let pods = [Pod(name: "a", to: 400, own: 1e7), Pod(name: "b", from: 200, to: 400, own: 1e7)]
        var log = Self.log(line: 2_500_000, seconds: 400, pods)
        for jump: TimeInterval in [-86_400, 10 * 86_400, 0] {
            log.sent(1, to: NodeID("a"), at: Self.start + jump)
            _ = log.uplink(at: Self.start + jump)
        }
        log.ended(NodeID("a"), at: Self.start)
        log.ended(NodeID("c"), at: Self.start)
        #expect(log.uplink(at: Self.start + 1).share == 1)
    }

    @Test func `what publishers delivered is what was not sent`() {
        var log = UplinkLog()
        for job in 0..<4 { log.took(bytes: 1000, seconds: 0.1, at: Self.start + Double(job)) }
        #expect(log.uplink(at: Self.start + 4) == Uplink(), "of so few nothing is said")
        log.took(bytes: 1000, seconds: nil, at: Self.start + 4)
        #expect(log.uplink(at: Self.start + 5).share == 0)
        log.took(bytes: 1000, seconds: 0.1, at: Self.start + 4)
        log.began(NodeID("a"), at: Self.start + 5)
        log.sent(1500, to: NodeID("a"), at: Self.start + 6)
        log.ended(NodeID("a"), at: Self.start + 7)
        let uplink = log.uplink(at: Self.start + 8)
        #expect(uplink.share == 0.25)
        #expect(uplink.audioRate == 10_000)
        #expect(uplink.wanted(at: 100) == 250_000)
        log.began(NodeID("a"), at: Self.start + 9)
        log.sent(100_000, to: NodeID("a"), at: Self.start + 10)
        #expect(log.uplink(at: Self.start + 10).share == 1, "tries that broke off count once")
    }

    // MARK: What scaling makes of it

    static func decide(
        jobs: Int = 100, ready: Int = 0, uplink: Uplink, megabits: Double? = nil
    ) -> ScalePolicy.Decision {
        var policy = ScalePolicy()
        policy.maxPods = 20
        policy.uplinkMegabits = megabits
        return policy.decide(
            ScalePolicy.Inputs(
                queue: QueueView(claimableJobs: jobs, audioSeconds: 0), ready: ready, speed: 100, uplink: uplink),
            at: Self.start)
    }

    @Test(
        arguments: [
            // 1.6 MB/s a pod at 100 times real time.
            (nil, 1.0, 10), (5e6, 1.0, 3), (1e5, 1.0, 1), (1e9, 1.0, 10), (5e6, 0.5, 6), (5e6, 0.0, 10),
        ] as [(Double?, Double, Int)])
    func `no more pods are bought than can be fed, and one in any case`(limit: Double?, share: Double, buy: Int) {
        let decision = Self.decide(uplink: Uplink(limit: limit, share: share))
        #expect(decision.buy == buy, "\(decision.reason)")
        #expect(decision.reason.contains("as measured") == (buy < 10))
    }

    @Test func `where it keeps from buying, that is said`() {
        let decision = Self.decide(ready: 3, uplink: Uplink(limit: 5e6))
        #expect(decision.buy == 0)
        #expect(decision.hold == .uplink)
        #expect(
            decision.reason
                == "100 jobs wait, 1 pods for each 10 make 10, but the uplink of 40 Mbit/s, as measured, feeds 3; 3 are "
                + "there or on their way")
        #expect(Self.decide(jobs: 20, ready: 3, uplink: Uplink(limit: 5e6)).hold == nil)
    }

    @Test func `what a person says of the line goes before what was measured`() {
        let decision = Self.decide(uplink: Uplink(limit: 1e5), megabits: 80)
        #expect(decision.buy == 6)
        #expect(decision.reason.hasSuffix("but the uplink of 80 Mbit/s feeds 6"))
    }
}
