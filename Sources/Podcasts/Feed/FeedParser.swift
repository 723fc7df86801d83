import CastCore
package import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Reads a feed that lies in a file: RSS 2.0 and 1.0 with iTunes' and Podcasting 2.0's additions, and Atom.
///
/// The file is read as a stream. When it is not sound XML, which is common, a repaired copy is made beside it, read
/// instead and removed again.
package struct FeedParser: Sendable {
    package struct Limits: Sendable {
        /// Items above it are left out and counted.
        package var items = 50_000
        /// UTF-8 bytes of one text; more is cut off.
        package var textBytes = 64 * 1024

        package init() {}
    }

    package var limits: Limits

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Reads the feed in `file`, which came from `url`; relative addresses in it are resolved against that.
    ///
    /// `contentType` is the answer's header, for feeds whose encoding stands nowhere else.
    package func parse(file: URL, from url: URL, contentType: String? = nil) throws -> ParsedFeed {
        let start = try Self.start(of: file)
        if let complaint = Self.complaint(about: start) { throw CastError(.invalid, complaint) }
        let prologue = FeedPrologue(start)
        if let danger = prologue.danger {
            throw CastError(.invalid, "The feed declares \(danger), which is not read: \(url.place).")
        }

        var first: FeedReader?
        // Declared entities are never expanded: the repaired copy comes without the declarations. And an encoding that
        // the bytes may contradict has to be found out first, since the wrong one gives sound XML with wrong letters.
        if try FeedInspection.isHarmless(file) {
            let reader = try self.read(file, from: url)
            if reader.fault == nil, reader.isFeed { return try self.feed(reader, url) }
            first = reader
        }
        let copy = file.appendingPathExtension("repaired")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FeedRepair(contentType: contentType).write(file, to: copy)
        let second = try self.read(copy, from: url)
        // A file that ends in the middle is not made whole by a repair; the better of both readings counts.
        if let first, second.fault != nil, first.itemCount > second.itemCount { return try self.feed(first, url) }
        return try self.feed(second, url)
    }

    private func read(_ file: URL, from url: URL) throws -> FeedReader {
        guard let stream = InputStream(fileAtPath: file.path) else {
            throw CastError(.internalFault, "The fetched feed cannot be opened.")
        }
        let reader = FeedReader(base: url, limits: self.limits)
        let parser = XMLParser(stream: stream)
        parser.shouldProcessNamespaces = false
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        let isSound = parser.parse()
        if !isSound, reader.fault == nil { reader.noteFault(parser.parserError, line: parser.lineNumber) }
        return reader
    }

    private func feed(_ reader: FeedReader, _ url: URL) throws -> ParsedFeed {
        guard reader.isFeed else {
            if reader.root == "opml" {
                throw CastError(.invalid, "\(url.place) is a list of feeds (<opml>), not a feed. Import it as a list.")
            }
            if let root = reader.root {
                throw CastError(.invalid, "\(url.place) is an XML file (<\(root.prefix(40))>), but not a feed.")
            }
            throw CastError(.invalid, "\(url.place) is not a feed: \(reader.fault ?? "it has no content").")
        }
        if reader.fault != nil, reader.itemCount == 0, reader.feed.title.isEmpty {
            throw CastError(.invalid, "The feed at \(url.place) cannot be read: \(reader.fault ?? "").")
        }
        var feed = reader.finished()
        if feed.title.isEmpty { feed.title = url.host ?? url.place }
        return feed
    }

    private static func start(of file: URL) throws -> [UInt8] {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        return Array(try handle.read(upToCount: 64 * 1024) ?? Data())
    }

    /// What a file is that cannot be a feed, in a sentence; nil for anything that might be one.
    static func complaint(about start: [UInt8]) -> String? {
        // UTF-16 has a zero in every other byte of what is looked for here.
        let text = String(decoding: start.prefix(1024).filter { $0 != 0 }, as: UTF8.self).lowercased()
        let body = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" || $0 == "\u{FFFD}" }
        if body.isEmpty { return "The address answered with nothing where a feed was expected." }
        let isFeed = ["<rss", "<feed", "<rdf:rdf", "<?xml"].contains { body.contains($0) }
        if body.hasPrefix("<!doctype html") || body.hasPrefix("<html") || (!isFeed && body.contains("<html")) {
            return "The address answered with a web page, not with a feed. Look for its RSS link and add that."
        }
        if body.hasPrefix("{") || body.hasPrefix("[") { return "The address answered with JSON, not with a feed." }
        if start.starts(with: [0x1F, 0x8B]) { return "The address answered with a compressed file, not with a feed." }
        if !isFeed, AudioFormat(magic: start) != nil {
            return "The address is an audio file, not a feed. Add it as an episode."
        }
        guard body.contains("<") else { return "The address answered with text that is no feed." }
        return nil
    }
}

extension URL {
    /// The address as a person may see it: without the user's name, password and query, where secrets stand.
    package var place: String {
        var components = URLComponents(url: self, resolvingAgainstBaseURL: true)
        components?.user = nil
        components?.password = nil
        components?.query = nil
        components?.fragment = nil
        return String((components?.string ?? self.host ?? "the address").prefix(200))
    }
}
