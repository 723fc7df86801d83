import CastCore
import Testing

struct StageReportTests {
    private func report(_ stage: Stage, busy: Double = 0, waiting: Double = 0, items: Int = 0) -> StageReport {
        var report = StageReport(stage)
        report.busySeconds = busy
        report.waitingSeconds = waiting
        report.items = items
        return report
    }

    @Test func `growth is what was done since, and all of it after a new start`() {
        let old = [self.report(.engine, busy: 10, waiting: 2, items: 5), self.report(.decode, busy: 4, items: 1)]
        let later = [self.report(.engine, busy: 13, waiting: 2, items: 6), self.report(.decode, busy: 4, items: 1)]
        #expect(
            StageReport.growth(from: old, to: later) == [
                self.report(.engine, busy: 3, items: 1), self.report(.decode),
            ])
        // One number that falls is enough: the engine of the new process has worked longer than that of the old one.
        let restarted = [self.report(.engine, busy: 20, waiting: 3, items: 9), self.report(.decode, busy: 3, items: 1)]
        #expect(StageReport.growth(from: old, to: restarted) == restarted)
        #expect(StageReport.growth(from: [], to: later) == later)
    }

    @Test func `the slow stage is the engine, or the busiest before it while it waits`() {
        let before = [self.report(.fetch, busy: 30), self.report(.decode, busy: 60, waiting: 50)]
        #expect(StageReport.slowest(of: before + [self.report(.engine, busy: 95, waiting: 5)]) == .engine)
        #expect(StageReport.slowest(of: before + [self.report(.engine, busy: 50, waiting: 50)]) == .fetch)
        let decoding = [self.report(.fetch, busy: 30), self.report(.decode, busy: 60)]
        #expect(StageReport.slowest(of: decoding + [self.report(.engine, busy: 50, waiting: 50)]) == .decode)
        #expect(StageReport.slowest(of: before + [self.report(.engine)]) == nil, "nothing was done")
        #expect(StageReport.slowest(of: []) == nil)
    }
}
