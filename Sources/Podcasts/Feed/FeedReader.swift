import CastCore
import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Collects a feed from the events of one pass over its XML.
///
/// It is used by one call of `FeedParser.parse`, on one thread.
final class FeedReader: NSObject, XMLParserDelegate {
    private(set) var feed = ParsedFeed(title: "")
    private(set) var root: String?
    private(set) var fault: String?
    private(set) var itemCount = 0

    /// What relative addresses are resolved against: the feed's own, and what `xml:base` says from some depth on.
    private var bases: [(depth: Int, url: URL)]
    private let limits: FeedParser.Limits
    private var names = FeedNames()
    /// The open elements by their own names (`item`, `itunes:duration`).
    private var path: [String] = []
    private var item: FeedItem?
    private var items: [FeedItem] = []
    /// The depth of the element whose text is being collected; what is inside it belongs to its text.
    private var textDepth: Int?
    /// Whether the document's end was seen.
    private var isClosed = false
    private var text: [UInt8] = []

    init(base: URL, limits: FeedParser.Limits) {
        self.bases = [(0, base)]
        self.limits = limits
    }

    var isFeed: Bool {
        switch self.root {
        case "rss", "rdf", "RDF", "rdf:RDF", "feed", "channel": true
        default: false
        }
    }

    func noteFault(_ error: (any Error)?, line: Int) {
        // Scripts, comments of a cache, the whole feed once more: what stands behind the end is nobody's loss.
        guard !self.isClosed else { return }
        self.fault = "line \(line) is not sound XML"
    }

    /// The feed with its episodes, once the pass is over.
    func finished() -> ParsedFeed {
        var feed = self.feed
        feed.fault = self.fault
        (feed.episodes, feed.itemsLeftOut) = FeedItem.episodes(from: self.items, leftOut: feed.itemsLeftOut)
        return feed
    }

    // MARK: Events

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        guard !self.isClosed else { return }
        self.names.declare(attributes)
        let attributes = self.names.own(attributes)
        var name = self.names.own(elementName)
        let parent = self.path.last
        if self.path.isEmpty {
            if name == "atom:feed" {
                self.names.takeAtomForPlain()
                name = "feed"
            }
            self.root = name
        }
        self.path.append(name)
        guard self.textDepth == nil else {
            // HTML that stands in a description as elements: its lines are kept, its other tags say nothing.
            if ["br", "p", "div", "li"].contains(name), self.text.count < self.limits.textBytes {
                self.text.append(UInt8(ascii: "\n"))
            }
            return
        }

        if let url = FeedURL.resolve(attributes["xml:base"], self.base) { self.bases.append((self.path.count, url)) }
        if self.item == nil, name == "item" || name == "entry", self.path.count <= 4 {
            self.item = FeedItem(about: attributes["rdf:about"])
            return
        }
        if self.isCollected(name, in: parent) {
            self.textDepth = self.path.count
            self.text.removeAll(keepingCapacity: true)
        }
        if self.item != nil {
            self.item?.open(name, attributes, base: self.base)
        } else {
            self.openOfFeed(name, attributes)
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        guard self.textDepth != nil, self.text.count < self.limits.textBytes else { return }
        self.text.append(contentsOf: string.utf8.prefix(self.limits.textBytes - self.text.count))
    }

    func parser(_ parser: XMLParser, foundCDATA CDATABlock: Data) {
        guard self.textDepth != nil, self.text.count < self.limits.textBytes else { return }
        self.text.append(contentsOf: CDATABlock.prefix(self.limits.textBytes - self.text.count))
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
    ) {
        guard let name = self.path.last else { return }
        let parent = self.path.count > 1 ? self.path[self.path.count - 2] : ""
        defer {
            if let last = self.bases.last, last.depth == self.path.count, self.textDepth == nil {
                self.bases.removeLast()
            }
            self.path.removeLast()
            if self.path.isEmpty { self.isClosed = true }
        }
        if self.textDepth == self.path.count {
            self.textDepth = nil
            let text = String(decoding: self.text, as: UTF8.self)
            if self.item != nil {
                self.item?.take(text, of: name, in: parent, base: self.base)
            } else {
                self.take(text, of: name, in: parent)
            }
        }
        if self.textDepth == nil, name == "item" || name == "entry", let item = self.item {
            self.item = nil
            self.keep(item)
        }
    }

