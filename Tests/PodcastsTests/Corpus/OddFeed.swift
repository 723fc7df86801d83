import Foundation
import Podcasts
import Testing

/// A feed that is broken or odd in a way that was seen in the wild, and what becomes of it.
struct OddFeed: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// What is read of it, by the names of `facts`; what is not named is as `usual`.
        case taken([String: String])
        /// Refused with a sentence that holds these words.
        case refused(String)
    }

    var name: String
    var bytes: Data
    var contentType: String?
    var outcome: Outcome

    var testDescription: String { self.name }

    init(_ name: String, _ text: String, contentType: String? = nil, _ facts: [String: String] = [:]) {
        self.init(name, bytes: Data(text.utf8), contentType: contentType, .taken(facts))
    }

    init(_ name: String, _ text: String, contentType: String? = nil, refused words: String) {
        self.init(name, bytes: Data(text.utf8), contentType: contentType, .refused(words))
    }

    init(_ name: String, bytes: Data, contentType: String? = nil, _ outcome: Outcome) {
        self.name = name
        self.bytes = bytes
        self.contentType = contentType
        self.outcome = outcome
    }

    /// What every feed here gives unless its row says otherwise.
    static let usual = [
        "title": "Show", "episodes": "1", "first": "One", "audio": "https://e.org/1.mp3", "guid": "id-1",
        "fault": "none", "without audio": "0", "left out": "0",
    ]

    static let address = URL(string: "https://e.org/podcasts/feed.xml")

    /// What was read, by name; nothing is "none".
    static func facts(_ feed: ParsedFeed) -> [String: String] {
        let first = feed.episodes.first
        func text(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "none" }
        return [
            "title": feed.title, "episodes": "\(feed.episodes.count)", "fault": text(feed.fault),
            "without audio": "\(feed.itemsWithoutAudio)", "left out": "\(feed.itemsLeftOut)",
            "new address": text(feed.newFeedURL), "next page": text(feed.nextPage), "page": text(feed.link),
            "author": text(feed.author), "language": text(feed.language),
            "picture": text(feed.imageURL), "first": text(first?.title), "guid": text(first?.guid),
            "guids": feed.episodes.map(\.guid).joined(separator: " "),
            "titles": feed.episodes.map(\.title).joined(separator: " | "),
            "audio": text(first?.audioURL), "type": text(first?.mimeType), "bytes": text(first?.byteCount),
            "seconds": text(first?.duration), "description": text(first?.description), "link": text(first?.link),
            "date": text(first?.publishedAt.map { Int($0.timeIntervalSince1970) }),
            "transcripts": (first?.transcripts ?? [])
                .map { "\($0.url.lastPathComponent) \($0.mimeType) \($0.language ?? "-") \($0.relation ?? "-")" }
                .joined(separator: ", "),
        ]
    }

    // MARK: Pieces that feeds are made of

    static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    static let root =
        "<rss version=\"2.0\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" "
        + "xmlns:podcast=\"https://podcastindex.org/namespace/1.0\" xmlns:media=\"http://search.yahoo.com/mrss/\" "
        + "xmlns:atom=\"http://www.w3.org/2005/Atom\">"
    static let enclosure = "<enclosure url=\"https://e.org/1.mp3\" type=\"audio/mpeg\" length=\"100\"/>"

    static func rss(
        _ items: String, channel: String = "", head: String = OddFeed.declaration, root: String = OddFeed.root
    ) -> String {
        "\(head)\(root)<channel><title>Show</title>\(channel)\(items)</channel></rss>"
    }

    /// An item with title, guid and audio, of which each can be put otherwise.
    static func item(
        _ inside: String = "", title: String = "<title>One</title>", guid: String = "<guid>id-1</guid>",
        enclosure: String = OddFeed.enclosure
    ) -> String {
        "<item>\(title)\(guid)\(enclosure)\(inside)</item>"
    }
}
