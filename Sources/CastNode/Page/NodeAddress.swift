package import CastCore
import Foundation

/// Where the running node of a home has its status page, so that `cast2md node status` finds it on whatever port.
package enum NodeAddress {
    private static func file(in home: HomeFolder) -> URL { home.url.appendingPathComponent("node.address") }

    /// Best effort: without it only `node status` knows less.
    package static func save(host: String, port: Int, to home: HomeFolder) {
        let reachable = ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
        let text = reachable.contains(":") ? "http://[\(reachable)]:\(port)" : "http://\(reachable):\(port)"
        try? DurableFile.write(Data(text.utf8), to: self.file(in: home))
    }

    package static func load(from home: HomeFolder) -> String? {
        (try? Data(contentsOf: self.file(in: home))).map { String(decoding: $0, as: UTF8.self) }
    }

    package static func remove(from home: HomeFolder) { try? FileManager.default.removeItem(at: self.file(in: home)) }
}
