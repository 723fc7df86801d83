import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Testing

@Suite struct QueuePageTests {
    private let pages: Pages
    private let now = PageExamples.now

    init() throws { self.pages = try PageExamples.pages() }

    // MARK: The forecast

    @Test(
        arguments: [
            // An hour of work, 90 h of audio done: 5,000 h take 5,000 / 90 h.
            (5000, 5000.0, 0, [(60.0, 90.0, 3540.0)], 90.0, 5000.0 / 90),
            // Work began ten minutes ago: those ten minutes count, not the hour before.
            (10, 10.0, 0, [(0, 1.0, 600.0)], 6, 10.0 / 6),
            // Two nodes side by side.
            (10, 10.0, 0, [(0, 1.0, 1800.0), (0, 1.0, 1800.0)], 4, 2.5),
            // Half of the lengths are unknown.
            (10, 5.0, 5, [(0, 2.0, 3600.0)], 2, 5),
            // Long ago.
            (10, 10.0, 0, [(3601.0, 1.0, 600.0)], nil, nil),
            (10, 10.0, 0, [], nil, nil), (10, 0.0, 10, [(0, 1.0, 3600.0)], 1, nil),
            (0, 0.0, 0, [(0, 1.0, 3600.0)], 1, nil),
        ] as [(Int, Double, Int, [(Double, Double, Double)], Double?, Double?)])
    func `speed and end follow from the last hour`(
        episodes: Int, hours: Double, unknown: Int, done: [(ago: Double, hours: Double, work: Double)], pace: Double?,
        remainingHours: Double?
    ) {
        let forecast = QueueForecast(
            waiting: .init(episodes: episodes, audioSeconds: hours * 3600, unknown: unknown),
            done: done.map {
                .init(endedAt: self.now - $0.ago, audioSeconds: $0.hours * 3600, workSeconds: $0.work)
            }, now: self.now)
        #expect(forecast.pace == pace)
        #expect(forecast.remaining.map { ($0 / 36).rounded() } == remainingHours.map { ($0 * 100).rounded() })
    }

    // MARK: What is shown

    @Test func `five thousand that wait say how much, how fast and until when`() {
        var view = PageExamples.queue()
        view.lanes[0].pause = nil
        let html = self.pages.queue(view, now: self.now)
        for (label, value) in [
            ("Episodes waiting", "5,000"), ("Audio waiting", "5,000 h"), ("Hours of audio an hour", "90"),
            ("Until done", "2 days"), ("Running", "1"), ("Failed", "3"),
        ] {
            #expect(html.contains("<dt>\(label)</dt><dd>\(value)</dd>"), "\(label)")
        }
        #expect(html.contains("At the speed of the last hour, everything is done about 4 Jan 2024, "))
        #expect(html.contains("The length of 10 of them is not known; they are counted like the others."))
        #expect(html.contains("And 4,898 more."))
    }

    @Test func `each says why it waits`() {
        var view = PageExamples.queue()
        var html = self.pages.queue(view, now: self.now)
        #expect(html.contains("They wait until this is resumed, in this order."))
        #expect(html.contains("Paused 5 min ago: Text. What runs goes on"))
        #expect(html.contains("Failed; try 2 of 10 in 5 min."))
        #expect(html.contains("Needs a node with the model Text; none is connected."))
        #expect(html.contains("They wait for the next free node, in this order."))
        view.models = []
        html = self.pages.queue(view, now: self.now)
        #expect(html.contains("They wait for a node: none is connected."))
        view.lanes[0].pause = nil
        #expect(self.pages.queue(view, now: self.now).contains("No node is connected, so nothing is transcribed"))
        // A node that does not say what it has gets no such job.
        view.models = ["base", nil]
        #expect(self.pages.queue(view, now: self.now).contains("Needs a node with the model Text; none is connected."))
        view.models = ["base", "Text"]
        #expect(self.pages.queue(view, now: self.now).contains("Needs a node with the model Text.<"))
    }

