import CastCore
import Foundation
import Testing

@Suite struct JobTests {
    static let start = Date(timeIntervalSince1970: 1_000_000)
    static let node = NodeID("one")
    static let other = NodeID("two")

    enum Place: String, CaseIterable {
        case queued, waiting, begun, completed, failed
    }

    static func job(_ place: Place, attempts: Int = 1) -> Job {
        let lease = Job.Lease(
            holder: Self.node, attempt: "a", since: Self.start, until: Self.start + 120, hasBegun: place == .begun)
        let state: Job.State =
            switch place {
            case .queued: .queued(notBefore: Self.start)
            case .waiting, .begun: .running(lease)
            case .completed: .completed(by: Self.node, at: Self.start)
            case .failed: .failed(at: Self.start)
            }
        return Job(
            id: JobID(1), episodeID: EpisodeID(1), kind: .transcribe, attempts: attempts, createdAt: Self.start,
            state: state)
    }

    enum Happening: String, CaseIterable {
        case renewed, leftOut, resumed, touched, progressed, released, failedForNow, failedForGood, completed
        case leaseExpired, stalled, interrupted, retried

        func event(by node: NodeID) -> JobEvent {
            let until = JobTests.start + 300
            return switch self {
            case .renewed: .renewed(by: node, until: until)
            case .leftOut: .leftOut(by: node, isBeingFetched: false, until: until)
            case .resumed:
                .resumed(Job.Lease(holder: node, attempt: "b", since: JobTests.start, until: until))
            case .touched: .touched(by: node, until: until)
            case .progressed: .progressed(by: node, percent: 40, until: until)
            case .released: .released(by: node)
            case .failedForNow: .failed(by: node, message: "no", retry: true)
            case .failedForGood: .failed(by: node, message: "never", retry: false)
            case .completed: .completed(by: node)
            case .leaseExpired: .leaseExpired
            case .stalled: .stalled
            case .interrupted: .interrupted
            case .retried: .retried
            }
        }
    }

    struct Row: CustomTestStringConvertible {
        var place: Place
        var happening: Happening
        var verdict: JobVerdict
        var next: String
        var attempts: Int
        var testDescription: String { "\(self.place) + \(self.happening) → \(self.next)" }
    }

