/// Reads `itunes:duration`, which publishers write in many ways.
package enum FeedDuration {
    /// Longer than this is a mistake of the feed, not an episode.
    private static let longest = 100.0 * 3600

    /// Seconds, or nil for anything that is no length of time; zero says that the publisher does not know either.
    package static func seconds(_ text: String) -> Double? {
        let text = text.lowercased().filter { !$0.isWhitespace }
        let seconds = text.contains(":") ? self.clock(text) : (Double(text) ?? self.units(text))
        // "nan" and "inf" are numbers to `Double`, and fall out here.
        guard let seconds, seconds > 0, seconds <= self.longest else { return nil }
        return seconds
    }

    /// `HH:MM:SS`, `MM:SS`, with a fraction or without leading zeros; `90:00` is ninety minutes.
    private static func clock(_ text: String) -> Double? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count), let last = fields.last else { return nil }
        let whole = fields.dropLast().map { $0.allSatisfy(\.isASCIIDigit) ? Int($0) : nil }
        guard let rest = Double(last), last.first?.isASCIIDigit == true, rest < 60 else { return nil }
        var minutes = 0
        for (index, field) in whole.enumerated() {
            guard let field, field < 100_000, index == 0 || field < 60 else { return nil }
            minutes = minutes * 60 + field
        }
        return Double(minutes) * 60 + rest
    }

    /// `1h2m3s`, `62min`, `PT1H2M3S`.
    private static func units(_ text: String) -> Double? {
        var rest = text.hasPrefix("pt") ? text.dropFirst(2) : text[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCIIDigit || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number) else { return nil }
            switch unit {
            case "h", "hr", "hrs", "hour", "hours", "std": total += value * 3600
            case "m", "min", "mins", "minute", "minutes", "minuten": total += value * 60
            case "s", "sec", "secs", "second", "seconds": total += value
            default: return nil
            }
        }
        return total
    }
}

extension Character {
    var isASCIIDigit: Bool { self.isASCII && self.isNumber }
}
