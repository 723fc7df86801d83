import Foundation

/// When the next request may be sent, as RunPod's headers say.
///
/// RunPod counts requests per account in several windows at once, and tells after each answer what is left:
/// `RateLimit: "minute";r=58;t=41, "hour";r=2970;t=3300`. A window with nothing left is waited for; a `Retry-After` as
/// well. Without headers nothing is waited for.
struct RateLimiter: Sendable, Equatable {
    struct Window: Sendable, Equatable {
        var remaining: Int
        var resetsAt: Date
    }

    private(set) var windows: [String: Window] = [:]
    private(set) var blockedUntil: Date?

    /// No header may hold us longer.
    private static let longest: TimeInterval = 86_400

    /// Takes one request off what is left.
    ///
    /// - Returns: How long to wait and then ask again; nil when the request may be sent now.
    mutating func take(now: Date) -> Duration? {
        if let until = self.blockedUntil {
            if until > now { return .seconds(until.timeIntervalSince(now)) }
            self.blockedUntil = nil
        }
        self.windows = self.windows.filter { $0.value.resetsAt > now }
        if let end = self.windows.values.filter({ $0.remaining <= 0 }).map(\.resetsAt).max() {
            return .seconds(end.timeIntervalSince(now))
        }
        for name in self.windows.keys { self.windows[name]?.remaining -= 1 }
        return nil
    }

    /// Learns from an answer's headers.
    mutating func note(rateLimit: String?, retryAfter: Duration?, now: Date) {
        if let rateLimit {
            for (name, remaining, seconds) in Self.parse(rateLimit) {
                self.windows[name] = Window(
                    remaining: remaining, resetsAt: now.addingTimeInterval(min(Double(seconds), Self.longest)))
            }
        }
        if let retryAfter {
            let (seconds, attoseconds) = retryAfter.components
            let time = min(Double(seconds) + Double(attoseconds) / 1e18, Self.longest)
            self.blockedUntil = max(self.blockedUntil ?? .distantPast, now.addingTimeInterval(time))
        }
    }

    /// The windows of a header; parts that are not in the form are passed over.
    static func parse(_ header: String) -> [(name: String, remaining: Int, seconds: Int)] {
        header.prefix(1000).split(separator: ",").compactMap { part in
            let items = part.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            guard let first = items.first else { return nil }
            let name = first.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
            var values: [String: Int] = [:]
            for item in items.dropFirst() {
                let pair = item.split(separator: "=", maxSplits: 1)
                if pair.count == 2, let value = Int(pair[1]), value >= 0 { values[String(pair[0])] = value }
            }
            guard !name.isEmpty, let remaining = values["r"], let seconds = values["t"] else { return nil }
            return (name, remaining, seconds)
        }
    }

    /// The whole seconds of a `Retry-After`; a date or nonsense is one minute.
    static func retryAfter(_ header: String?) -> Duration? {
        guard let header else { return nil }
        guard let seconds = Int(header.trimmingCharacters(in: .whitespaces)), seconds >= 0 else { return .seconds(60) }
        return .seconds(min(seconds, Int(Self.longest)))
    }
}
