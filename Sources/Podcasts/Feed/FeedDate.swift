package import Foundation

/// Reads the times of feeds: RFC 822 as it should be, as it is, and ISO 8601.
///
/// The words are taken for what they look like (a month, a year, a time, a zone) instead of by place, since publishers
/// get the places wrong. The weekday is ignored: when it contradicts the date, the date is right.
package enum FeedDate {
    package static func date(_ text: String) -> Date? {
        // Arabic or full-width digits are digits to `Int`; none of the forms below means them.
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.count <= 80 else { return nil }
        return self.iso(text) ?? self.seconds(text) ?? self.words(text)
    }

    private struct Parts {
        var year: Int?
        var month: Int?
        var day: Int?
        var hour = 0
        var minute = 0
        var second = 0.0
        var offset: Int?

        /// Nil unless it is a day of the calendar; seconds of 60 and hours of 24 run over into the next.
        var date: Date? {
            guard let year = self.year, let month = self.month, let day = self.day else { return nil }
            guard (1900...2200).contains(year), (1...12).contains(month) else { return nil }
            guard (1...FeedDate.days(in: month, of: year)).contains(day) else { return nil }
            guard self.hour <= 24, self.minute < 60, self.second < 61 else { return nil }
            let seconds = Double(FeedDate.dayNumber(year, month, day) * 86_400 + self.hour * 3600 + self.minute * 60)
            return Date(timeIntervalSince1970: seconds + self.second - Double(self.offset ?? 0))
        }
    }

    // By hand instead of by regular expressions, which take longer than all else in a feed of 20,000 episodes.

    /// `2024-01-02T15:04:05.000Z` and what looks like it.
    private static func iso(_ text: String) -> Date? {
        let halves = text.split(maxSplits: 1) { $0 == "T" || $0 == "t" || $0.isWhitespace }
        guard let first = halves.first else { return nil }
        let day = first.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "/" }
        guard day.count == 3, day[0].count == 4, day.dropFirst().allSatisfy({ (1...2).contains($0.count) }),
            let year = self.digits(day[0]), let month = self.digits(day[1]), let number = self.digits(day[2])
        else { return nil }
        var parts = Parts(year: year, month: month, day: number)
        guard halves.count == 2 else { return parts.date }
        let rest = halves[1].filter { !$0.isWhitespace }
        let time = rest.prefix { $0.isASCIIDigit || $0 == ":" || $0 == "." || $0 == "," }
        guard let (clock, _) = self.time(String(time).replacing(",", with: ".")) else { return nil }
        (parts.hour, parts.minute, parts.second) = clock
        let zone = rest.dropFirst(time.count)
        if !zone.isEmpty {
            guard let offset = self.zone(String(zone)) else { return nil }
            parts.offset = offset
        }
        return parts.date
    }

    /// Seconds, or milliseconds, since 1970: of 9 digits and more, so that nothing else is taken for them.
    private static func seconds(_ text: String) -> Date? {
        guard text.allSatisfy(\.isASCIIDigit), let number = Double(text) else { return nil }
        let seconds = text.count == 13 ? number / 1000 : number
        guard (9...13).contains(text.count), (631_152_000...7_258_118_400).contains(seconds) else { return nil }
        return Date(timeIntervalSince1970: seconds)
    }

    /// `02.01.2024`: with points the day comes first everywhere.
    private static func dotted(_ word: String) -> (day: Int, month: Int, year: Int)? {
        let fields = word.split(separator: ".", omittingEmptySubsequences: false)
        guard fields.count == 3, fields[2].count == 4, fields.prefix(2).allSatisfy({ (1...2).contains($0.count) }),
            let day = self.digits(fields[0]), let month = self.digits(fields[1]), let year = self.digits(fields[2])
        else { return nil }
        return (day, month, year)
    }

    private static func words(_ text: String) -> Date? {
        var parts = Parts()
        var afternoon: Bool?
        // “Mar” is March, and Tuesday in French, Spanish and Italian: as such it stands before the month.
        var mayBeTuesday = false
        let words = text.split { $0.isWhitespace || $0 == "," || $0 == ";" || $0 == "(" || $0 == ")" }
        for word in words.flatMap(self.pieces) {
            if word.contains(":"), !word.hasPrefix("+"), !word.hasPrefix("-"), word.first?.isASCIIDigit == true {
                guard let (time, half) = self.time(word) else { return nil }
                (parts.hour, parts.minute, parts.second) = time
                afternoon = half ?? afternoon
            } else if let number = Int(word), word.first?.isASCIIDigit == true {
                guard self.take(number, width: word.count, into: &parts) else { return nil }
            } else if ["am", "pm", "a.m.", "p.m."].contains(word) {
                afternoon = word.hasPrefix("p")
            } else if let (day, month, year) = self.dotted(word) {
                (parts.day, parts.month, parts.year) = (day, month, year)
            } else if let month = FeedMonths.number(word), parts.month == nil || mayBeTuesday {
                mayBeTuesday = parts.month == nil && word.hasPrefix("mar")
                parts.month = month
            } else if let offset = self.zone(word) {
                parts.offset = offset
            }
        }
        if let afternoon, parts.hour <= 12 { parts.hour = parts.hour % 12 + (afternoon ? 12 : 0) }
        return parts.date
    }

    /// A word in lower case, `02-Jan-2024` cut at its hyphens, `3rd` without its ending.
    private static func pieces(_ word: Substring) -> [String] {
        let word = word.lowercased()
        if word.first?.isASCIIDigit == true, word.contains("-"), !word.contains(":") {
            return word.split(separator: "-").map(String.init)
        }
        let digits = word.prefix { $0.isASCIIDigit }
        let ending = word.dropFirst(digits.count)
        if !digits.isEmpty, ["st", "nd", "rd", "th", "."].contains(ending) { return [String(digits)] }
        return [word]
    }

    private static func take(_ number: Int, width: Int, into parts: inout Parts) -> Bool {
        if parts.day == nil, width <= 2 {
            parts.day = number
        } else if parts.year == nil, width == 4 {
            parts.year = number
        } else if parts.year == nil, width == 2 {
            parts.year = number < 70 ? 2000 + number : 1900 + number  // as RFC 2822, with room for old archives
        } else {
            return false
        }
        return true
    }

    /// `15:04`, `15:04:05`, `3:04pm`, `15:04:05z`.
    private static func time(_ word: String) -> ((Int, Int, Double), Bool?)? {
        let clock = word.prefix { $0.isASCIIDigit || $0 == ":" || $0 == "." }
        let ending = word.dropFirst(clock.count)
        guard ["", "am", "pm", "z"].contains(ending) else { return nil }
        let fields = clock.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(fields.count), (1...2).contains(fields[0].count), (1...2).contains(fields[1].count),
            let hour = self.digits(fields[0]), let minute = self.digits(fields[1])
        else { return nil }
        var second = 0.0
        if fields.count == 3 {
            guard fields[2].first?.isASCIIDigit == true, let number = Double(fields[2]) else { return nil }
            second = number
        }
        return ((hour, minute, second), ending == "am" || ending == "pm" ? ending == "pm" : nil)
    }

    /// Seconds east of Greenwich: `+0100`, `+01:00`, `+1`, `gmt+2`, `EST`.
    private static func zone(_ text: String) -> Int? {
        let text = text.lowercased()
        if let hours = self.zones[text] { return Int(hours * 3600) }
        let offset = text.hasPrefix("gmt") || text.hasPrefix("utc") ? text.dropFirst(3) : text[...]
        guard let sign = offset.first, sign == "+" || sign == "-" else { return nil }
        var fields = offset.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        if fields.count == 1, fields[0].count >= 3 { fields = [fields[0].dropLast(2), fields[0].suffix(2)] }
        guard (1...2).contains(fields.count), (1...2).contains(fields[0].count), let hours = self.digits(fields[0])
        else { return nil }
        var minutes = 0
        if fields.count == 2 {
            guard fields[1].count == 2, let number = self.digits(fields[1]) else { return nil }
            minutes = number
        }
        guard hours <= 15, minutes < 60 else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    private static func digits(_ text: Substring) -> Int? { text.allSatisfy(\.isASCIIDigit) ? Int(text) : nil }

    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 in the Gregorian calendar; years are counted from March, so that the leap day comes last.
    static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private static let zones: [String: Double] = [
        "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
        "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "bst": 1, "cet": 1, "cest": 2, "met": 1, "mez": 1,
        "mesz": 2, "eet": 2, "eest": 3, "msk": 3, "ist": 5.5, "jst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    ]
}
