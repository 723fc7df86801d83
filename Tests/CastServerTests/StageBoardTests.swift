import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import Testing

@Suite struct StageBoardTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private static func stages(engine: Double, waiting: Double = 0, decode: Double = 0, items: Int = 1)
        -> [StageMessage]
    {
        Stage.allCases.map { stage in
            var report = StageReport(stage)
            report.items = items
            if stage == .engine { (report.busySeconds, report.waitingSeconds) = (engine, waiting) }
            if stage == .decode { report.busySeconds = decode }
            report.queue = stage == .pool ? 4 : 0
            return StageMessage(report)
        }
    }

    private func engine(_ board: StageBoard) -> StageReport? { board.sums.first { $0.stage == .engine } }

    @Test func `the sums of all nodes never fall, whatever nodes do`() {
        let board = StageBoard()
        let (one, two) = (NodeID("one"), NodeID("two"))
        board.note(Self.stages(engine: 100), of: one, at: self.now)
        #expect(self.engine(board)?.busySeconds == 0, "what it did before counts for nothing")
        board.note(Self.stages(engine: 130, items: 3), of: one, at: self.now)
        board.note(Self.stages(engine: 0, items: 0), of: two, at: self.now)
        board.note(Self.stages(engine: 5, items: 1), of: two, at: self.now)
        #expect(self.engine(board)?.busySeconds == 35 && self.engine(board)?.items == 3)
        // Started anew: what it says is what it did since.
        board.note(Self.stages(engine: 0, items: 0), of: one, at: self.now)
        #expect(self.engine(board)?.busySeconds == 35)
        board.note(Self.stages(engine: 7, items: 1), of: one, at: self.now)
        #expect(self.engine(board)?.busySeconds == 42 && self.engine(board)?.items == 4)
    }

    @Test func `what is slow now is said, not what was slow before`() {
        let board = StageBoard()
        board.note(Self.stages(engine: 1000, waiting: 0), of: NodeID("one"), at: self.now)
        #expect(board.word(of: NodeID("one"))?.slowest == .engine)
        board.note(Self.stages(engine: 1010, waiting: 20, decode: 25), of: NodeID("one"), at: self.now)
        #expect(board.word(of: NodeID("one"))?.slowest == .decode)
        #expect(board.word(of: NodeID("two")) == nil)
    }

    @Test func `the nodes that it remembers are bounded`() {
        let board = StageBoard()
        for number in 0..<1100 {
            board.note(Self.stages(engine: 1), of: NodeID("n\(number)"), at: self.now + Double(number))
        }
        #expect(board.word(of: NodeID("n0")) == nil)
        #expect(board.word(of: NodeID("n1099")) != nil)
        #expect(board.queues(since: self.now)[.pool] == 4000)
        #expect(board.queues(since: self.now + 1099)[.pool] == 4)
    }

    private static func beat(_ server: ServerFixture, _ node: RegisterNodeResponse, _ stages: String) async throws
        -> Int
    {
        try await server.send(
            .post, "/api/nodes/\(node.nodeID)/heartbeat", key: node.apiKey, #"{"stages":\#(stages)}"#
        ).status
    }

    @Test func `a heartbeat brings the table to the metrics, the list of nodes and the first page`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            let node = try await server.register("attic")
            _ = try await server.claim(node)
            func beat(_ stages: [StageMessage]) async throws {
                let text = String(decoding: try JSONEncoder().encode(stages), as: UTF8.self)
                #expect(try await Self.beat(server, node, text) == 200)
            }
            let before = try await server.send(.get, "/metrics").text
            #expect(before.contains("cast2md_stage_busy_seconds_total{stage=\"engine\"} 0\n"))
            try await beat(Self.stages(engine: 0, items: 0))
            try await beat(Self.stages(engine: 30, waiting: 20, decode: 50, items: 9))
            let metrics = try await server.send(.get, "/metrics").text
            #expect(metrics.contains("# TYPE cast2md_stage_busy_seconds_total counter\n"))
            #expect(metrics.contains("cast2md_stage_busy_seconds_total{stage=\"engine\"} 30\n"))
            #expect(metrics.contains("cast2md_stage_waiting_seconds_total{stage=\"engine\"} 20\n"))
            #expect(metrics.contains("cast2md_stage_items_total{stage=\"fetch\"} 9\n"))
            #expect(metrics.contains("cast2md_stage_queue{stage=\"pool\"} 4\n"))
            #expect(!metrics.contains("attic"), "no label names a node")
            let listed = try await server.send(.get, "/api/nodes").decode(NodeListResponse.self).nodes
            #expect(listed.first?.slowestStage == .decode && listed.first?.stages?.count == 7)
            #expect(try await server.send(.get, "/").text.contains("the engine waits: decoding audio is slow"))
            // A node that is gone leaves the sums, and nothing waits at it.
            server.time.advance(by: 3600)
            let later = try await server.send(.get, "/metrics").text
            #expect(later.contains("cast2md_stage_busy_seconds_total{stage=\"engine\"} 30\n"))
            #expect(later.contains("cast2md_stage_queue{stage=\"pool\"} 0\n"))
        }
    }

    @Test(arguments: [
        (#"[{"stage":"engine","busy_seconds":-5,"waiting_seconds":0,"items":1,"audio_seconds":0,"queue":0}]"#, 200),
        (#"[{"stage":"engine","busy_seconds":1e300,"waiting_seconds":0,"items":1,"audio_seconds":0,"queue":0}]"#, 200),
        (#"[{"stage":"x\n\"y","busy_seconds":9,"waiting_seconds":0,"items":1,"audio_seconds":0,"queue":0}]"#, 200),
        (#"[{"stage":"engine","busy_seconds":9,"waiting_seconds":0,"items":1e30,"audio_seconds":0,"queue":0}]"#, 422),
        (#"[{"stage":"engine"}]"#, 422), (#""all""#, 422), (#"{}"#, 422),
        ("[" + Array(repeating: #"{"stage":"a"}"#, count: 51).joined(separator: ",") + "]", 422), ("[]", 200),
        ("null", 200),
    ])
    func `what no node can say is not counted`(stages: String, status: Int) async throws {
        try await ServerFixture.run { server in
            let node = try await server.register()
            let zero =
                #"[{"stage":"engine","busy_seconds":0,"waiting_seconds":0,"items":0,"audio_seconds":0,"queue":0}]"#
            #expect(try await Self.beat(server, node, zero) == 200)
            #expect(try await Self.beat(server, node, stages) == status)
            let metrics = try await server.send(.get, "/metrics").text
            #expect(metrics.contains("cast2md_stage_busy_seconds_total{stage=\"engine\"} 0\n"))
            #expect(metrics.components(separatedBy: "cast2md_stage_busy_seconds_total{").count == 8)
        }
    }
}
