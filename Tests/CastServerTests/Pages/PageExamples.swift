import CastCore
import CastServer
import CastStore
import Foundation

/// Views for the tests: everything that comes from outside is `text`.
enum PageExamples {
    static let now = Date(timeIntervalSince1970: 1_704_207_845)

    static func pages() throws -> Pages { try Pages(zone: .gmt) }

    static func home(_ text: String = "Text") -> HomeView {
        HomeView(
            feeds: [
                .init(
                    id: FeedID(1), title: text, author: text, counts: [.completed: 1, .new: 4998, .failed: 1],
                    checkedAt: self.now.addingTimeInterval(-300), problem: text)
            ],
            running: [
                .init(
                    episodeID: EpisodeID(7), title: text, feedTitle: text, kind: .transcribe, node: text, percent: 40,
                    startedAt: self.now.addingTimeInterval(-60)),
                .init(
                    episodeID: EpisodeID(8), title: text, feedTitle: text, kind: .download,
                    startedAt: self.now.addingTimeInterval(-5)),
            ],
            queuedDownloads: 1, queuedTranscriptions: 20,
            finished: [
                .init(
                    episodeID: EpisodeID(6), title: text, feedTitle: text,
                    finishedAt: self.now.addingTimeInterval(-7200), audioSeconds: 1800, workSeconds: 20)
            ],
            nodes: [
                .init(name: text, status: .offline, model: text, lastHeartbeatAt: self.now.addingTimeInterval(-86_400)),
                .init(name: "attic", status: .busy),
            ], serverAddress: "http://127.0.0.1:8000", notice: text, rejected: (text, text))
    }

    static func feed(_ text: String = "Text") -> FeedView {
        FeedView(
            id: FeedID(1), title: text, author: text, description: text, link: "https://example.org/\(text)",
            feedAddress: "https://example.org/\(text)", checkedAt: self.now, problem: text,
            counts: [.new: 4000, .transcribing: 1, .failed: 1, .completed: 998],
            episodes: [
                self.row(1, text, .new), self.row(2, text, .transcribing, percent: 12),
                self.row(3, text, .failed, problem: text), self.row(4, text, .completed),
            ], page: 7, pageCount: 200, state: nil, search: text,
            settings: .init(language: text, model: text, autoQueue: .all, knownModels: [text], problem: text),
            notice: text)
    }

    static func row(
        _ id: Int64, _ title: String, _ state: EpisodeState, isQueued: Bool = false, percent: Int? = nil,
        problem: String? = nil
    ) -> FeedView.EpisodeRow {
        .init(
            id: EpisodeID(id), title: title, publishedAt: self.now, duration: 3723, state: state, isQueued: isQueued,
            percent: percent, problem: problem)
    }

    static func transcript(_ texts: [String], paragraphsOf count: Int = 2) -> Transcript {
        Transcript(
            sentences: texts.enumerated().map { index, text in
                .init(
                    text: text, start: Double(index) * 30.25, end: Double(index) * 30.25 + 5,
                    startsParagraph: index % count == 0)
            }, duration: 3723, language: "en", model: "base", engine: "faster-whisper 1.2.1")
    }

    static func episode(_ text: String = "Text", state: EpisodeState = .completed) -> EpisodeView {
        var doubtful = TranscriptQuality(of: Transcript(sentences: []))
        doubtful.findings = [.init(kind: .fewWords, reason: text)]
        var transcript = self.transcript([text, text, text])
        transcript.quality = doubtful
        return EpisodeView(
            id: EpisodeID(7), title: text, feedID: FeedID(1), feedTitle: text, publishedAt: self.now, duration: 3723,
            description: text, link: "https://example.org/\(text)", state: state, percent: 40, node: text,
            problem: text, hasAudio: true, transcript: transcript,
            secondTry: SecondTry(
                episodeID: EpisodeID(7), jobID: nil, model: text, askedAt: self.now, firstModel: text, first: doubtful,
                secondModel: text, second: doubtful, outcome: .keptFirst),
            hasOther: true,
            attempts: [
                .init(
                    kind: .transcribe, node: text, startedAt: self.now.addingTimeInterval(-60), endedAt: self.now,
                    outcome: .failed, problem: text)
            ], notice: text)
    }

