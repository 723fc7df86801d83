import CastCore
import Foundation
import Testing

@Suite struct RefreshScheduleTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(arguments: [
        (0, 0.0, 3600.0), (0, 1.0, 3960.0), (0, -1.0, 3240.0), (1, 0.0, 7200.0), (3, 0.0, 28_800.0),
        (5, 0.0, 86_400.0), (1000, 0.0, 86_400.0),
    ])
    func `a feed that fails is asked less and less, once a day at least`(
        failures: Int, jitter: Double, wait: TimeInterval
    ) {
        let next = RefreshSchedule.next(after: self.now, interval: 3600, failures: failures, jitter: jitter)
        #expect(abs(next.timeIntervalSince(self.now) - wait) < 0.001)
    }

    @Test func `an interval longer than a day is not shortened by failing`() {
        let next = RefreshSchedule.next(after: self.now, interval: 200_000, failures: 2, jitter: 0)
        #expect(next.timeIntervalSince(self.now) == 200_000)
    }
}
