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
        return self.iso(text) ?? self.words(text)
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

    private static func iso(_ text: String) -> Date? {
        let pattern =
            /^(\d{4})[-\/](\d{1,2})[-\/](\d{1,2})(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d(?:[.,]\d+)?))?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?$/
            .ignoresCase()
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        var parts = Parts(year: Int(match.1), month: Int(match.2), day: Int(match.3))
        parts.hour = match.4.flatMap { Int($0) } ?? 0
        parts.minute = match.5.flatMap { Int($0) } ?? 0
        parts.second = match.6.flatMap { Double($0.replacing(",", with: ".")) } ?? 0
        parts.offset = match.7.flatMap { self.zone(String($0)) }
        return parts.date
    }

    private static func words(_ text: String) -> Date? {
        var parts = Parts()
        var afternoon: Bool?
        let words = text.split { $0.isWhitespace || $0 == "," || $0 == ";" || $0 == "(" || $0 == ")" }
        for word in words.flatMap(self.pieces) {
            if word.contains(":"), !word.hasPrefix("+"), !word.hasPrefix("-"), word.first?.isASCIIDigit == true {
                guard let (time, half) = self.time(word) else { return nil }
                (parts.hour, parts.minute, parts.second) = time
                afternoon = half ?? afternoon
            } else if let number = Int(word), word.first?.isASCIIDigit == true {
                guard self.take(number, width: word.count, into: &parts) else { return nil }
            } else if word == "am" || word == "pm" {
                afternoon = word == "pm"
            } else if let month = self.months[String(word.prefix(3))], parts.month == nil {
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

    private static func time(_ word: String) -> ((Int, Int, Double), Bool?)? {
        let pattern = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?(am|pm|z)?$/
        guard let match = word.wholeMatch(of: pattern), let hour = Int(match.1), let minute = Int(match.2) else {
            return nil
        }
        let second = match.3.flatMap { Double($0) } ?? 0
        return ((hour, minute, second), match.4.flatMap { $0 == "z" ? nil : $0 == "pm" })
    }

    /// Seconds east of Greenwich.
    private static func zone(_ text: String) -> Int? {
        let text = text.lowercased()
        if let hours = self.zones[text] { return Int(hours * 3600) }
        let pattern = /^(?:gmt|utc)?([+-])(\d{1,2}):?(\d\d)?$/
        guard let match = text.wholeMatch(of: pattern), let hours = Int(match.2) else { return nil }
        let minutes = match.3.flatMap { Int($0) } ?? 0
        guard hours <= 15, minutes < 60 else { return nil }
        return (match.1 == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

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

    private static let months = [
        "jan": 1, "feb": 2, "mar": 3, "mär": 3, "apr": 4, "may": 5, "mai": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9,
        "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
    ]

    private static let zones: [String: Double] = [
        "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
        "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "bst": 1, "cet": 1, "cest": 2, "met": 1, "mez": 1,
        "mesz": 2, "eet": 2, "eest": 3, "msk": 3, "ist": 5.5, "jst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    ]
}
