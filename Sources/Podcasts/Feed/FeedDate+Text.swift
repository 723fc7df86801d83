package import Foundation

extension FeedDate {
    /// The time as feeds should have it (RFC 822 with four digits of the year, in Greenwich), to the second.
    ///
    /// Nil for what no feed can say: years before 1900 and behind 2200.
    package static func text(_ date: Date) -> String? {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        guard seconds >= -2_208_988_800, seconds < 7_289_654_400 else { return nil }
        let total = Int(seconds)
        let day = Int((Double(total) / 86_400).rounded(.down))
        let second = total - day * 86_400
        let (year, month, number) = self.civil(day)
        let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        let weekday = self.weekdays[((day + 4) % 7 + 7) % 7]
        let clock = [second / 3600, second / 60 % 60, second % 60].map(two).joined(separator: ":")
        return "\(weekday), \(two(number)) \(self.monthNames[month - 1]) \(year) \(clock) +0000"
    }

    /// The date of a day since 1970-01-01: `dayNumber` the other way round.
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        // Within four centuries of 1970 the first guess is off by a year at most.
        var year = 1970 + day / 366
        while self.dayNumber(year + 1, 1, 1) <= day { year += 1 }
        while self.dayNumber(year, 1, 1) > day { year -= 1 }
        var month = 12
        while self.dayNumber(year, month, 1) > day { month -= 1 }
        return (year, month, day - self.dayNumber(year, month, 1) + 1)
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
