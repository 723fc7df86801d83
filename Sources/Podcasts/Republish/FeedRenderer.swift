import CastCore
package import Foundation

/// Writes a podcast as a feed: RSS 2.0 with iTunes' and Podcasting 2.0's additions.
///
/// It writes what `FeedParser` reads, so that a feed can be republished with transcripts that it did not have: audio
/// stays at the publisher's address. The feed comes in pieces, one an episode, for bodies that are streamed; each
/// depends on its episode alone.
package struct FeedRenderer: Sendable {
    /// What the feed says of itself; its `episodes` are what `pieces` and `text` write.
    package var feed: ParsedFeed
    /// Where this feed is found, for its link to itself.
    package var address: URL?

    package init(_ feed: ParsedFeed, address: URL? = nil) {
        self.feed = feed
        self.address = address
    }

    /// The whole feed, piece by piece; each is made when it is asked for.
    package var pieces: some Sequence<String> {
        let episodes = self.feed.episodes
        return (0..<episodes.count + 2).lazy.map { index in
            switch index {
            case 0: self.head
            case episodes.count + 1: Self.tail
            default: Self.item(episodes[index - 1])
            }
        }
    }

    /// The whole feed at once.
    package var text: String { self.pieces.joined() }

    /// What stands before the first item.
    package var head: String {
        let feed = self.feed
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" "
                + "xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" "
                + "xmlns:podcast=\"https://podcastindex.org/namespace/1.0\">",
            "<channel>", XMLText.element("title", feed.title),
            // RSS wants both of them, with or without content.
            XMLText.element("link", (feed.link ?? self.address)?.absoluteString ?? ""),
            XMLText.element("description", Self.html(feed.description ?? "")),
        ]
        lines += [(self.address, "self"), (feed.nextPage, "next")].compactMap { url, relation in
            url.map {
                "<atom:link\(XMLText.attribute("href", $0.absoluteString)) rel=\"\(relation)\" type=\"application/rss+xml\"/>"
            }
        }
        lines += [("language", feed.language), ("itunes:author", feed.author)].compactMap { name, value in
            value.map { XMLText.element(name, $0) }
        }
        lines += feed.imageURL.map { ["<itunes:image\(XMLText.attribute("href", $0.absoluteString))/>"] } ?? []
        lines += feed.categories.map { "<itunes:category\(XMLText.attribute("text", $0))/>" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What stands behind the last item.
    package static let tail = "</channel>\n</rss>\n"

    /// One episode.
    package static func item(_ episode: ParsedEpisode) -> String {
        let type = episode.mimeType.isEmpty ? "audio/mpeg" : episode.mimeType
        var lines = [
            "<item>", XMLText.element("title", episode.title),
            "<guid isPermaLink=\"false\">\(XMLText.escaped(episode.guid))</guid>",
            // RSS wants a length; 0 is what those write who do not know it.
            "<enclosure\(XMLText.attribute("url", episode.audioURL.absoluteString))"
                + "\(XMLText.attribute("length", "\(episode.byteCount ?? 0)"))\(XMLText.attribute("type", type))/>",
        ]
        let fields: [(String, String?)] = [
            ("link", episode.link?.absoluteString), ("description", episode.description.map(self.html)),
            ("pubDate", episode.publishedAt.flatMap(FeedDate.text)),
            ("itunes:duration", episode.duration.flatMap { Int(exactly: $0.rounded()) }.map { "\($0)" }),
            ("itunes:season", episode.season.map { "\($0)" }), ("itunes:episode", episode.episode.map { "\($0)" }),
        ]
        lines += fields.compactMap { name, value in value.map { XMLText.element(name, $0) } }
        lines += episode.transcripts.map { link in
            "<podcast:transcript\(XMLText.attribute("url", link.url.absoluteString))"
                + "\(XMLText.attribute("type", link.mimeType.isEmpty ? nil : link.mimeType))"
                + "\(XMLText.attribute("language", link.language))\(XMLText.attribute("rel", link.relation))/>"
        }
        lines.append("</item>\n")
        return lines.joined(separator: "\n")
    }

    /// A description as the HTML that readers take it for: its lines and signs stay what they are.
    private static func html(_ text: String) -> String {
        let safe = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        guard safe.utf8.contains(UInt8(ascii: "\n")) else { return safe }
        return safe.split(separator: "\n\n").map { "<p>\($0.replacing("\n", with: "<br>"))</p>" }.joined()
    }
}
