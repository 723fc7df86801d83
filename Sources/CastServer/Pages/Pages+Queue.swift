package import CastCore
import CastStore
package import Foundation

extension Pages {
    /// What runs, what waits and for how long, what failed.
    package func queue(_ view: QueuePageView, now: Date) -> String {
        let dates = PageDates(now: now, zone: self.zone)
        let running = view.lanes.reduce(0) { $0 + $1.running.count }
        let fields: Fields = [
            "notice": view.notice.orFalse, "totals": self.totals(view, running),
            "outlook": self.outlook(view, dates),
            "lanes": view.lanes.map { self.lane($0, view, dates) },
            "hasFailed": view.failedTotal > 0, "failedCount": PageText.number(view.failedTotal),
            "hasManyFailed": view.failedTotal > 1, "failed": view.failed.map { self.failed($0, dates) },
            "unshownFailed": self.unshown(view.failedTotal - view.failed.count).orFalse,
            "hasFinished": !view.finished.isEmpty, "finished": view.finished.map { self.row($0, dates) },
        ]
        return self.render(
            "queue", "Queue", fields, crumbs: [("Podcasts", "/")], place: .queue,
            isActive: running > 0 || view.waiting.episodes > 0,
            announcement: "\(PageText.number(view.waiting.episodes)) waiting, \(PageText.number(running)) running.")
    }

    /// Asks before everything of a kind is taken out of the queue.
    package func cancelWaiting(_ kind: JobKind, count: Int) -> String {
        let fields: Fields = [
            "question": "Cancel all waiting \(PageText.heading(kind).lowercased())?",
            "sentence": """
            \(PageText.count(count, "job", "jobs")) \(count == 1 ? "is" : "are") taken out of the queue. What runs goes \
            on, and the episodes stay; they can be queued again.
            """,
            "isAny": count > 0, "action": PageAddress.lane(kind, "cancel"),
            "label": "Cancel \(PageText.count(count, "job", "jobs"))",
        ]
        return self.render(
            "cancel-waiting", "Cancel all waiting", fields, crumbs: [("Podcasts", "/"), ("Queue", "/queue")],
            place: .queue)
    }

    // MARK: All together

    private func totals(_ view: QueuePageView, _ running: Int) -> [Fields] {
        var totals: [(label: String, value: String, tone: String)] = [
            ("Episodes waiting", PageText.number(view.waiting.episodes), ""),
            ("Running", PageText.number(running), running > 0 ? "busy" : ""),
        ]
        if view.waiting.episodes > 0, let audio = view.forecast.audioSeconds {
            totals.append(("Audio waiting", PageText.audio(audio), ""))
        }
        if let pace = view.forecast.pace { totals.append(("Hours of audio an hour", PageText.pace(pace), "")) }
        if self.obstacle(view) == nil, let remaining = view.forecast.remaining {
            totals.append(("Until done", PageText.prospect(remaining), ""))
        }
        if view.failedTotal > 0 { totals.append(("Failed", PageText.number(view.failedTotal), "bad")) }
        return totals.map { ["label": $0.label, "value": $0.value, "tone": $0.tone] }
    }

    /// What the numbers above mean, in a sentence or two.
    private func outlook(_ view: QueuePageView, _ dates: PageDates) -> String {
        guard view.waiting.episodes > 0 else { return "Nothing waits." }
        var sentences: [String] = []
        if let obstacle = self.obstacle(view) {
            sentences.append(obstacle)
        } else if let remaining = view.forecast.remaining {
            let end = dates.day(dates.now + min(remaining, 1e9))?["full"] as? String ?? ""
            sentences.append("At the speed of the last hour, everything is done about \(end).")
        } else if view.forecast.pace == nil {
            sentences.append("Nothing was finished in the last hour, so nobody can say yet when all is done.")
        }
        let unknown = view.waiting.unknown
        if unknown > 0, unknown < view.waiting.episodes {
            sentences.append(
                unknown == 1
                    ? "The length of 1 of them is not known; it is counted like the others."
                    : "The length of \(PageText.number(unknown)) of them is not known; they are counted like the others."
            )
        } else if unknown > 0 {
            sentences.append("Their length is not known yet.")
        }
        return sentences.joined(separator: " ")
    }

