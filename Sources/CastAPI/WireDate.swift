package import Foundation

/// A point in time as the wire has it: ISO 8601 without a zone, in the server's local time, microseconds when not zero.
///
/// The form is the existing server's. Inside, times are UTC; the zone is applied here and nowhere else.
package struct WireDate: Sendable, Equatable, Codable {
    package var date: Date

    package init(_ date: Date) { self.date = date }

    package init?(_ date: Date?) {
        guard let date else { return nil }
        self.date = date
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let date = Self.date(from: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not an ISO 8601 time.")
        }
        self.date = date
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Self.text(of: self.date, in: .current))
    }

    /// The wire's text of a time in a zone.
    package static func text(of date: Date, in zone: TimeZone) -> String {
        // Whole microseconds first, so that rounding carries into the seconds.
        let microseconds = (date.timeIntervalSince1970 * 1_000_000).rounded()
        let seconds = (microseconds / 1_000_000).rounded(.down)
        let fraction = Int(microseconds - seconds * 1_000_000)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: seconds))
        let day = [Self.padded(parts.year, 4), Self.padded(parts.month, 2), Self.padded(parts.day, 2)]
        let time = [Self.padded(parts.hour, 2), Self.padded(parts.minute, 2), Self.padded(parts.second, 2)]
        let text = day.joined(separator: "-") + "T" + time.joined(separator: ":")
        return fraction == 0 ? text : text + "." + Self.padded(fraction, 6)
    }

    /// Reads a time with or without a zone; without one it is local.
    package static func date(from text: String, in zone: TimeZone = .current) -> Date? {
        let pattern = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        if let suffix = match.8 {
            guard let offset = Self.offset(of: suffix), let zone = TimeZone(secondsFromGMT: offset) else { return nil }
            calendar.timeZone = zone
        }
        let parts = DateComponents(
            year: Int(match.1), month: Int(match.2), day: Int(match.3), hour: Int(match.4), minute: Int(match.5),
            second: Int(match.6))
        guard let date = calendar.date(from: parts) else { return nil }
        return date.addingTimeInterval(match.7.flatMap { Double("0\($0)") } ?? 0)
    }

    private static func offset(of suffix: Substring) -> Int? {
        if suffix == "Z" { return 0 }
        let digits = suffix.dropFirst().filter(\.isNumber)
        guard let hours = Int(digits.prefix(2)), let minutes = Int(digits.suffix(2)) else { return nil }
        return (suffix.hasPrefix("-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    private static func padded(_ number: Int?, _ width: Int) -> String {
        let text = String(number ?? 0)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
