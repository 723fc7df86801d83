import CastCore
package import Foundation

/// Whether an address is reached through a proxy, by the variables that everybody sets.
///
/// `http_proxy`, `https_proxy` and `no_proxy`, in lower case first, as curl reads them. `no_proxy` takes names, domains
/// (with or without a leading dot), addresses, `CIDR` ranges of IPv4, an optional `:port`, and `*` for everything.
package struct ProxyRules: Sendable, Equatable {
    package struct Proxy: Sendable, Equatable {
        package var host: String
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    private let byScheme: [String: Proxy]
    private let exceptions: [String]

    /// - Throws: `.invalid` that names the variable when it holds no proxy's address.
    package init(environment: [String: String]) throws {
        var byScheme: [String: Proxy] = [:]
        for scheme in ["http", "https"] {
            let names = ["\(scheme)_proxy", "\(scheme.uppercased())_PROXY"]
            guard let name = names.first(where: { environment[$0]?.isEmpty == false }), let text = environment[name]
            else { continue }
            byScheme[scheme] = try Self.proxy(text, name: name)
        }
        self.byScheme = byScheme
        let list = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
        self.exceptions = list.split(whereSeparator: { $0 == "," || $0 == " " }).map { $0.lowercased() }
    }

    /// The proxy to reach an address through; nil for a direct connection.
    package func proxy(for url: URL) -> Proxy? {
        guard let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased(),
            let proxy = self.byScheme[scheme]
        else { return nil }
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        return self.exceptions.contains { Self.covers($0, host: host, port: port) } ? nil : proxy
    }

    private static func proxy(_ text: String, name: String) throws -> Proxy {
        let url = URL(string: text.contains("://") ? text : "http://\(text)")
        guard let url, url.scheme == "http", let host = url.host, !host.isEmpty else {
            throw CastError(.invalid, "\(name) is “\(text)”; it must be a proxy's address like http://localhost:1055.")
        }
        return Proxy(host: host, port: url.port ?? 80)
    }

    private static func covers(_ exception: String, host: String, port: Int) -> Bool {
        if exception == "*" { return true }
        var name = exception
        if let colon = name.lastIndex(of: ":"), let number = Int(name[name.index(after: colon)...]),
            name.filter({ $0 == ":" }).count == 1
        {
            guard number == port else { return false }
            name = String(name[..<colon])
        }
        if name.contains("/") { return Self.contains(range: name, host) }
        if name.hasPrefix("*") { name.removeFirst() }
        if name.hasPrefix(".") { name.removeFirst() }
        return host == name || host.hasSuffix("." + name)
    }

    private static func contains(range: String, _ host: String) -> Bool {
        let parts = range.split(separator: "/")
        guard parts.count == 2, let bits = Int(parts[1]), (0...32).contains(bits), let network = Self.number(parts[0]),
            let address = Self.number(Substring(host))
        else { return false }
        let mask: UInt32 = bits == 0 ? 0 : ~UInt32(0) << UInt32(32 - bits)
        return network & mask == address & mask
    }

    private static func number(_ address: Substring) -> UInt32? {
        let bytes = address.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        return bytes.count == 4 ? bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } : nil
    }
}
