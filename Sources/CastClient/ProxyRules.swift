package import Foundation

/// Which proxy a request goes through, as the variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say.
///
/// Both spellings are read, the lower-case one first. `no_proxy` is a list of exceptions: a host (`server.lan`, which
/// covers its subdomains too), a suffix (`.lan`), an address (`10.0.0.7`, `[::1]`), a network (`10.0.0.0/8`), each with
/// or without a port, or `*` for everything.
package struct ProxyRules: Sendable, Equatable {
    package struct Proxy: Sendable, Hashable {
        package var host: String
        package var port: Int
        /// Name and password, where the address has them.
        package var user: String?
        package var password: String?
    }

    private struct Exception: Sendable, Equatable {
        enum Pattern: Sendable, Equatable {
            case everything
            case name(String)
            case network(address: [UInt8], bits: Int)
        }
        var pattern: Pattern
        var port: Int?
    }

    private let proxies: [String: Proxy]
    private let exceptions: [Exception]

    /// - Throws: `.invalid` for a proxy that is no address: going around it in silence would be a surprise.
    package init(environment: [String: String]) throws {
        func value(_ name: String) -> (name: String, text: String)? {
            for name in [name, name.uppercased()] {
                if let text = environment[name]?.trimmingCharacters(in: .whitespaces), !text.isEmpty {
                    return (name, text)
                }
            }
            return nil
        }
        var proxies: [String: Proxy] = [:]
        for scheme in ["http", "https"] {
            guard let (name, text) = value("\(scheme)_proxy") ?? value("all_proxy") else { continue }
            proxies[scheme] = try Proxy(text, variable: name)
        }
        self.proxies = proxies
        self.exceptions = (value("no_proxy")?.text ?? "")
            .split(whereSeparator: { $0 == "," || $0.isWhitespace })
            .compactMap { Self.exception(String($0)) }
    }

    /// The proxy for a request, or nil for a direct one.
    package func proxy(for url: URL) -> Proxy? {
        guard let scheme = url.scheme?.lowercased(), let proxy = self.proxies[scheme], let host = url.host else {
            return nil
        }
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        return self.isException(Self.plain(host), port: port) ? nil : proxy
    }

    private func isException(_ host: String, port: Int) -> Bool {
        // This machine is never beyond a proxy.
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        let address = IPAddress.bytes(of: host)
        if let address, IPAddress.isLoopback(address) { return true }
        return self.exceptions.contains { exception in
            if let wanted = exception.port, wanted != port { return false }
            switch exception.pattern {
            case .everything: return true
            case .name(let name): return address == nil && (host == name || host.hasSuffix(".\(name)"))
            case .network(let network, let bits):
                return address.map { IPAddress.is($0, in: network, bits: bits) } ?? false
            }
        }
    }

    private static func exception(_ text: String) -> Exception? {
        if text == "*" { return Exception(pattern: .everything) }
        if let slash = text.firstIndex(of: "/") {
            guard let address = IPAddress.bytes(of: plain(String(text[..<slash]))),
                let bits = Int(text[text.index(after: slash)...]), (0...address.count * 8).contains(bits)
            else { return nil }
            return Exception(pattern: .network(address: address, bits: bits))
        }
        if let address = IPAddress.bytes(of: plain(text)) {
            return Exception(pattern: .network(address: address, bits: address.count * 8))
        }
        var (host, port) = (text, Int?.none)
        if let colon = text.lastIndex(of: ":"), let number = Int(text[text.index(after: colon)...]) {
            (host, port) = (String(text[..<colon]), number)
        }
        if let address = IPAddress.bytes(of: plain(host)) {
            return Exception(pattern: .network(address: address, bits: address.count * 8), port: port)
        }
        let name = plain(host).drop { $0 == "." || $0 == "*" }
        return name.isEmpty ? nil : Exception(pattern: .name(String(name)), port: port)
    }

    /// A host in one spelling: lower case, without brackets and without the dot at the end.
    private static func plain(_ host: String) -> String {
        var host = host.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        while host.hasSuffix(".") { host.removeLast() }
        return host
    }
}
