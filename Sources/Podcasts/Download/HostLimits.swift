package import Foundation

/// How many downloads may run at once from one host, and who is next.
///
/// A backlog is hundreds of files of one publisher; a server that is asked for all of them at once answers with
/// errors. The host is that of the address that was asked for: where redirects lead is not known before. Pure: whoever
/// downloads keeps it, asks it, and tells it when a download ended.
package struct HostLimits: Sendable, Equatable {
    /// Who waits; each has an id of its own.
    package typealias Turn = UInt64

    /// Downloads at once from one host, one at least.
    package let perHost: Int
    private var running: [String: Int] = [:]
    private var waiting: [String: [Turn]] = [:]

    package init(perHost: Int = 2) { self.perHost = max(1, perHost) }

    /// Whether a download from `url` may begin now; if so it counts until `leave`.
    package mutating func enter(_ url: URL) -> Bool {
        let host = Self.host(url)
        // Those who wait were here before.
        guard (self.running[host] ?? 0) < self.perHost, self.waiting[host] == nil else { return false }
        self.running[host, default: 0] += 1
        return true
    }

    /// Puts `turn` behind those who wait for the host of `url`; `leave` will name it.
    package mutating func wait(_ turn: Turn, for url: URL) { self.waiting[Self.host(url), default: []].append(turn) }

    /// Takes one who waits out of the row; false when its turn has come already and it has to `leave`.
    package mutating func giveUp(_ turn: Turn, for url: URL) -> Bool {
        let host = Self.host(url)
        guard var row = self.waiting[host], let place = row.firstIndex(of: turn) else { return false }
        row.remove(at: place)
        self.waiting[host] = row.isEmpty ? nil : row
        return true
    }

    /// Ends a download from `url`.
    ///
    /// - Returns: Whose turn it is in its stead; that download counts as entered.
    package mutating func leave(_ url: URL) -> Turn? {
        let host = Self.host(url)
        if var row = self.waiting[host], !row.isEmpty {
            let next = row.removeFirst()
            self.waiting[host] = row.isEmpty ? nil : row
            return next
        }
        let rest = (self.running[host] ?? 0) - 1
        self.running[host] = rest > 0 ? rest : nil
        return nil
    }

    /// The hosts from which nothing more may be fetched now: for whoever chooses what to download next.
    package var fullHosts: Set<String> { Set(self.running.filter { $0.value >= self.perHost }.keys) }

    /// The host as it is counted: in lower case, without a port.
    package static func host(_ url: URL) -> String { (url.host ?? "").lowercased() }
}