    /// Every pair of state and event, told by the holder, after the lease's end.
    static let rows: [Row] = [
        Row(place: .queued, happening: .renewed, verdict: .notHolder, next: "queued", attempts: 1),
        Row(place: .queued, happening: .leftOut, verdict: .notHolder, next: "queued", attempts: 1),
        Row(place: .queued, happening: .resumed, verdict: .changed, next: "running", attempts: 2),
        Row(place: .queued, happening: .touched, verdict: .notHolder, next: "queued", attempts: 1),
        Row(place: .queued, happening: .progressed, verdict: .notHolder, next: "queued", attempts: 1),
        Row(place: .queued, happening: .released, verdict: .unchanged, next: "queued", attempts: 1),
        Row(place: .queued, happening: .failedForNow, verdict: .notHolder, next: "queued", attempts: 1),
        Row(place: .queued, happening: .failedForGood, verdict: .notHolder, next: "queued", attempts: 1),
        Row(place: .queued, happening: .completed, verdict: .changed, next: "completed", attempts: 1),
        Row(place: .queued, happening: .leaseExpired, verdict: .unchanged, next: "queued", attempts: 1),
        Row(place: .queued, happening: .stalled, verdict: .unchanged, next: "queued", attempts: 1),
        Row(place: .queued, happening: .interrupted, verdict: .notPossible, next: "queued", attempts: 1),
        Row(place: .queued, happening: .retried, verdict: .notPossible, next: "queued", attempts: 1),

        Row(place: .waiting, happening: .renewed, verdict: .changed, next: "running", attempts: 1),
        Row(place: .waiting, happening: .leftOut, verdict: .changed, next: "running", attempts: 1),
        Row(place: .waiting, happening: .resumed, verdict: .notPossible, next: "running", attempts: 1),
        Row(place: .waiting, happening: .touched, verdict: .changed, next: "running", attempts: 1),
        Row(place: .waiting, happening: .progressed, verdict: .changed, next: "running", attempts: 1),
        Row(place: .waiting, happening: .released, verdict: .changed, next: "queued", attempts: 0),
        Row(place: .waiting, happening: .failedForNow, verdict: .changed, next: "queued", attempts: 1),
        Row(place: .waiting, happening: .failedForGood, verdict: .changed, next: "failed", attempts: 1),
        Row(place: .waiting, happening: .completed, verdict: .changed, next: "completed", attempts: 1),
        Row(place: .waiting, happening: .leaseExpired, verdict: .changed, next: "queued", attempts: 0),
        Row(place: .waiting, happening: .stalled, verdict: .changed, next: "queued", attempts: 0),
        Row(place: .waiting, happening: .interrupted, verdict: .changed, next: "queued", attempts: 0),
        Row(place: .waiting, happening: .retried, verdict: .notPossible, next: "running", attempts: 1),

        Row(place: .begun, happening: .renewed, verdict: .changed, next: "running", attempts: 1),
        Row(place: .begun, happening: .leftOut, verdict: .changed, next: "running", attempts: 1),
        Row(place: .begun, happening: .resumed, verdict: .notPossible, next: "running", attempts: 1),
        Row(place: .begun, happening: .touched, verdict: .changed, next: "running", attempts: 1),
        Row(place: .begun, happening: .progressed, verdict: .changed, next: "running", attempts: 1),
        Row(place: .begun, happening: .released, verdict: .changed, next: "queued", attempts: 0),
        Row(place: .begun, happening: .failedForNow, verdict: .changed, next: "queued", attempts: 1),
        Row(place: .begun, happening: .failedForGood, verdict: .changed, next: "failed", attempts: 1),
        Row(place: .begun, happening: .completed, verdict: .changed, next: "completed", attempts: 1),
        Row(place: .begun, happening: .leaseExpired, verdict: .changed, next: "queued", attempts: 1),
        Row(place: .begun, happening: .stalled, verdict: .changed, next: "queued", attempts: 1),
        Row(place: .begun, happening: .interrupted, verdict: .changed, next: "queued", attempts: 0),
        Row(place: .begun, happening: .retried, verdict: .notPossible, next: "running", attempts: 1),

        Row(place: .completed, happening: .renewed, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .leftOut, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .resumed, verdict: .notPossible, next: "completed", attempts: 1),
        Row(place: .completed, happening: .touched, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .progressed, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .released, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .failedForNow, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .failedForGood, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .completed, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .leaseExpired, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .stalled, verdict: .unchanged, next: "completed", attempts: 1),
        Row(place: .completed, happening: .interrupted, verdict: .notPossible, next: "completed", attempts: 1),
        Row(place: .completed, happening: .retried, verdict: .notPossible, next: "completed", attempts: 1),

        Row(place: .failed, happening: .renewed, verdict: .notHolder, next: "failed", attempts: 1),
        Row(place: .failed, happening: .leftOut, verdict: .notHolder, next: "failed", attempts: 1),
        Row(place: .failed, happening: .resumed, verdict: .notPossible, next: "failed", attempts: 1),
        Row(place: .failed, happening: .touched, verdict: .notHolder, next: "failed", attempts: 1),
        Row(place: .failed, happening: .progressed, verdict: .notHolder, next: "failed", attempts: 1),
        Row(place: .failed, happening: .released, verdict: .unchanged, next: "failed", attempts: 1),
        Row(place: .failed, happening: .failedForNow, verdict: .notHolder, next: "failed", attempts: 1),
        Row(place: .failed, happening: .failedForGood, verdict: .notHolder, next: "failed", attempts: 1),
        Row(place: .failed, happening: .completed, verdict: .changed, next: "completed", attempts: 1),
        Row(place: .failed, happening: .leaseExpired, verdict: .unchanged, next: "failed", attempts: 1),
        Row(place: .failed, happening: .stalled, verdict: .unchanged, next: "failed", attempts: 1),
        Row(place: .failed, happening: .interrupted, verdict: .notPossible, next: "failed", attempts: 1),
        Row(place: .failed, happening: .retried, verdict: .changed, next: "queued", attempts: 0),
    ]

