package import Foundation

/// A calendar hour, day or month in UTC, as the provider bills.
package struct BudgetPeriod: Sendable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case hour
        case day
        case month
    }

    package var kind: Kind
    package var start: Date
    package var end: Date

    package init(_ kind: Kind, containing time: Date) {
        self.kind = kind
        let seconds = time.timeIntervalSince1970
        switch kind {
        case .hour:
            self.start = Date(timeIntervalSince1970: (seconds / 3600).rounded(.down) * 3600)
            self.end = self.start + 3600
        case .day:
            self.start = Date(timeIntervalSince1970: (seconds / 86_400).rounded(.down) * 86_400)
            self.end = self.start + 86_400
        case .month:
            let (year, month) = Self.month(ofDay: Int((seconds / 86_400).rounded(.down)))
            self.start = Self.firstDay(year: year, month: month)
            self.end =
                month == 12 ? Self.firstDay(year: year + 1, month: 1) : Self.firstDay(year: year, month: month + 1)
        }
    }

    package var next: BudgetPeriod { BudgetPeriod(self.kind, containing: self.end) }

    /// The civil date of a day number, in the proleptic Gregorian calendar; years begin in March for the arithmetic.
    private static func month(ofDay day: Int) -> (year: Int, month: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
    }

    private static func firstDay(year: Int, month: Int) -> Date {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Date(timeIntervalSince1970: Double(era * 146_097 + dayOfEra - 719_468) * 86_400)
    }
}
