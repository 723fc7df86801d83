package import Foundation

/// Money that runs over a time at one rate: spent up to now, reserved after it.
package struct Charge: Sendable, Equatable {
    package var from: Date
    package var until: Date
    package var pricePerHour: Money
    /// What it came to in the end, where that is known better than by the price.
    package var total: Money?

    package init(from: Date, until: Date, pricePerHour: Money, total: Money? = nil) {
        self.from = from
        self.until = max(from, until)
        self.pricePerHour = pricePerHour
        self.total = total
    }

    /// What falls between two times.
    package func amount(from start: Date, to end: Date) -> Money {
        let overlap = min(self.until, end).timeIntervalSince(max(self.from, start))
        guard overlap > 0 else {
            // A correction of something that took no time falls where it was.
            let isThere = self.from == self.until && start <= self.from && self.from < end
            return isThere ? self.total ?? .zero : .zero
        }
        guard let total = self.total else { return .cost(perHour: self.pricePerHour, for: .seconds(overlap)) }
        let share = Double(total.micros) * overlap / self.until.timeIntervalSince(self.from)
        return Money(micros: Int64(share.rounded()))
    }
}
