import CastCore
import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Collects a list of feeds from the events of one pass over its XML.
final class OPMLReader: NSObject, XMLParserDelegate {
    private let limits: OPML.Limits
    private var list = OPML.List()
    private var root: String?
    private var depth = 0
    /// The open outlines: their names, and nil for those that are feeds or beyond the limit of depth.
    private var groups: [String?] = []
    private var seen: Set<URL> = []
    private var title: String?
    private var isInTitle = false

    private init(limits: OPML.Limits) { self.limits = limits }

    static func read(_ data: Data, limits: OPML.Limits) throws -> OPML.List {
        guard data.count <= limits.bytes else {
            throw CastError(.tooLarge, "The list is larger than \(limits.bytes >> 20) MB. Cut it into several.")
        }
        var repair = FeedRepair(contentType: nil)
        // Always: lists are small, and half of them are written by hand or by programs that cannot escape.
        let reader = OPMLReader(limits: limits)
        let parser = XMLParser(data: Data(repair.mended(data)))
        parser.shouldProcessNamespaces = false
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        // Whether it was sound is told on the way.
        _ = parser.parse()
        guard let root = reader.root else { throw CastError(.invalid, "This is no list of feeds (OPML).") }
        guard root == "opml" || (root == "outline" || root == "body") else {
            throw CastError(
                .invalid,
                root == "html"
                    ? "This is a web page, not a list of feeds (OPML)."
                    : "This is an XML file (<\(root.prefix(40))>), but no list of feeds (OPML).")
        }
        return reader.list
    }

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        let name = elementName.lowercased()
        self.root = self.root ?? name
        self.depth += 1
        self.isInTitle = name == "title" && self.groups.isEmpty && self.list.title == nil
        if self.isInTitle { self.title = "" }
        guard name == "outline" else { return }
        self.open(Dictionary(attributes.map { ($0.lowercased(), $1) }) { first, _ in first }, line: parser.lineNumber)
    }

    func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) {
        guard self.depth > 0 else { return }
        self.complain("Line \(parser.lineNumber) is not sound XML; nothing behind it was read.", once: true)
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if self.isInTitle, (self.title ?? "").utf8.count < 1000 { self.title = (self.title ?? "") + string }
    }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
        self.parser(parser, foundCharacters: String(decoding: block, as: UTF8.self))
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
    ) {
        self.depth -= 1
        if self.isInTitle {
            self.isInTitle = false
            self.list.title = Self.line(self.title ?? "").nonEmpty
        }
        if elementName.lowercased() == "outline", !self.groups.isEmpty { self.groups.removeLast() }
    }

    private func open(_ attributes: [String: String], line: Int) {
        let name = Self.line(attributes["text"]?.nonEmpty ?? attributes["title"] ?? "")
        let type = attributes["type"]?.lowercased() ?? ""
        // `url` is an address of a feed in lists of old, and a page's or another list's where the type says so.
        let isElsewhere = type == "link" || type == "include"
        let address = attributes["xmlurl"]?.nonEmpty ?? (isElsewhere ? nil : attributes["url"]?.nonEmpty)
        guard let address else {
            let isGroup = !name.isEmpty && self.groups.count < self.limits.depth
            if type == "rss" || type == "atom" { self.complain("Line \(line): “\(name)” has no address.") }
            self.groups.append(isGroup ? name : nil)
            return
        }
        self.groups.append(nil)
        guard let url = Self.url(address) else {
            self.complain("Line \(line): “\(String(address.prefix(100)))” is no address on the web.")
            return
        }
        guard self.list.entries.count < self.limits.entries else {
            self.complain("The list has more than \(self.limits.entries) feeds; the rest was left out.", once: true)
            return
        }
        // Twice in one list is common, in two groups for example: nobody's fault.
        guard self.seen.insert(url).inserted else { return }
        self.list.entries.append(
            .init(title: name, url: url, groups: self.groups.dropLast().compactMap(\.self)))
    }

    /// A name on one line, of a length that can be shown; what looks like HTML in it is left as it is.
    private static func line(_ text: String) -> String {
        String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(1000))
    }

    /// An address as lists have it: with white space, with the schemes that podcast programs made up.
    private static func url(_ text: String) -> URL? {
        var text = text.trimmingCharacters(in: .whitespacesAndNewlines).replacing("&amp;", with: "&")
        for scheme in ["feed://", "itpc://", "pcast://", "podcast://"] where text.lowercased().hasPrefix(scheme) {
            text = "https://" + text.dropFirst(scheme.count)
        }
        if text.lowercased().hasPrefix("feed:http") { text = String(text.dropFirst(5)) }
        guard text.utf8.count <= 8192, let url = URL(string: text), url.isWeb else { return nil }
        return url
    }

    private func complain(_ sentence: String, once: Bool = false) {
        guard self.list.faults.count < self.limits.faults, !once || self.list.faults.last != sentence else { return }
        self.list.faults.append(sentence)
    }
}