    /// Every kind of page, with `text` in every place that comes from outside.
    static func all(_ text: String) throws -> [(name: String, html: String)] {
        let pages = try self.pages()
        var running = self.episode(text, state: .transcribing)
        running.transcript = nil
        return [
            ("home", pages.home(self.home(text), now: self.now)),
            ("first home", pages.home(HomeView(feeds: [], serverAddress: "http://127.0.0.1:8000"), now: self.now)),
            ("feed", pages.feed(self.feed(text), now: self.now)),
            ("episode", pages.episode(self.episode(text), now: self.now)),
            ("running episode", pages.episode(running, now: self.now)),
            ("error", pages.error(status: 404, sentence: text)),
            ("search", pages.search(self.search(text), now: self.now)),
            ("vain search", pages.search(SearchView(text: text), now: self.now)),
            ("queue", pages.queue(self.queue(text), now: self.now)),
            ("settings", pages.settings(self.settings(text))),
        ]
    }

    static func search(_ text: String = "Text") -> SearchView {
        let episode = SearchView.EpisodeRow(
            id: EpisodeID(7), title: text, feedID: FeedID(1), feedTitle: text, publishedAt: self.now, state: .completed)
        let marked = "before \(Snippet.open)\(text)\(Snippet.close) behind"
        return SearchView(
            text: text, feeds: [(FeedID(1), text), (FeedID(2), "Other")], feed: FeedID(1), episodes: [episode],
            episodeTotal: 12,
            groups: [
                .init(episode: episode, places: [.init(start: 12.5, snippet: marked), .init(start: 75, snippet: text)])
            ], placeTotal: 65, page: 1, pageCount: 3, indexedEpisodes: 40)
    }

    static func job(_ id: Int64, _ kind: JobKind, _ state: Job.State, error: String? = nil, model: String? = nil) -> Job
    {
        Job(
            id: JobID(id), episodeID: EpisodeID(id), kind: kind, model: model, attempts: 1, error: error,
            createdAt: self.now, state: state)
    }

    static func queue(_ text: String = "Text") -> QueuePageView {
        let lease = Job.Lease(
            holder: NodeID("n"), attempt: "a", since: self.now - 60, until: self.now + 60, hasBegun: true, progress: 40)
        let row = { (job: Job) in QueuePageView.Row(job: job, title: text, feedTitle: text, node: text) }
        let waiting = JobStore.Waiting(episodes: 5000, audioSeconds: 4990 * 3600, unknown: 10)
        return QueuePageView(
            lanes: [
                .init(
                    kind: .download, pause: .init(kind: .download, since: self.now - 300, reason: text),
                    waiting: [
                        row(self.job(1, .download, .queued(notBefore: self.now + 300), error: text)),
                        row(self.job(2, .download, .queued(notBefore: self.now))),
                    ], waitingTotal: 4900),
                .init(kind: .transcriptDownload),
                .init(
                    kind: .transcribe, running: [row(self.job(3, .transcribe, .running(lease)))],
                    waiting: [row(self.job(4, .transcribe, .queued(notBefore: self.now), model: text))],
                    waitingTotal: 100),
            ], waiting: waiting,
            forecast: QueueForecast(
                waiting: waiting,
                done: [.init(endedAt: self.now - 60, audioSeconds: 90 * 3600, workSeconds: 3540)], now: self.now),
            failed: [row(self.job(5, .transcribe, .failed(at: self.now - 7200), error: text))], failedTotal: 3,
            finished: self.home(text).finished, models: ["base"], notice: text)
    }

    static func settings(_ text: String = "Text") -> SettingsView {
        SettingsView(
            rows: SettingCatalog.all.map {
                .init(setting: $0, value: text, standard: text, source: .database, problem: text, isSaved: true)
            }, notice: text)
    }
}
