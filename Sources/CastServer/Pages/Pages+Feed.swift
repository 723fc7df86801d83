import CastCore
package import Foundation

extension Pages {
    /// A podcast with a page of its episodes.
    package func feed(_ view: FeedView, now: Date) -> String {
        let dates = PageDates(now: now, zone: self.zone)
        let total = view.counts.values.reduce(0, +)
        let fresh = view.counts[.new] ?? 0
        let running = (view.counts[.downloading] ?? 0) + (view.counts[.transcribing] ?? 0)
        let fields: Fields = [
            "title": view.title, "author": view.author.orFalse, "description": view.description.orFalse,
            "countText": PageText.count(total, "episode", "episodes"),
            "checked": dates.recent(view.checkedAt).orFalse, "link": PageAddress.outside(view.link).orFalse,
            "feedAddress": PageAddress.outside(view.feedAddress).orFalse, "problem": view.problem.orFalse,
            "notice": view.notice.orFalse,
            "queueLabel": self.queueLabel(fresh).orFalse, "queueAction": "/feeds/\(view.id)/process",
            "refreshAction": view.feedAddress.map { _ in "/feeds/\(view.id)/refresh" }.orFalse,
            "filters": self.filters(view, total),
            "settings": view.settings.map { self.settings($0, view.id) }.orFalse,
            "clearAddress":
                (view.search.map { !$0.isEmpty } == true
                ? PageAddress.feed(view.id, state: view.state, onlyDoubtful: view.onlyDoubtful) : nil).orFalse,
            "hasSearch": view.search != nil, "searchText": view.search ?? "",
            "stateName": (view.state?.rawValue).orFalse, "onlyDoubtful": view.onlyDoubtful,
            "address": PageAddress.feed(view.id),
            "hasEpisodes": !view.episodes.isEmpty, "episodes": view.episodes.map { self.row($0, dates) },
            "emptySentence": self.emptySentence(view, total),
            "hasPages": view.pageCount > 1,
            "pages": PagePager.fields(page: view.page, of: view.pageCount) { self.address(view, page: $0) },
            "previous": (view.page > 1 ? self.address(view, page: view.page - 1) : nil).orFalse,
            "next": (view.page < view.pageCount ? self.address(view, page: view.page + 1) : nil).orFalse,
        ]
        return self.render(
            "feed", view.title, fields, crumbs: [("Podcasts", "/")], isActive: running > 0,
            announcement: "\(PageText.number(view.counts[.completed] ?? 0)) of \(PageText.number(total)) transcribed.")
    }

    private func queueLabel(_ fresh: Int) -> String? {
        switch fresh {
        case 0: nil
        case 1: "Transcribe the new episode"
        default: "Transcribe all \(PageText.number(fresh)) new episodes"
        }
    }

    private func address(_ view: FeedView, page: Int) -> String {
        PageAddress.feed(
            view.id, state: view.state, onlyDoubtful: view.onlyDoubtful, search: view.search, page: page)
    }

    private func filters(_ view: FeedView, _ total: Int) -> [Fields] {
        var filters: [Fields] = [
            [
                "label": "All", "count": PageText.number(total), "isChosen": view.state == nil && !view.onlyDoubtful,
                "address": PageAddress.feed(view.id, search: view.search),
            ]
        ]
        // A state that nothing is in would lead to an empty page, unless it is the one that is shown.
        for state in EpisodeState.allCases where (view.counts[state] ?? 0) > 0 || state == view.state {
            filters.append([
                "label": state == .audioReady ? "Audio is here" : PageText.label(state, isQueued: false).label,
                "count": PageText.number(view.counts[state] ?? 0), "isChosen": state == view.state,
                "address": PageAddress.feed(view.id, state: state, search: view.search),
            ])
        }
        if view.doubtfulCount > 0 || view.onlyDoubtful {
            filters.append([
                "label": "Doubtful", "count": PageText.number(view.doubtfulCount), "isChosen": view.onlyDoubtful,
                "address": PageAddress.feed(view.id, onlyDoubtful: true, search: view.search),
            ])
        }
        return filters
    }

    private func row(_ episode: FeedView.EpisodeRow, _ dates: PageDates) -> Fields {
        let (label, tone) = PageText.label(episode.state, isQueued: episode.isQueued)
        let action: String? =
            switch episode.state {
            case .new: "Transcribe"
            case .failed: "Try again"
            case .audioReady: episode.isQueued ? nil : "Transcribe"
            case .awaitingTranscript, .needsAudio, .downloading, .transcribing, .completed: nil
            }
        return [
            "id": String(describing: episode.id), "address": PageAddress.episode(episode.id), "title": episode.title,
            "published": dates.day(episode.publishedAt).orFalse, "length": PageText.length(episode.duration).orFalse,
            "label": label, "tone": tone, "problem": (episode.state == .failed ? episode.problem : nil).orFalse,
            "hasPercent": episode.percent != nil, "percent": episode.percent ?? 0, "isDoubtful": episode.isDoubtful,
            "isDone": episode.state == .completed, "actionLabel": action.orFalse,
            "action": "\(PageAddress.episode(episode.id))/process",
        ]
    }

    private func settings(_ settings: FeedView.Settings, _ id: FeedID) -> Fields {
        let ways = Feed.Options.AutoQueue.allCases.map { way in
            let name =
                switch way {
                case .none: "nothing"
                case .new: "new episodes"
                case .all: "new episodes, and all that have no transcript yet"
                }
            return ["value": way.rawValue, "name": name, "isChosen": way == settings.autoQueue] as Fields
        }
        return [
            "action": "\(PageAddress.feed(id))/settings", "language": settings.language, "model": settings.model,
            "ways": ways, "takesPublished": settings.takesPublished, "models": settings.knownModels,
            "problem": settings.problem.orFalse, "isOpen": settings.problem != nil,
        ]
    }

    private func emptySentence(_ view: FeedView, _ total: Int) -> String {
        if let search = view.search, !search.isEmpty { return "No episode’s title has “\(search)” in it." }
        if view.onlyDoubtful { return "No transcript is doubtful." }
        if view.state != nil { return "No episode is in this state now." }
        return total == 0 ? "This podcast has no episodes with audio yet." : "There is nothing on this page."
    }
}
