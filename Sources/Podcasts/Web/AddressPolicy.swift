#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Decides which machines a feed's or an episode's address may lead to.
///
/// Whoever publishes a feed chooses what this server fetches. Without a rule that could be a router's settings, another
/// service on this machine, or a cloud's metadata. It looks at the address of the connection that was made, never at
/// names, so that no trick with DNS or redirects gets around it.
package enum AddressPolicy: Sendable, Equatable {
    /// Only addresses of the public internet.
    case publicOnly
    /// Anything, private addresses included.
    case anything
    /// Private addresses too, but none that are link-local: there, clouds hand out their machines' credentials.
    case notLinkLocal

    /// Why a connection to `address` (digits, no name) is refused; nil when it is allowed.
    package func refusal(of address: String) -> String? {
        switch self {
        case .anything: nil
        case .publicOnly: Self.kind(of: address).map { "is \($0)" }
        case .notLinkLocal: Self.kind(of: address) == Self.linkLocal ? "is \(Self.linkLocal)" : nil
        }
    }

    private static let linkLocal = "a link-local address"

    /// Whether a host is written in digits, so that it can be judged before any connection is made.
    static func isAddress(_ host: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, host, &four) == 1
            || inet_pton(AF_INET6, host.prefix { $0 != "%" }.description, &six) == 1
    }

    /// What an address is that is not a public one, with its article; nil for a public address.
    package static func kind(of address: String) -> String? {
        // `fe80::1%eth0`: the zone says which network, not what kind of address.
        let address = address.prefix { $0 != "%" }.description
        var four = in_addr()
        if inet_pton(AF_INET, address, &four) == 1 {
            return withUnsafeBytes(of: &four) { self.kind(v4: Array($0)) }
        }
        var six = in6_addr()
        if inet_pton(AF_INET6, address, &six) == 1 {
            return withUnsafeBytes(of: &six) { self.kind(v6: Array($0)) }
        }
        return "no internet address"
    }

    private static func kind(v4 bytes: [UInt8]) -> String? {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _): "an unspecified address"
        case (127, _, _): "this machine itself"
        case (10, _, _), (172, 16...31, _), (192, 168, _): "a private address"
        case (100, 64...127, _): "a carrier's shared address"
        case (169, 254, _): Self.linkLocal
        case (192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113), (192, 88, 99), (198, 18...19, _):
            "a reserved address"
        case (224...239, _, _): "a multicast address"
        case (240..., _, _): "a reserved address"
        default: nil
        }
    }

    private static func kind(v6 bytes: [UInt8]) -> String? {
        let isZero = { (range: Range<Int>) in bytes[range].allSatisfy { $0 == 0 } }
        if isZero(0..<15), bytes[15] <= 1 { return bytes[15] == 1 ? "this machine itself" : "an unspecified address" }
        // Addresses that carry an IPv4 address within: compatible, mapped, translated (NAT64), 6to4.
        if isZero(0..<12) { return self.kind(v4: Array(bytes[12...])) }
        if isZero(0..<10), bytes[10] == 0xFF, bytes[11] == 0xFF { return self.kind(v4: Array(bytes[12...])) }
        if isZero(0..<8), bytes[8] == 0xFF, bytes[9] == 0xFF { return self.kind(v4: Array(bytes[12...])) }
        if bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B]), isZero(4..<12) { return self.kind(v4: Array(bytes[12...])) }
        if bytes.starts(with: [0x20, 0x02]) { return self.kind(v4: Array(bytes[2..<6])) }

        switch (bytes[0], bytes[1]) {
        case (0xFE, 0x80...0xBF): return Self.linkLocal
        case (0xFE, 0xC0...0xFF): return "a private address"
        case (0xFC...0xFD, _): return "a private address"
        case (0xFF, _): return "a multicast address"
        // The rest of what is not public: local NAT64, discard, Teredo, benchmarks, documentation.
        case (0x00, _), (0x01, _): return "a reserved address"
        case (0x20, 0x01) where bytes[2] < 0x02 || (bytes[2] == 0x0D && bytes[3] == 0xB8): return "a reserved address"
        default: return bytes[0] & 0xE0 == 0x20 ? nil : "a reserved address"
        }
    }
}
