import Foundation

/// Which publishers' hosts a worker asks for audio, and which it leaves alone for a while.
///
/// Many publishers put other advertisements into a file for everyone who asks, and some do not answer the machines of a
/// data centre at all: what comes from there is never what the server has, and trying costs time. Pure: whoever fetches
/// keeps it and tells it what came of each try.
package struct PublisherHosts: Sendable, Equatable {
    private struct Record: Sendable, Equatable {
        /// Tries in a row that brought nothing of use.
        var misses = 0
        var restsUntil: Duration?
        /// How often it has rested in a row.
        var rests = 0
    }

    /// So many tries in vain, one after the other, and the host rests.
    package static let mostMisses = 3
    package static let firstRest = Duration.seconds(3600)
    package static let longestRest = Duration.seconds(24 * 3600)

    private var records: [String: Record] = [:]

    package init() {}

    package func allows(_ address: String, at now: Duration) -> Bool {
        guard let host = Self.host(of: address) else { return false }
        guard let until = self.records[host]?.restsUntil else { return true }
        return now >= until
    }

    /// The publisher delivered what the server has.
    package mutating func delivered(_ address: String) {
        guard let host = Self.host(of: address) else { return }
        self.records[host] = nil
    }

    /// What came was of no use, or nothing came.
    ///
    /// - Returns: For how long the host is left alone from now on; nil when it is tried again.
    package mutating func missed(_ address: String, at now: Duration) -> Duration? {
        guard let host = Self.host(of: address) else { return nil }
        var record = self.records[host] ?? Record()
        defer { self.records[host] = record }
        // Fetches that were on their way when it was sent to rest say nothing new.
        if let until = record.restsUntil, now < until { return nil }
        record.misses += 1
        // After a rest one try is enough to know that nothing has changed.
        guard record.misses >= Self.mostMisses || record.rests > 0 else { return nil }
        let rest = min(Self.firstRest * (1 << min(record.rests, 10)), Self.longestRest)
        record.misses = 0
        record.rests += 1
        record.restsUntil = now + rest
        return rest
    }

    /// Whose file it is: the last name in the address, since whoever counts downloads stands before the host itself,
    /// as in `https://dts.podtrac.com/redirect.mp3/chtbl.com/track/1/traffic.megaphone.fm/ABC.mp3`.
    package static func host(of address: String) -> String? {
        guard let parts = URLComponents(string: address), let host = parts.host?.lowercased(), !host.isEmpty else {
            return nil
        }
        let folders = parts.path.split(separator: "/").dropLast().map { $0.lowercased() }
        return folders.last(where: Self.isHost) ?? host
    }

    private static func isHost(_ text: String) -> Bool {
        guard text.wholeMatch(of: /[a-z0-9]([-a-z0-9.]*[a-z0-9])?\.[a-z]{2,}/) != nil, !text.contains("..") else {
            return false
        }
        let ending = text.split(separator: ".").last.map(String.init) ?? ""
        return !["mp3", "m4a", "aac", "ogg", "opus", "wav", "flac", "mp4", "rss", "xml", "php", "html"].contains(ending)
    }
}