    @Test(arguments: Self.rows) func `every pair of state and event has its outcome`(row: Row) {
        var job = Self.job(row.place)
        let verdict = job.handle(row.happening.event(by: Self.node), at: Self.start + 200)
        #expect(verdict == row.verdict)
        #expect(Self.name(of: job.state) == row.next)
        #expect(job.attempts == row.attempts)
    }

    @Test func `the table leaves no pair out`() {
        let pairs = Set(Self.rows.map { "\($0.place) \($0.happening)" })
        #expect(pairs.count == Place.allCases.count * Happening.allCases.count)
    }

    @Test(arguments: [Happening.renewed, .leftOut, .touched, .progressed, .released, .failedForNow])
    func `somebody else cannot speak for the holder`(happening: Happening) {
        var job = Self.job(.begun)
        let before = job
        #expect(job.handle(happening.event(by: Self.other), at: Self.start + 10) == .notHolder)
        #expect(job == before)
    }

    @Test func `a try that had begun before its lease was lost is not counted twice when it goes on`() {
        var job = Self.job(.begun)
        _ = job.handle(.leaseExpired, at: Self.start + 200)
        let again = Job.Lease(
            holder: Self.node, attempt: "a", since: Self.start + 210, until: Self.start + 330, hasBegun: true)
        #expect(job.handle(.resumed(again), at: Self.start + 210) == .changed)
        #expect(job.attempts == 1)
    }

    @Test func `a lease that has not run out does not expire`() {
        var job = Self.job(.begun)
        #expect(job.handle(.leaseExpired, at: Self.start + 119) == .unchanged)
        #expect(job.handle(.leaseExpired, at: Self.start + 120) == .changed)
    }

    @Test func `a job that is left out goes back only at the second heartbeat in a row`() {
        var job = Self.job(.waiting)
        let until = Self.start + 900
        let leftOut = JobEvent.leftOut(by: Self.node, isBeingFetched: false, until: until)
        // Within the grace after the claim nothing happens, however often.
        _ = job.handle(leftOut, at: Self.start + 10)
        _ = job.handle(leftOut, at: Self.start + 50)
        #expect(Self.name(of: job.state) == "running")
        _ = job.handle(leftOut, at: Self.start + 70)
        #expect(Self.name(of: job.state) == "running")
        // Named again in between: it starts over.
        _ = job.handle(.renewed(by: Self.node, until: until), at: Self.start + 80)
        _ = job.handle(leftOut, at: Self.start + 100)
        #expect(Self.name(of: job.state) == "running")
        _ = job.handle(leftOut, at: Self.start + 130)
        #expect(Self.name(of: job.state) == "queued")
        #expect(job.attempts == 0)
    }

    @Test func `a job whose audio is being read is never left out`() {
        var job = Self.job(.waiting)
        for beat in 0..<40 {
            let now = Self.start + Double(beat) * 30
            _ = job.handle(.leftOut(by: Self.node, isBeingFetched: true, until: now + 120), at: now)
        }
        #expect(Self.name(of: job.state) == "running")
        #expect(job.handle(.leaseExpired, at: Self.start + 39 * 30 + 119) == .unchanged)
    }

    @Test func `the last try that fails ends the job`() {
        var job = Self.job(.begun, attempts: 10)
        _ = job.handle(.failed(by: Self.node, message: "no", retry: true), at: Self.start)
        #expect(Self.name(of: job.state) == "failed")
        var lost = Self.job(.begun, attempts: 10)
        _ = lost.handle(.leaseExpired, at: Self.start + 200)
        #expect(Self.name(of: lost.state) == "failed")
        #expect(lost.error?.hasPrefix("Max attempts exceeded") == true)
    }

    @Test(arguments: [(1, 5.0), (2, 25), (3, 125), (4, 625), (5, 720), (9, 720)])
    func `the wait grows fivefold and ends at twelve hours`(attempts: Int, minutes: Double) {
        #expect(Job.backoff(after: attempts, jitter: 0) == minutes * 60)
        #expect(abs(Job.backoff(after: attempts, jitter: 1) - minutes * 66) < 0.001)
        #expect(abs(Job.backoff(after: attempts, jitter: -1) - minutes * 54) < 0.001)
    }

    static func name(of state: Job.State) -> String {
        switch state {
        case .queued: "queued"
        case .running: "running"
        case .completed: "completed"
        case .failed: "failed"
        }
    }
}