    @Test func `what is paused promises no end`() {
        var view = PageExamples.queue()
        #expect(self.pages.queue(view, now: self.now).contains("Downloads are paused, so not everything gets done"))
        view.lanes[2].pause = .init(kind: .transcribe, since: self.now, reason: nil)
        let html = self.pages.queue(view, now: self.now)
        #expect(
            html.contains(
                "Downloads and Transcriptions are paused, so not everything gets done until they are resumed."))
        #expect(!html.contains("everything is done about") && !html.contains("Until done"))
        #expect(html.contains("action=\"/queue/transcribe/resume\""))
    }

    @Test func `an empty queue is said to be empty`() {
        let view = QueuePageView(
            lanes: [.init(kind: .download)], forecast: QueueForecast(waiting: .init(), done: [], now: self.now))
        let html = self.pages.queue(view, now: self.now)
        #expect(html.contains("Nothing runs, and nothing waits."))
        #expect(html.contains("data-active=\"false\""))
        #expect(!html.contains("Cancel all waiting"))
    }

    // MARK: The forms

    private func run(
        _ count: Int = 4, _ body: @Sendable (ServerFixture, Feed, [Episode]) async throws -> Void
    ) async throws {
        try await ServerFixture.run { server in
            let (feed, episodes) = try await server.parts.database.makeFeed(
                episodes: count, withAudio: true, at: server.time.now)
            _ = try await server.send(.post, "/api/queue/batch/feed/\(feed.id)/process")
            try await body(server, feed, episodes)
        }
    }

    @Test func `a long queue is shown by its first fifty`() async throws {
        try await self.run(60) { server, _, _ in
            let html = try await server.send(.get, "/queue").text
            #expect(html.matches(of: /id="drop-\d+"/).count == 50)
            #expect(html.matches(of: /id="first-\d+"/).count == 49)
            #expect(html.contains("<dt>Episodes waiting</dt><dd>60</dd>"))
            #expect(html.contains("<dt>Audio waiting</dt><dd>1 h</dd>"))
            #expect(html.contains("And 10 more."))
        }
    }

    @Test func `a kind is paused and resumed`() async throws {
        try await self.run { server, _, _ in
            let node = try await server.register()
            #expect(try await server.send(.post, "/queue/transcribe/pause").status == 303)
            #expect(try await server.claim(node).hasJob == false)
            #expect(try await server.send(.get, "/queue").text.contains("<span class=\"badge wait\">Paused</span>"))
            #expect(try await server.send(.post, "/queue/transcribe/resume").status == 303)
            #expect(try await server.claim(node).hasJob)
            #expect(try await server.send(.post, "/queue/dance/pause").status == 404)
        }
    }

    @Test func `cancelling all asks first, and then does it`() async throws {
        try await self.run { server, _, _ in
            let question = try await server.send(.get, "/queue/transcribe/cancel").text
            #expect(question.contains("<h1>Cancel all waiting transcriptions?</h1>"))
            #expect(question.contains("<form method=\"post\" action=\"/queue/transcribe/cancel\">"))
            #expect(question.contains("Cancel 4 jobs</button>"))
            #expect(try await server.parts.database.jobs.counts()[.transcribe]?.queued == 4)
            let answer = try await server.send(.post, "/queue/transcribe/cancel")
            #expect(answer.headers[.location] == "/queue?notice=4%20jobs%20are%20taken%20out%20of%20the%20queue%2E")
            #expect(try await server.parts.database.jobs.counts()[.transcribe]?.queued ?? 0 == 0)
            #expect(
                try await server.send(.get, "/queue/transcribe/cancel").text.contains("<button class=\"main\">")
                    == false)
        }
    }

    @Test func `one job is moved to the front, one is cancelled, and a stale page does no harm`() async throws {
        try await self.run { server, _, _ in
            let jobs = try await server.parts.database.jobs.queued(limit: 10).map(\.job.id)
            #expect(try await server.send(.post, "/queue/jobs/\(jobs[3])/first").status == 303)
            #expect(try await server.send(.post, "/queue/jobs/\(jobs[0])/cancel").status == 303)
            let now = try await server.parts.database.jobs.queued(limit: 10).map(\.job.id)
            #expect(now == [jobs[3], jobs[1], jobs[2]])
            let gone = try await server.send(.post, "/queue/jobs/\(jobs[0])/cancel")
            #expect(gone.headers[.location]?.contains("not%20in%20the%20queue") == true)
            let node = try await server.register()
            _ = try await server.claim(node)
            let running = try await server.send(.post, "/queue/jobs/\(jobs[3])/cancel")
            #expect(running.headers[.location]?.contains("Only%20a%20queued%20job") == true)
        }
    }

    @Test func `what failed is shown with its reason until it is tried again`() async throws {
        try await self.run(2) { server, _, _ in
            let node = try await server.register()
            for _ in 1...2 {
                let job = try #require(try await server.claim(node).jobID)
                _ = try await server.send(
                    .post, "/api/nodes/jobs/\(job)/fail", key: node.apiKey,
                    #"{"error_message":"no <audio>","retry":false}"#)
            }
            let html = try await server.send(.get, "/queue").text
            #expect(html.contains("Failed <span class=\"count\">2</span>"))
            #expect(html.contains("no &lt;audio&gt;"))
            let id = try #require(html.firstMatch(of: /id="retry-(\d+)"/)?.1)
            #expect(try await server.send(.post, "/queue/jobs/\(id)/retry").status == 303)
            #expect(try await server.send(.get, "/queue").text.contains("Failed <span class=\"count\">1</span>"))
            #expect(try await server.send(.post, "/queue/retry").status == 303)
            #expect(try await server.send(.get, "/queue").text.contains("id=\"retry-") == false)
            #expect(try await server.parts.database.jobs.counts()[.transcribe]?.queued == 2)
        }
    }

    @Test func `running jobs show their node and progress`() async throws {
        try await self.run { server, _, episodes in
            let node = try await server.register()
            let claim = try await server.claim(node)
            _ = try await server.send(
                .post, "/api/nodes/jobs/\(try #require(claim.jobID))/progress", key: node.apiKey,
                #"{"progress_percent":37}"#)
            let html = try await server.send(.get, "/queue").text
            let episode = try #require(claim.episodeID)
            #expect(html.contains("value=\"37\" data-episode=\"\(episode)\""))
            #expect(html.contains("data-percent-of=\"\(episode)\">37 %</span>"))
            #expect(html.contains("Transcribing on home"))
        }
    }
}
