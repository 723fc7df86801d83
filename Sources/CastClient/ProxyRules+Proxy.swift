import CastCore
import Foundation

extension ProxyRules.Proxy {
    /// Reads `http://user:password@host:port`, or `host:port`; the port is 80 where none is said.
    init(_ text: String, variable: String) throws {
        func refusal(_ what: String) -> CastError {
            // Not the value itself: it may hold a password.
            CastError(.invalid, "\(variable) \(what). It must look like http://host:port.")
        }
        let full = text.contains("://") ? text : "http://\(text)"
        guard let parts = URLComponents(string: full), let host = parts.host, !host.isEmpty else {
            throw refusal("is not an address")
        }
        guard parts.scheme?.lowercased() == "http" else {
            throw refusal("names a proxy of the kind “\(parts.scheme ?? "")”, which is not supported")
        }
        if let port = parts.port, !(1...65_535).contains(port) { throw refusal("has an impossible port") }
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        self.init(host: bare, port: parts.port ?? 80, user: parts.user, password: parts.password)
    }
}

/// Addresses as bytes: four for version 4, sixteen for version 6.
enum IPAddress {
    static func bytes(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: six) { Array($0) }
        // ::ffff:a.b.c.d is the version 4 address.
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }

    static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
    }

    static func `is`(_ address: [UInt8], in network: [UInt8], bits: Int) -> Bool {
        guard address.count == network.count else { return false }
        return (0..<bits).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            return address[bit / 8] & mask == network[bit / 8] & mask
        }
    }
}