    /// What keeps everything from getting done, whatever the speed was; nil when nothing does.
    private func obstacle(_ view: QueuePageView) -> String? {
        let paused = view.lanes.filter { $0.pause != nil && ($0.waitingTotal > 0 || $0.kind == .transcribe) }
        if !paused.isEmpty {
            let names = paused.map { PageText.heading($0.kind) }.joined(separator: " and ")
            return "\(names) are paused, so not everything gets done until they are resumed."
        }
        if view.models.isEmpty { return "No node is connected, so nothing is transcribed until one is." }
        let missing = view.wantedModels.filter { !view.models.contains($0.key) }
        guard !missing.isEmpty else { return nil }
        let count = missing.values.reduce(0, +)
        let names = missing.keys.sorted().joined(separator: " or ")
        return "\(PageText.count(count, "transcription needs", "transcriptions need")) a node with the model \(names), "
            + "and none is connected."
    }

    // MARK: One kind

    private func lane(_ lane: QueuePageView.Lane, _ view: QueuePageView, _ dates: PageDates) -> Fields {
        let shown = lane.waiting.count
        let common = QueueWait.common(lane, models: view.models)
        return [
            "name": lane.kind.rawValue, "heading": PageText.heading(lane.kind),
            "isPaused": lane.pause != nil, "pauseText": lane.pause.map { self.pauseText($0, dates) }.orFalse,
            "pauseAction": PageAddress.lane(lane.kind, lane.pause == nil ? "pause" : "resume"),
            "pauseLabel": lane.pause == nil ? "Pause" : "Resume",
            "isRunning": !lane.running.isEmpty, "running": lane.running.map { self.running($0, dates.now) },
            "isWaiting": lane.waitingTotal > 0, "waitingCount": PageText.number(lane.waitingTotal),
            "waitingSentence": common, "cancelAddress": PageAddress.lane(lane.kind, "cancel"),
            "waiting": lane.waiting.enumerated().map { self.waiting($1, at: $0, view, dates.now) },
            "unshown": self.unshown(lane.waitingTotal - shown).orFalse,
            // A few are shown at once; a long list is opened by whoever wants it.
            "isOpen": lane.waitingTotal <= 5,
            "isIdle": lane.running.isEmpty && lane.waitingTotal == 0,
        ]
    }

    private func pauseText(_ pause: JobStore.Pause, _ dates: PageDates) -> String {
        let since = dates.recent(pause.since)?["text"] as? String ?? ""
        let reason = pause.reason.map { ": \($0)" } ?? ""
        return "Paused \(since)\(reason). What runs goes on; nothing new is begun."
    }

    private func unshown(_ count: Int) -> String? {
        count > 0 ? "And \(PageText.number(count)) more." : nil
    }

    private func running(_ row: QueuePageView.Row, _ now: Date) -> Fields {
        var elapsed = 0.0
        if case .running(let lease) = row.job.state { elapsed = max(0, now.timeIntervalSince(lease.since)) }
        let percent = row.job.percent
        return [
            "address": PageAddress.episode(row.job.episodeID), "id": String(describing: row.job.episodeID),
            "title": row.title, "feedTitle": row.feedTitle,
            "stage": PageText.label(row.job), "node": row.node.orFalse, "hasPercent": percent != nil,
            "percent": percent ?? 0, "percentText": percent.map { "\($0) %" } ?? "",
            "elapsed": PageText.span(elapsed), "remaining": PageText.remaining(elapsed, percent).orFalse,
        ]
    }

    private func waiting(_ row: QueuePageView.Row, at place: Int, _ view: QueuePageView, _ now: Date) -> Fields {
        let job = "/queue/jobs/\(row.job.id)"
        let reasons = [
            QueueWait.secondTry(row.job, row.secondTry), QueueWait.special(row.job, models: view.models, now: now),
        ].compactMap { $0 }
        return [
            "job": String(describing: row.job.id), "address": PageAddress.episode(row.job.episodeID),
            "title": row.title, "feedTitle": row.feedTitle,
            "reason": (reasons.isEmpty ? nil : reasons.joined(separator: " ")).orFalse,
            "problem": row.job.error.orFalse, "isFirst": place == 0, "firstAction": "\(job)/first",
            "cancelAction": "\(job)/cancel",
        ]
    }

    private func failed(_ row: QueuePageView.Row, _ dates: PageDates) -> Fields {
        var ended: Date?
        if case .failed(let at) = row.job.state { ended = at }
        return [
            "job": String(describing: row.job.id), "address": PageAddress.episode(row.job.episodeID),
            "title": row.title, "feedTitle": row.feedTitle,
            "stage": row.job.isSecondTry ? PageText.label(row.job) : PageText.heading(row.job.kind),
            "ended": dates.recent(ended).orFalse, "problem": row.job.error ?? "No reason was given.",
            "action": "/queue/jobs/\(row.job.id)/retry",
        ]
    }
}
