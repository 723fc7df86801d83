package import Foundation

/// Lists of feeds as podcast programs hand them to one another.
package enum OPML {
    /// One feed of a list.
    package struct Entry: Sendable, Equatable {
        /// What the list calls it; empty where it calls it nothing.
        package var title: String
        package var url: URL
        /// The groups that it is in, the outermost first.
        package var groups: [String]

        package init(title: String, url: URL, groups: [String] = []) {
            self.title = title
            self.url = url
            self.groups = groups
        }
    }

    /// What a list holds.
    package struct List: Sendable, Equatable {
        /// The list's own title; nil where it has none.
        package var title: String?
        /// In the list's order; a feed that is there twice is there once.
        package var entries: [Entry]
        /// What could not be taken, a sentence each, at most `Limits.faults` of them.
        package var faults: [String]

        package init(title: String? = nil, entries: [Entry] = [], faults: [String] = []) {
            self.title = title
            self.entries = entries
            self.faults = faults
        }
    }

    /// How much of a list is read.
    package struct Limits: Sendable {
        package var bytes = 4 << 20
        package var entries = 10_000
        /// Groups within one another; what is deeper is taken without the inner ones' names.
        package var depth = 16
        package var faults = 100

        package init() {}
    }

    /// Reads a list, sound XML or not.
    ///
    /// Throws `CastError`: `.tooLarge`, and `.invalid` for what is no list. A fault within the list is named in
    /// `faults`, and the rest is read.
    package static func parse(_ bytes: some Collection<UInt8>, limits: Limits = Limits()) throws -> List {
        try OPMLReader.read(Data(bytes), limits: limits)
    }

    /// The list as OPML 2.0; what `parse` makes of it is the same list again.
    ///
    /// Entries of one group that follow one another share an outline.
    package static func render(_ entries: [Entry], title: String) -> String {
        var pieces = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n<head>",
            XMLText.element("title", title), "</head>\n<body>\n",
        ]
        var open: [String] = []
        for entry in entries {
            let shared = zip(open, entry.groups).prefix { $0 == $1 }.count
            pieces += Array(repeating: "</outline>\n", count: open.count - shared)
            for group in entry.groups[shared...] { pieces.append("<outline\(self.names(group))>\n") }
            open = entry.groups
            pieces.append(
                "<outline type=\"rss\"\(self.names(entry.title))"
                    + "\(XMLText.attribute("xmlUrl", entry.url.absoluteString))/>\n")
        }
        pieces += Array(repeating: "</outline>\n", count: open.count)
        pieces.append("</body>\n</opml>\n")
        return pieces.joined()
    }

    /// `text` is what the format wants, `title` what many programs look for.
    private static func names(_ name: String) -> String {
        XMLText.attribute("text", name) + XMLText.attribute("title", name)
    }
}
