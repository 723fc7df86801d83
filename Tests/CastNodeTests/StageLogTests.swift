import CastCore
import CastNode
import Logging
import Testing
import Transcription

struct StageLogTests {
    private func stages(items: Int) -> [StageReport] {
        Stage.allCases.map { stage in
            var report = StageReport(stage)
            report.busySeconds = 12.34
            report.waitingSeconds = 0.5
            report.items = items
            report.audioSeconds = 7200
            report.queue = 2
            return report
        }
    }

    @Test func `says once a minute what the stages do, as long as they do something`() {
        var log = StageLog(interval: .seconds(60))
        #expect(log.next(self.stages(items: 1), at: .seconds(59)) == nil)
        let line = log.next(self.stages(items: 1), at: .seconds(60))
        #expect(line?.count == 7)
        #expect(line?["engine"] == "busy 12.3 s, waiting 0.5 s, 1 items, 7200 s of audio, 2 queued")
        #expect(log.next(self.stages(items: 2), at: .seconds(119)) == nil)
        #expect(log.next(self.stages(items: 1), at: .seconds(121)) == nil, "nothing has happened")
        #expect(log.next(self.stages(items: 2), at: .seconds(190)) != nil)
        #expect(log.last(self.stages(items: 2)) == nil)
        #expect(log.last(self.stages(items: 3)) != nil, "the end is told too")
    }

    @Test func `a node that did nothing says nothing`() {
        var log = StageLog(interval: .seconds(60))
        #expect(log.next(Stage.allCases.map { StageReport($0) }, at: .seconds(100)) == nil)
        #expect(log.last([]) == nil)
    }

    @Test func `page and metrics show every stage`() {
        let state = NodeState(NodeSettings(), at: .zero)
        let status = NodeStatus(
            state, name: "one", model: "base", server: "http://s", uptime: .seconds(7), stages: self.stages(items: 3))
        let metrics = StatusMetrics.text(status)
        for stage in Stage.allCases {
            #expect(metrics.contains("cast2md_node_stage_busy_seconds_total{stage=\"\(stage.rawValue)\"} 12.34\n"))
            #expect(
                StatusHTML.page(status).contains("<th scope=\"row\">\(stage.rawValue)</th><td>12.3</td><td>0.5</td>"))
        }
        #expect(metrics.contains("# TYPE cast2md_node_stage_queue gauge\n"))
        #expect(metrics.contains("cast2md_node_uptime_seconds 7\n"))
        #expect(metrics.hasSuffix("\n"))
    }
}
