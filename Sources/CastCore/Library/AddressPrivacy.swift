import Foundation

/// Whether an address may be told to others: workers fetch audio from publishers only where nothing gives a listener away.
///
/// Feeds for paying listeners carry what identifies one of them in their addresses, and hosts watch from how many places
/// they are asked. There is no mark that all of them bear, so this looks at what they have in common, and says no where
/// it is in doubt: then the audio comes from the server as it always did.
package enum AddressPrivacy {
    /// - Parameter allowsOwnNetwork: Whether addresses that only mean something in a network of one's own may be told.
    package static func isPublic(_ address: String, allowsOwnNetwork: Bool = false) -> Bool {
        guard !address.contains("@"), let parts = URLComponents(string: address),
            ["http", "https"].contains(parts.scheme?.lowercased() ?? ""), parts.user == nil, parts.password == nil,
            let host = parts.host?.lowercased(), !host.isEmpty
        else { return false }
        guard allowsOwnNetwork || self.isOfTheInternet(host) else { return false }
        let labels = host.split(separator: ".").map(String.init)
        let segments = parts.path.split(separator: "/").map(String.init)
        let isMarked = (labels + segments.map { $0.lowercased() }).contains { self.words.contains($0) }
        let isMembersOnly = self.services.contains { service in
            ([host] + segments.map { $0.lowercased() }).contains { $0 == service || $0.hasSuffix(".\(service)") }
        }
        // A JSON Web Token as a part of the path: it begins with `{"` in base 64.
        let hasToken = segments.contains { $0.hasPrefix("eyJ") }
        return !isMarked && !isMembersOnly && !hasToken && !(parts.queryItems ?? []).contains(where: self.isSecret)
    }

    private static func isOfTheInternet(_ host: String) -> Bool {
        // Addresses in digits may be anybody's; publishers have names.
        guard host.contains("."), !host.contains(":"), host.last?.isNumber == false, host.last != "." else {
            return false
        }
        return !self.ownNetworks.contains { host.hasSuffix($0) }
    }

    private static func isSecret(_ item: URLQueryItem) -> Bool {
        let name = item.name.lowercased()
        if self.secretNames.contains(where: { name.contains($0) }) { return true }
        let value = item.value ?? ""
        // Long, and both letters and digits: nobody made that up to be read. A time or a file's name is not like that.
        let isDense = value.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2B, 0x2D, 0x2F, 0x3D, 0x5F, 0x7E].contains(byte)
        }
        return value.utf8.count >= 16 && isDense && value.contains(where: \.isNumber)
            && value.contains(where: \.isLetter)
    }

    private static let words: Set<String> = [
        "access", "member", "members", "patron", "patrons", "premium", "private", "subscriber", "subscribers",
    ]

    /// Hosts of feeds for paying listeners.
    private static let services = [
        "glow.fm", "helloaudio.fm", "memberful.com", "passport.online", "patreon.com", "patreonusercontent.com",
        "steadyhq.com", "supercast.com", "supercast.tech", "supportingcast.fm",
    ]

    private static let secretNames = [
        "auth", "credential", "expire", "hash", "hmac", "key", "pass", "policy", "secret", "session", "sig", "token",
        "user",
    ]

    private static let ownNetworks = [
        ".home.arpa", ".internal", ".intranet", ".lan", ".local", ".localhost", ".localdomain", ".ts.net",
    ]
}
