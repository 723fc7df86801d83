import Foundation

/// An item while it is being read, and how items become episodes.
struct FeedItem {
    var guid = ""
    var title = ""
    var itunesTitle = ""
    var description: String?
    var link: URL?
    private(set) var audioURL: URL?
    private(set) var mimeType = ""
    private var byteCount: Int64?
    private var duration: Double?
    private var publishedAt: Date?
    private var season: Int?
    private var number: Int?
    private var transcripts: [ParsedEpisode.TranscriptLink] = []

    /// - Parameter about: RSS 1.0's name of the item, which stands where later feeds have a guid.
    init(about: String? = nil) { self.guid = Self.name(about ?? "") }

    mutating func open(_ name: String, _ attributes: [String: String], base: URL) {
        switch name {
        case "enclosure":
            self.offer(attributes["url"], attributes["type"], attributes["length"], base)
        case "link", "atom:link":
            let relation = attributes["rel"]?.lowercased() ?? "alternate"
            if relation == "enclosure" {
                self.offer(attributes["href"], attributes["type"], attributes["length"], base)
            } else if relation == "alternate", let url = FeedURL.resolve(attributes["href"], base) {
                self.link = self.link ?? url
            }
        case "enc:enclosure":
            self.offer(
                attributes["rdf:resource"] ?? attributes["enc:url"], attributes["enc:type"], attributes["enc:length"],
                base)
        case "media:content":
            let type = attributes["type"] ?? (attributes["medium"] == "audio" ? "audio/mpeg" : "")
            let isNamedSo = type.isEmpty && attributes["medium"] == nil && Self.isAudio(attributes["url"], base)
            guard type.lowercased().hasPrefix("audio/") || isNamedSo else { return }
            self.offer(attributes["url"], type, attributes["filesize"], base)
        case "podcast:transcript":
            guard let url = FeedURL.resolve(attributes["url"], base), self.transcripts.count < 20 else { return }
            self.transcripts.append(
                .init(
                    url: url, mimeType: Self.mediaType(attributes["type"]),
                    language: attributes["language"]?.lowercased().nonEmpty,
                    relation: attributes["rel"]?.lowercased().nonEmpty))
        default: break
        }
    }

    mutating func take(_ text: String, of name: String, in parent: String, base: URL) {
        switch name {
        case "title": self.title = Self.title(text)
        case "itunes:title": self.itunesTitle = Self.title(text)
        case "guid", "id": self.guid = Self.name(text).nonEmpty ?? self.guid
        case "description", "content:encoded", "itunes:summary", "summary", "content":
            self.description = Self.longer(self.description, text)
        case "link": self.link = FeedURL.resolve(text, base) ?? self.link
        case "pubDate", "published", "dc:date": self.publishedAt = FeedDate.date(text) ?? self.publishedAt
        // Atom's `updated` and its kin count only where nothing says when it was published.
        case "updated", "issued": self.publishedAt = self.publishedAt ?? FeedDate.date(text)
        case "itunes:duration": self.duration = FeedDuration.seconds(text)
        case "itunes:season", "podcast:season": self.season = Self.number(text) ?? self.season
        case "itunes:episode", "podcast:episode": self.number = Self.number(text) ?? self.number
        default: break
        }
    }

    /// Takes an address of audio, unless a better one is there: the first audio wins, then the first that may be audio.
    private mutating func offer(_ address: String?, _ type: String?, _ length: String?, _ base: URL) {
        guard let url = FeedURL.resolve(address, base) else { return }
        let type = Self.mediaType(type)
        if ["image/", "text/", "application/pdf", "application/epub"].contains(where: type.hasPrefix) { return }
        if self.audioURL != nil, self.mimeType.hasPrefix("audio/") || !type.hasPrefix("audio/") { return }
        self.audioURL = url
        self.mimeType = type
        self.byteCount = length.flatMap { Int64($0.filter(\.isASCIIDigit)) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Takes the item's link for its audio where that is a recording and nothing else is there.
    mutating func settleAudio() {
        guard self.audioURL == nil, let link = self.link, Self.isAudio(link.absoluteString, link) else { return }
        self.audioURL = link
    }

    private static func isAudio(_ address: String?, _ base: URL) -> Bool {
        guard let url = FeedURL.resolve(address, base) else { return false }
        switch AudioFormat(pathExtension: url.pathExtension) {
        case .mp3, .m4a, .aac, .ogg, .opus, .flac, .wav: return true
        case .mp4, .webm, .aiff, .wma, .amr, nil: return false
        }
    }

    /// One line of a length that can still be shown.
    static func title(_ text: String) -> String {
        let line = PlainText.line(text)
        guard line.utf8.count > 1000, line.count > 1000 else { return line }
        return line.prefix(999) + "…"
    }

    /// A guid; what is longer than any that was seen names nothing.
    private static func name(_ text: String) -> String {
        let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return name.utf8.count <= 2048 ? name : ""
    }

    private func episode(guid: String, audioURL: URL) -> ParsedEpisode {
        let title =
            self.title.nonEmpty ?? self.itunesTitle.nonEmpty ?? audioURL.deletingPathExtension().lastPathComponent
        return ParsedEpisode(
            guid: guid, title: title, description: self.description, link: self.link, audioURL: audioURL,
            mimeType: self.mimeType, byteCount: self.byteCount, duration: self.duration,
            publishedAt: self.publishedAt, season: self.season, episode: self.number, transcripts: self.transcripts)
    }

    /// The episodes that the items are, each with a name of its own; exact repetitions are left out and counted.
    ///
    /// A guid that several recordings share names none of them: were the newest one to keep it, every new episode would
    /// pass for an old one at the next reading.
    static func episodes(from items: [FeedItem], leftOut: Int) -> ([ParsedEpisode], Int) {
        var recordings: [String: Set<URL>] = [:]
        var sharers: [URL: Set<String>] = [:]
        for item in items {
            guard let url = item.audioURL else { continue }
            recordings[item.guid, default: []].insert(url)
            sharers[url, default: []].insert(item.titleAndDate)
        }
        var seen: Set<String> = []
        var leftOut = leftOut
        var episodes: [ParsedEpisode] = []
        for item in items {
            guard let url = item.audioURL else { continue }
            var guid = item.guid
            if guid.isEmpty || (recordings[guid]?.count ?? 0) > 1 {
                let isShared = (sharers[url]?.count ?? 0) > 1
                guid = isShared ? "title:\(item.titleAndDate)" : "url:\(url.absoluteString)"
            }
            if seen.insert(guid).inserted {
                episodes.append(item.episode(guid: guid, audioURL: url))
            } else {
                leftOut += 1
            }
        }
        return (episodes, leftOut)
    }

    private var titleAndDate: String {
        let title = self.title.nonEmpty ?? self.itunesTitle
        guard let date = self.publishedAt else { return title }
        return "\(title)|\(Int64(date.timeIntervalSince1970))"
    }

    /// Of several descriptions the one that says most.
    static func longer(_ old: String?, _ text: String) -> String? {
        guard let new = PlainText.paragraphs(text).nonEmpty else { return old }
        return new.utf8.count > (old?.utf8.count ?? 0) ? new : old
    }

    private static func mediaType(_ text: String?) -> String {
        (text ?? "").prefix { $0 != ";" }.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    }

    private static func number(_ text: String) -> Int? {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let number = Int(text), (0...100_000).contains(number) else { return nil }
        return number
    }
}
