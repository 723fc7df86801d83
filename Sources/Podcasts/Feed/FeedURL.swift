import Foundation

/// Addresses as feeds have them: relative, with spaces, with `&amp;` escaped twice.
enum FeedURL {
    /// An `http` or `https` address, or nil for anything else.
    static func resolve(_ text: String?, _ base: URL) -> URL? {
        let text = (text ?? "").trimmingCharacters(in: .whitespacesAndNewlines).replacing("&amp;", with: "&")
        guard !text.isEmpty, text.utf8.count <= 8192 else { return nil }
        guard let url = URL(string: text, relativeTo: base)?.absoluteURL, url.isWeb else { return nil }
        return url
    }
}

extension URL {
    /// Whether it names something on the web: the only addresses that are ever fetched.
    var isWeb: Bool {
        guard let scheme = self.scheme?.lowercased(), let host = self.host, !host.isEmpty else { return false }
        return scheme == "http" || scheme == "https"
    }
}
