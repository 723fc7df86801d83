import CastCore
import Foundation

/// Finds a port that nobody listens on.
package enum FreePort {
    /// The first free one from `first` on.
    ///
    /// Somebody else may take it before it is used; then whoever wanted it says so.
    package static func find(from first: Int, tries: Int = 100) throws -> Int {
        for port in first..<min(first + tries, 65_536) where Self.isFree(port) { return port }
        throw CastError(.unavailable, "No port from \(first) to \(first + tries - 1) is free.")
    }

    private static func isFree(_ port: Int) -> Bool {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard handle >= 0 else { return false }
        defer { close(handle) }
        // Without it, a port on which a server has just been stopped would count as taken for a minute.
        var yes: Int32 = 1
        setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(handle, 1) == 0
            }
        }
    }
}
