import CastCore
package import Foundation

extension Pages {
    /// What was found in titles and transcripts, or how to look for it.
    package func search(_ view: SearchView, now: Date) -> String {
        let dates = PageDates(now: now, zone: self.zone)
        let hasFound = !view.episodes.isEmpty || !view.groups.isEmpty
        let isTyped = !view.text.allSatisfy(\.isWhitespace)
        let fields: Fields = [
            "text": view.text, "isTyped": isTyped,
            "hasFeeds": view.feeds.count > 1 || view.feed != nil,
            "feeds": view.feeds.map { feed in
                ["id": String(describing: feed.id), "title": feed.title, "isChosen": feed.id == view.feed] as Fields
            },
            "summary": (hasFound ? self.summary(view) : nil).orFalse,
            "hasEpisodes": !view.episodes.isEmpty, "episodes": view.episodes.map { self.row($0, dates) },
            "titlesHeading": view.part == .titles ? "Episodes" : "In titles and descriptions",
            "moreEpisodes": self.moreEpisodes(view).orFalse,
            "moreAddress": PageAddress.search(view.text, feed: view.feed, onlyTitles: true),
            "wholeAddress": (view.part == .titles ? PageAddress.search(view.text, feed: view.feed) : nil).orFalse,
            "hasGroups": !view.groups.isEmpty, "groups": view.groups.map { self.group($0, dates) },
            "isEmpty": isTyped && !hasFound,
            "emptySentence": self.emptySentence(view),
            "everywhere": (view.feed == nil ? nil : PageAddress.search(view.text)).orFalse,
            "isIntroduction": !isTyped, "indexed": self.indexed(view),
            "hasPages": view.pageCount > 1,
            "pages": PagePager.fields(page: view.page, of: view.pageCount) { self.address(view, page: $0) },
            "previous": (view.page > 1 ? self.address(view, page: view.page - 1) : nil).orFalse,
            "next": (view.page < view.pageCount ? self.address(view, page: view.page + 1) : nil).orFalse,
        ]
        let title = isTyped ? "\(view.text) · Search" : "Search"
        return self.render("search", title, fields, crumbs: [("Podcasts", "/")], place: .search)
    }

    private func address(_ view: SearchView, page: Int) -> String {
        PageAddress.search(view.text, feed: view.feed, onlyTitles: view.part == .titles, page: page)
    }

    private func summary(_ view: SearchView) -> String {
        var parts: [String] = []
        if view.part == .everything, view.placeTotal > 0 {
            let more = view.hasMorePlaces ? "More than " : ""
            parts.append("\(more)\(PageText.count(view.placeTotal, "place", "places")) in transcripts")
        }
        if view.episodeTotal > 0 {
            parts.append("\(PageText.count(view.episodeTotal, "episode", "episodes")) by title or description")
        }
        return parts.joined(separator: ", ") + "."
    }

    private func moreEpisodes(_ view: SearchView) -> String? {
        guard view.part == .everything, view.episodeTotal > view.episodes.count, !view.episodes.isEmpty else {
            return nil
        }
        return "All \(PageText.number(view.episodeTotal)) episodes"
    }

    private func row(_ episode: SearchView.EpisodeRow, _ dates: PageDates) -> Fields {
        let (label, tone) = PageText.label(episode.state, isQueued: episode.isQueued)
        return [
            "address": PageAddress.episode(episode.id), "title": episode.title, "feedTitle": episode.feedTitle,
            "feedAddress": PageAddress.feed(episode.feedID), "published": dates.day(episode.publishedAt).orFalse,
            "label": label, "tone": tone, "isDone": episode.state == .completed,
        ]
    }

    private func group(_ group: SearchView.Group, _ dates: PageDates) -> Fields {
        var fields = self.row(group.episode, dates)
        fields["places"] = group.places.map { place in
            [
                "address": PageAddress.episode(group.episode.id, at: place.start),
                "clock": PageText.clock(place.start), "parts": SnippetParts.fields(place.snippet),
            ] as Fields
        }
        return fields
    }

    private func emptySentence(_ view: SearchView) -> String {
        if SearchQuery(view.text).isEmpty {
            return "There is no word in “\(view.text)” to look for. A word behind a minus only leaves things out."
        }
        if view.page > 1 { return "There is nothing on this page." }
        let feed = view.feed.flatMap { id in view.feeds.first { $0.id == id } }
        return "“\(view.text)” is nowhere in \(feed.map { "“\($0.title)”" } ?? "titles and transcripts")."
    }

    private func indexed(_ view: SearchView) -> String {
        switch view.indexedEpisodes {
        case 0: "No episode is transcribed yet, so only titles and descriptions can be found."
        case 1: "The transcript of 1 episode can be searched, and all titles and descriptions."
        default:
            "The transcripts of \(PageText.number(view.indexedEpisodes)) episodes can be searched, and all titles and "
                + "descriptions."
        }
    }
}

/// A snippet as a template takes it: pieces of text, each found or not, so that everything is escaped.
enum SnippetParts {
    static func fields(_ marked: String) -> [Pages.Fields] {
        var parts: [Pages.Fields] = []
        var text = ""
        var isHit = false
        func flush() {
            if !text.isEmpty { parts.append(["text": text, "isHit": isHit]) }
            text = ""
        }
        for character in marked {
            switch character {
            case Snippet.open:
                flush()
                isHit = true
            case Snippet.close:
                flush()
                isHit = false
            default: text.append(character)
            }
        }
        flush()
        return parts
    }
}

/// The numbers below a list: the first page, the last and those around the one that is shown, with gaps between.
enum PagePager {
    static func fields(page shown: Int, of count: Int, address: (Int) -> String) -> [Pages.Fields] {
        guard count > 1 else { return [] }
        var pages: [Pages.Fields] = []
        var last = 0
        for page in 1...count where page == 1 || page == count || abs(page - shown) <= 2 {
            if page > last + 1 { pages.append(["isGap": true]) }
            last = page
            pages.append([
                "isGap": false, "number": PageText.number(page), "address": address(page), "isChosen": page == shown,
            ])
        }
        return pages
    }
}
