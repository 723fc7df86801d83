import CastCore
package import Foundation

extension Pages {
    /// The first page: what there is, what is going on, and what to do first where there is nothing.
    package func home(_ view: HomeView, now: Date) -> String {
        let dates = PageDates(now: now, zone: self.zone)
        let queued = view.queuedDownloads + view.queuedTranscriptions
        let fields: Fields = [
            "hasFeeds": !view.feeds.isEmpty,
            "notice": view.notice.orFalse,
            "totals": self.totals(view),
            "feeds": view.feeds.map { self.row($0, dates) },
            "isRunning": !view.running.isEmpty,
            "running": view.running.map { self.row($0, now) },
            "idleSentence": self.idleSentence(view),
            "waitingSentence": self.waitingSentence(view).orFalse, "queueAddress": Place.queue.address,
            "hasNodes": !view.nodes.isEmpty,
            "nodes": view.nodes.map { self.row($0, dates) },
            "nodeCommand": """
            cast2md node register \\
              --server \(view.serverAddress) \\
              --name "$(hostname)"
            cast2md node start
            """,
            "hasRecent": !view.finished.isEmpty,
            "recent": view.finished.map { self.row($0, dates) },
            "addCommand": "cast2md add https://example.org/feed.xml",
            "typedAddress": view.rejected?.address ?? "",
            "addProblem": (view.rejected?.sentence).orFalse,
        ]
        return self.render(
            "home", "cast2md", fields, isActive: !view.running.isEmpty || queued > 0,
            announcement: self.announcement(view))
    }

    private func totals(_ view: HomeView) -> [Fields] {
        var counts: [EpisodeState: Int] = [:]
        for feed in view.feeds { counts.merge(feed.counts, uniquingKeysWith: +) }
        let failed = counts[.failed] ?? 0
        var totals: [(String, Int, String)] = [
            ("Episodes", counts.values.reduce(0, +), ""), ("Transcribed", counts[.completed] ?? 0, "good"),
            ("Running", view.running.count, view.running.isEmpty ? "" : "busy"),
            ("Waiting", view.queuedDownloads + view.queuedTranscriptions, ""),
        ]
        if failed > 0 { totals.append(("Failed", failed, "bad")) }
        return totals.map { ["label": $0.0, "value": PageText.number($0.1), "tone": $0.2] }
    }

    private func row(_ feed: HomeView.FeedRow, _ dates: PageDates) -> Fields {
        let total = feed.counts.values.reduce(0, +)
        let done = feed.counts[.completed] ?? 0
        let failed = feed.counts[.failed] ?? 0
        let open = total - done - failed - (feed.counts[.new] ?? 0)
        var start = 0.0
        var parts: [Fields] = []
        for (count, tone) in [(done, "good"), (open, "busy"), (failed, "bad")] where count > 0 && total > 0 {
            let width = Double(count) / Double(total) * 100
            parts.append(["start": start, "width": width, "tone": tone])
            start += width
        }
        var summary = ["\(PageText.number(done)) of \(PageText.number(total))"]
        if open > 0 { summary.append("\(PageText.number(open)) under way") }
        if failed > 0 { summary.append("\(PageText.number(failed)) failed") }
        return [
            "address": PageAddress.feed(feed.id), "title": feed.title, "author": feed.author.orFalse,
            "problem": feed.problem.orFalse, "parts": parts, "summary": summary.joined(separator: " · "),
            "checked": dates.recent(feed.checkedAt).orFalse,
        ]
    }

    private func row(_ job: HomeView.RunningRow, _ now: Date) -> Fields {
        let elapsed = max(0, now.timeIntervalSince(job.startedAt))
        return [
            "address": PageAddress.episode(job.episodeID), "id": String(describing: job.episodeID), "title": job.title,
            "feedTitle": job.feedTitle,
            "stage": job.isSecondTry ? "Second try" : PageText.label(job.kind), "node": job.node.orFalse,
            "hasPercent": job.percent != nil,
            "percent": job.percent ?? 0, "percentText": job.percent.map { "\($0) %" } ?? "",
            "elapsed": PageText.span(elapsed), "remaining": PageText.remaining(elapsed, job.percent).orFalse,
        ]
    }

    private func row(_ node: HomeView.NodeRow, _ dates: PageDates) -> Fields {
        let (tone, state) =
            switch node.status {
            case .online: ("good", "ready")
            case .busy: ("busy", "busy")
            case .offline: ("off", "offline")
            }
        var details: [String] = []
        if let model = node.model { details.append(model) }
        if node.status == .busy, let slowest = node.slowest { details.append(PageText.slowest(slowest)) }
        if node.status == .offline {
            let heard = dates.recent(node.lastHeartbeatAt)?["text"] as? String
            details.append(heard.map { "last heard \($0)" } ?? "never heard")
        }
        let detail = details.isEmpty ? nil : details.joined(separator: " · ")
        return ["name": node.name, "tone": tone, "state": state, "detail": detail.orFalse]
    }

    func row(_ episode: HomeView.FinishedRow, _ dates: PageDates) -> Fields {
        var speed: String?
        if let audio = episode.audioSeconds, let work = episode.workSeconds, work > 0, audio > 0 {
            let factor = audio / work
            speed = factor < 10 ? "\((factor * 10).rounded() / 10)× real time" : "\(Int(min(factor, 1e6)))× real time"
        }
        return [
            "address": PageAddress.episode(episode.episodeID), "title": episode.title,
            "feedTitle": episode.feedTitle, "finished": dates.recent(episode.finishedAt).orFalse,
            "speed": speed.orFalse,
        ]
    }

    private func idleSentence(_ view: HomeView) -> String {
        if view.queuedTranscriptions > 0, !view.nodes.contains(where: { $0.status != .offline }) {
            return "Nothing runs: audio waits, and no node is there to transcribe it."
        }
        if view.queuedDownloads + view.queuedTranscriptions > 0 { return "Nothing runs yet. The next one starts soon." }
        return view.feeds.isEmpty ? "Nothing runs." : "Nothing runs, and nothing waits."
    }

    private func waitingSentence(_ view: HomeView) -> String? {
        var parts: [String] = []
        if view.queuedDownloads > 0 { parts.append("\(PageText.count(view.queuedDownloads, "download", "downloads"))") }
        if view.queuedTranscriptions > 0 {
            parts.append("\(PageText.count(view.queuedTranscriptions, "transcription", "transcriptions"))")
        }
        guard !parts.isEmpty else { return nil }
        let verb = view.queuedDownloads + view.queuedTranscriptions == 1 ? "waits" : "wait"
        return "\(parts.joined(separator: " and ")) \(verb)."
    }

    /// What a screen reader says when it changes: tens of percent, so that it does not talk all the time.
    private func announcement(_ view: HomeView) -> String {
        guard let first = view.running.first else { return "Nothing runs." }
        let percent = first.percent.map { ", \($0 / 10 * 10) percent" } ?? ""
        let more = view.running.count > 1 ? ", and \(view.running.count - 1) more" : ""
        return "\(PageText.label(first.kind)): \(first.title)\(percent)\(more)."
    }
}
