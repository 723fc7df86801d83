package import Foundation

/// Reads the existing server's times, which carry no zone: they are local to the machine that it runs on.
package struct OldClock: Sendable {
    package let zone: TimeZone

    package init(zone: TimeZone) { self.zone = zone }

    /// A local time; nil for what is no time of this calendar.
    ///
    /// An hour that the change to winter time repeats is taken as its first pass.
    package func local(_ text: String?) -> Date? {
        guard let naive = Self.utc(text) else { return nil }
        let guess = naive - TimeInterval(self.zone.secondsFromGMT(for: naive))
        // An hour before the guess the zone may still have had its other offset: the earlier reading counts.
        for offset in [self.zone.secondsFromGMT(for: guess - 3600), self.zone.secondsFromGMT(for: guess)] {
            let date = naive - TimeInterval(offset)
            if self.zone.secondsFromGMT(for: date) == offset { return date }
        }
        return guess
    }

    /// `2026-11-23T23:28:01.699632`, or with a space, in UTC; nil for `infinity`, years before 1 and the like.
    package static func utc(_ text: String?) -> Date? {
        guard let text,
            let match = text.wholeMatch(of: /(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?/),
            let year = Int(match.1), let month = Int(match.2), let day = Int(match.3),
            let hour = Int(match.4), let minute = Int(match.5), let second = Int(match.6),
            year >= 1, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let fraction = match.7.flatMap { Double("0" + $0) } ?? 0
        let seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        return Date(timeIntervalSince1970: Double(seconds) + fraction)
    }

    /// Days from 1970 to a date of the Gregorian calendar; counted from March, so that a leap day ends its year.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let era = year / 400
        let yearOfEra = year % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
