import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// `GET /metrics`, for Prometheus and whatever reads its form.
struct MetricsRoutes: Sendable {
    let parts: ServerParts
    private let startedAt: Date

    init(parts: ServerParts) {
        self.parts = parts
        self.startedAt = parts.now()
    }

    func add(to router: Router<AppContext>) { router.get("/metrics", use: self.metrics) }

    @Sendable func metrics(request: Request, context: AppContext) async throws -> Response {
        var text = PrometheusText()
        self.addProcess(to: &text)
        self.addRequests(to: &text)
        try await self.addLibrary(to: &text)
        try await self.addQueue(to: &text)
        try await self.addQuality(to: &text)
        try await self.addNodes(to: &text)
        self.addStages(to: &text)
        self.addUplink(to: &text)
        return Response(
            status: .ok, headers: [.contentType: PrometheusText.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text.text)))
    }

    private func addProcess(to text: inout PrometheusText) {
        text.metric("cast2md_build_info", .gauge, "The version that runs; always 1.")
        text.sample("cast2md_build_info", ["version": castVersion], 1)
        text.metric("cast2md_uptime_seconds", .gauge, "Seconds since the start.")
        text.sample("cast2md_uptime_seconds", self.parts.now().timeIntervalSince(self.startedAt))
        if let bytes = ProcessFacts.residentBytes {
            text.metric("process_resident_memory_bytes", .gauge, "Memory that the process holds.")
            text.sample("process_resident_memory_bytes", Double(bytes))
        }
        text.metric("process_cpu_seconds_total", .counter, "Processor time that the process used.")
        text.sample("process_cpu_seconds_total", ProcessFacts.processorSeconds)
        if let free = ProcessFacts.freeBytes(at: self.parts.storage.root.path) {
            text.metric("cast2md_storage_free_bytes", .gauge, "Space left where audio and transcripts are kept.")
            text.sample("cast2md_storage_free_bytes", Double(free))
        }
    }

    private func addRequests(to text: inout PrometheusText) {
        let requests = self.parts.metrics.requests
        text.metric("cast2md_http_requests_total", .counter, "Answers by the class of their status.")
        for (digit, count) in requests.byClass.sorted(by: { $0.key < $1.key }) {
            text.sample("cast2md_http_requests_total", ["status": "\(digit)xx"], Double(count))
        }
        text.metric("cast2md_http_request_seconds", .histogram, "Seconds until an answer's head was there.")
        for (bound, count) in zip(ServerMetrics.bounds, requests.buckets) {
            text.sample("cast2md_http_request_seconds_bucket", ["le": "\(bound)"], Double(count))
        }
        let all = Double(requests.buckets.last ?? 0)
        text.sample("cast2md_http_request_seconds_bucket", ["le": "+Inf"], all)
        text.sample("cast2md_http_request_seconds_sum", requests.seconds)
        text.sample("cast2md_http_request_seconds_count", all)
    }

    private func addLibrary(to text: inout PrometheusText) async throws {
        let counts = try await self.parts.database.episodes.counts()
        text.metric("cast2md_episodes", .gauge, "Episodes by state.")
        for state in EpisodeState.allCases {
            text.sample("cast2md_episodes", ["state": state.rawValue], Double(counts[state] ?? 0))
        }
        let feeds = try await self.parts.database.feeds.list()
        text.metric("cast2md_feeds", .gauge, "Feeds.")
        text.sample("cast2md_feeds", Double(feeds.count))
        text.metric("cast2md_feeds_failing", .gauge, "Feeds whose last refresh failed.")
        text.sample("cast2md_feeds_failing", Double(feeds.count { $0.feed.lastError != nil }))
    }

    private func addQueue(to text: inout PrometheusText) async throws {
        let counts = try await self.parts.database.jobs.counts()
        text.metric("cast2md_jobs", .gauge, "Jobs by kind and state.")
        for kind in JobKind.allCases {
            let count = counts[kind] ?? JobStore.Counts()
            let states = [
                ("queued", count.queued), ("running", count.running), ("completed", count.completed),
                ("failed", count.failed),
            ]
            for (state, number) in states {
                text.sample("cast2md_jobs", ["kind": kind.rawValue, "state": state], Double(number))
            }
        }
        let paused = try await self.parts.database.jobs.pauses().map(\.kind)
        text.metric("cast2md_queue_paused", .gauge, "1 for a kind of which nothing is handed out.")
        for kind in JobKind.allCases {
            text.sample("cast2md_queue_paused", ["kind": kind.rawValue], paused.contains(kind) ? 1 : 0)
        }
        let done = try await self.parts.database.jobs.transcribed(since: self.parts.now() - 3600)
        text.metric(
            "cast2md_transcribed_audio_seconds_last_hour", .gauge, "Audio that was transcribed in the last hour.")
        text.sample(
            "cast2md_transcribed_audio_seconds_last_hour", done.reduce(0) { $0 + ($1.audioSeconds ?? 0) })
        text.metric("cast2md_transcribing_seconds_last_hour", .gauge, "Work of nodes that went into it.")
        text.sample("cast2md_transcribing_seconds_last_hour", done.reduce(0) { $0 + $1.workSeconds })
    }

    private func addNodes(to text: inout PrometheusText) async throws {
        let nodes = try await self.parts.database.nodes.list()
        text.metric("cast2md_nodes", .gauge, "Nodes by status.")
        for status in [Node.Status.online, .busy, .offline] {
            let count = nodes.count { self.parts.status(of: $0) == status }
            text.sample("cast2md_nodes", ["status": status.rawValue], Double(count))
        }
    }

    private func addQuality(to text: inout PrometheusText) async throws {
        let findings = try await self.parts.database.episodes.findingCounts()
        text.metric(
            "cast2md_transcripts_doubtful", .gauge, "Transcripts by what was found at them; one may have several.")
        for kind in TranscriptQuality.Finding.Kind.allCases {
            text.sample("cast2md_transcripts_doubtful", ["finding": kind.rawValue], Double(findings[kind] ?? 0))
        }
        let tries = try await self.parts.database.episodes.secondTryCounts()
        text.metric(
            "cast2md_second_tries", .gauge, "Second tries at doubtful transcripts, by how they ended; open ones wait.")
        for outcome in SecondTry.Outcome.allCases {
            text.sample("cast2md_second_tries", ["outcome": outcome.rawValue], Double(tries[outcome] ?? 0))
        }
        text.sample("cast2md_second_tries", ["outcome": "open"], Double(tries[nil] ?? 0))
    }

    /// What the nodes' stages did, as they say with their heartbeats.
    private func addStages(to text: inout PrometheusText) {
        let sums = self.parts.stages.sums
        let families: [(name: String, help: String, value: (StageReport) -> Double)] = [
            ("busy_seconds", "Work of a stage at all nodes.", { $0.busySeconds }),
            ("waiting_seconds", "Time in which a stage could not go on.", { $0.waitingSeconds }),
            ("items", "Files, segments or calls.", { Double($0.items) }),
            ("audio_seconds", "Audio that went through a stage.", { $0.audioSeconds }),
        ]
        for family in families {
            let name = "cast2md_stage_\(family.name)_total"
            text.metric(name, .counter, family.help)
            for sum in sums { text.sample(name, ["stage": sum.stage.rawValue], family.value(sum)) }
        }
        let queues = self.parts.stages.queues(
            since: self.parts.now() - self.parts.configuration.heartbeatTimeout)
        text.metric("cast2md_stage_queue", .gauge, "What waits before a stage at the nodes that are there.")
        for stage in Stage.allCases {
            text.sample("cast2md_stage_queue", ["stage": stage.rawValue], Double(queues[stage] ?? 0))
        }
    }
}
