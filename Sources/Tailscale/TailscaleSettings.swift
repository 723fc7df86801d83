package import CastCore
package import Foundation

/// How the tailnet's control is reached, and what the keys that it makes are good for.
package struct TailscaleSettings: Sendable {
    package var base: URL
    package var client: OAuthClient
    package var tags: [String]
    /// From the making of a key until the pod has to have joined: 20 minutes for its image, and as much again.
    package var keyLife = 3600

    package static let standardBase = "https://api.tailscale.com"

    /// - Throws: `.invalid` that names the variable and says what it may be, without showing a secret.
    package init(
        id: String, secret: String, base: String = Self.standardBase, tags: String = "tag:runpod"
    ) throws(CastError) {
        self.client = try OAuthClient(id: id, secret: secret)
        var text = base.trimmingCharacters(in: .whitespaces)
        while text.hasSuffix("/") { text.removeLast() }
        guard let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme?.lowercased() ?? ""),
            parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil, parts.user == nil,
            let url = parts.url
        else {
            throw CastError(
                .invalid, "TAILSCALE_API_BASE_URL is not a web address. It looks like \(Self.standardBase).")
        }
        self.base = url
        self.tags = tags.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard !self.tags.isEmpty, self.tags.allSatisfy({ $0.wholeMatch(of: /tag:[A-Za-z][A-Za-z0-9-]*/) != nil })
        else {
            throw CastError(.invalid, "TAILSCALE_TAGS is “\(tags)”; it must be tags like tag:runpod, commas between.")
        }
    }

    /// Reads `TAILSCALE_CLIENT_ID`, `TAILSCALE_CLIENT_SECRET`, `TAILSCALE_API_BASE_URL` and `TAILSCALE_TAGS`.
    ///
    /// - Returns: Nil without the first two.
    /// - Throws: `.invalid` when only one of them is set.
    package init?(environment: [String: String]) throws(CastError) {
        func text(_ name: String) -> String? {
            environment[name].map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.flatMap {
                $0.isEmpty ? nil : $0
            }
        }
        let (id, secret) = (text("TAILSCALE_CLIENT_ID"), text("TAILSCALE_CLIENT_SECRET"))
        if id == nil, secret == nil { return nil }
        guard let id, let secret else {
            let missing = id == nil ? "TAILSCALE_CLIENT_ID" : "TAILSCALE_CLIENT_SECRET"
            throw CastError(.invalid, "\(missing) is not set. Keys for pods need TAILSCALE_CLIENT_ID and _SECRET.")
        }
        try self.init(
            id: id, secret: secret, base: text("TAILSCALE_API_BASE_URL") ?? Self.standardBase,
            tags: text("TAILSCALE_TAGS") ?? "tag:runpod")
    }
}

/// An OAuth client of the tailnet; it is never printed.
package struct OAuthClient: Sendable {
    let id: String
    let secret: String

    init(id: String, secret: String) throws(CastError) {
        for (name, text) in [("TAILSCALE_CLIENT_ID", id), ("TAILSCALE_CLIENT_SECRET", secret)] {
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw CastError(.invalid, "\(name) is empty or holds blanks or other signs that it cannot have.")
            }
        }
        self.id = id
        self.secret = secret
    }

    /// The body of a request for an access token.
    var form: String {
        let pairs = [("client_id", self.id), ("client_secret", self.secret), ("grant_type", "client_credentials")]
        let allowed = CharacterSet(charactersIn: "-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return pairs.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")" }
            .joined(separator: "&")
    }
}

extension OAuthClient: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[client]" }
    package var debugDescription: String { "[client]" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
