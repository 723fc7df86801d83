import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A host and a port, as a `Host` or an `Origin` header has them; compared without regard to case.
struct HostAddress: Equatable {
    /// In lower case, an IPv6 address without its brackets.
    let host: String
    let port: Int?

    /// Nil for a text that is no such thing.
    init?(_ text: some StringProtocol) {
        let text = text.lowercased()
        let host: Substring
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard Self.isIPv6(String(host)) else { return nil }
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<end]
            rest = text[end...]
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || "/@?#\\".contains($0) }) else { return nil }
        if rest.isEmpty {
            self.port = nil
        } else {
            guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()) else { return nil }
            self.port = Int(port)
        }
        // A name that ends with a dot is the same name.
        self.host = host.hasSuffix(".") ? String(host.dropLast()) : String(host)
    }

    /// What an `Origin` header names, with the port that its scheme stands for, and the scheme.
    static func origin(_ text: String) -> (address: HostAddress, standardPort: Int)? {
        for (scheme, port) in [("http://", 80), ("https://", 443)] where text.lowercased().hasPrefix(scheme) {
            return HostAddress(text.dropFirst(scheme.count)).map { ($0, port) }
        }
        return nil
    }

    func isSame(as other: HostAddress, standardPort: Int) -> Bool {
        self.host == other.host && (self.port ?? standardPort) == (other.port ?? standardPort)
    }

    var isIPAddress: Bool { Self.isIPv6(self.host) || Self.isIPv4(self.host) }

    private static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }

    private static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, text, &address) == 1
    }
}

/// The names by which this server may be called.
///
/// A page of another site can have its own name looked up as this machine's address, and then counts, for the browser,
/// as a page of this server. It cannot change the name that the browser sends.
struct AllowedHosts: Sendable {
    private let names: Set<String>
    /// Each with a dot in front.
    private let domains: [String]

    /// - Parameters:
    ///   - allowed: Names, and `*.example.org` for all names below one.
    init(machine: String, host: String, allowed: [String]) {
        let machine = machine.lowercased()
        let short = String(machine.prefix { $0 != "." })
        // Endings that nobody can register, so only a network's owner gives a machine such a name.
        let local = ["local", "lan", "home.arpa", "internal"].map { "\(short).\($0)" }
        let plain = allowed.filter { !$0.hasPrefix("*.") }
        self.names = Set(([machine, host] + local + plain).map { $0.lowercased() })
        self.domains =
            ["*.ts.net"].map { String($0.dropFirst()) }
            + allowed.filter { $0.hasPrefix("*.") }.map { $0.dropFirst().lowercased() }
    }

    init(_ configuration: ServerConfiguration) {
        self.init(machine: Self.machineName, host: configuration.host, allowed: configuration.allowedHosts)
    }

    func contains(_ address: HostAddress) -> Bool {
        // A name without a dot is given by the own network: nobody registers one on the internet.
        address.isIPAddress || !address.host.contains(".") || self.names.contains(address.host)
            || self.domains.contains { address.host.hasSuffix($0) }
    }

    /// The machine's name, without asking anybody else.
    private static var machineName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
