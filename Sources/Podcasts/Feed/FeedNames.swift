/// Gives elements their own names, whatever prefix a feed chose for a namespace.
///
/// Done by hand because a parser that knows namespaces stops at a prefix that nobody declared, and many feeds declare
/// `itunes` with an address that is not quite iTunes'.
struct FeedNames {
    /// A feed's prefix, and what we call the namespace: `""` for RSS and Atom themselves.
    private var prefixes: [String: String] = [:]

    mutating func declare(_ attributes: [String: String]) {
        for (name, address) in attributes where name.hasPrefix("xmlns") {
            let prefix = name.split(separator: ":", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
            guard name.count == 5 || name.hasPrefix("xmlns:") else { continue }
            if let own = Self.own(namespace: address), !(prefix.isEmpty && own != "") { self.prefixes[prefix] = own }
        }
    }

    /// For a feed whose every name has Atom's prefix.
    mutating func takeAtomForPlain() {
        for (prefix, own) in self.prefixes where own == "atom" { self.prefixes[prefix] = "" }
    }

    func own(_ name: String) -> String {
        guard let colon = name.firstIndex(of: ":") else { return Self.usual(name[...]) }
        let prefix = String(name[..<colon])
        let local = Self.usual(name[name.index(after: colon)...])
        let own = self.prefixes[prefix] ?? prefix.lowercased()
        return own.isEmpty ? local : "\(own):\(local)"
    }

    /// Attributes by their names in small letters: some feeds shout.
    func own(_ attributes: [String: String]) -> [String: String] {
        guard attributes.keys.contains(where: \.hasCapitals) else { return attributes }
        return Dictionary(attributes.map { ($0.lowercased(), $1) }) { first, _ in first }
    }

    /// The name in small letters, but for those that have capitals by right.
    ///
    /// XML tells `ITEM` from `item`; who writes it does not.
    private static func usual(_ name: Substring) -> String {
        guard name.hasCapitals else { return String(name) }
        let small = name.lowercased()
        switch small {
        case "pubdate": return "pubDate"
        case "managingeditor": return "managingEditor"
        case "rdf": return "RDF"
        default: return small
        }
    }

    private static func own(namespace: String) -> String? {
        let address = namespace.lowercased()
        if address.contains("itunes.com/dtds/podcast") { return "itunes" }
        if address.contains("podcastindex.org/namespace") || address.contains("podcast-namespace") { return "podcast" }
        if address.contains("purl.org/rss/1.0/modules/content") { return "content" }
        if address.contains("purl.org/dc/elements") { return "dc" }
        if address.contains("search.yahoo.com/mrss") { return "media" }
        if address.contains("purl.oclc.org/net/rss_2.0/enc") { return "enc" }
        if address.contains("22-rdf-syntax-ns") { return "rdf" }
        // Atom inside RSS must not pass for RSS: its `link` is another thing. As a whole feed it has no prefix.
        if address.contains("w3.org/2005/atom") { return "atom" }
        if address.contains("purl.org/rss/1.0") || address.contains("backend.userland.com/rss") { return "" }
        return nil
    }
}

extension StringProtocol {
    fileprivate var hasCapitals: Bool { self.utf8.contains { (0x41...0x5A).contains($0) } }
}