    func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) {
        if self.fault == nil { self.noteFault(parseError, line: parser.lineNumber) }
    }

    // MARK: The feed itself

    /// Whether an element's text is wanted: what stands directly in the feed or in an item, and two nested ones.
    private func isCollected(_ name: String, in parent: String?) -> Bool {
        switch (parent, name) {
        // These hold elements; an author of Atom does as well, one of RSS is text.
        case (_, "item"), (_, "entry"), (_, "itunes:owner"), (_, "itunes:category"), (_, "media:group"): false
        case ("entry", "author"), ("feed", "author"), ("channel", "image"): false
        case ("item", _), ("entry", _), ("channel", _), ("feed", _): true
        case ("image", "url"), ("author", "name"): true
        default: false
        }
    }

    private var base: URL { self.bases[self.bases.count - 1].url }

    private func keep(_ item: FeedItem) {
        var item = item
        item.settleAudio()
        self.itemCount += 1
        guard item.audioURL != nil else {
            self.feed.itemsWithoutAudio += 1
            return
        }
        guard self.items.count < self.limits.items else {
            self.feed.itemsLeftOut += 1
            return
        }
        self.items.append(item)
    }

    private func openOfFeed(_ name: String, _ attributes: [String: String]) {
        switch name {
        case "itunes:image":
            // iTunes' picture is the large one: it wins over RSS's own.
            if let url = FeedURL.resolve(attributes["href"], self.base) { self.feed.imageURL = url }
        case "itunes:category":
            let text = PlainText.line(attributes["text"] ?? "")
            if !text.isEmpty, !self.feed.categories.contains(text), self.feed.categories.count < 20 {
                self.feed.categories.append(text)
            }
        case "link", "atom:link":
            guard let url = FeedURL.resolve(attributes["href"], self.base) else { return }
            switch attributes["rel"]?.lowercased() ?? "alternate" {
            // Atom; an RSS link has text instead.
            case "alternate": if name == "link" { self.feed.link = url }
            // RFC 5005: paged feeds say `next`, archived ones `prev-archive`; both lead to what is older.
            case "next", "prev-archive": self.feed.nextPage = self.feed.nextPage ?? url
            default: break
            }
        default: break
        }
    }

    private func take(_ text: String, of name: String, in parent: String) {
        switch name {
        case "title": self.feed.title = FeedItem.title(text)
        case "description", "subtitle": self.feed.description = FeedItem.longer(self.feed.description, text)
        case "itunes:summary": self.feed.description = FeedItem.longer(self.feed.description, text)
        case "link": self.feed.link = FeedURL.resolve(text, self.base) ?? self.feed.link
        case "itunes:author": self.feed.author = PlainText.line(text).nonEmpty ?? self.feed.author
        case "author", "managingEditor", "dc:creator", "name":
            self.feed.author = self.feed.author ?? PlainText.line(text).nonEmpty
        case "language", "dc:language": self.feed.language = PlainText.line(text).lowercased().nonEmpty
        case "url", "logo": self.feed.imageURL = self.feed.imageURL ?? FeedURL.resolve(text, self.base)
        // Whichever directories it means: a feed for one listener asks all of them.
        case "itunes:block", "podcast:block":
            self.feed.isUnlisted = self.feed.isUnlisted || ["yes", "true"].contains(PlainText.line(text).lowercased())
        case "itunes:new-feed-url": self.feed.newFeedURL = FeedURL.resolve(text, self.base)
        default: break
        }
    }
}

extension String {
    var nonEmpty: String? { self.isEmpty ? nil : self }
}
