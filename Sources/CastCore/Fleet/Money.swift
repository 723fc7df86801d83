import Foundation

/// An exact amount of US dollars, counted in millionths.
///
/// Prices, ledgers and budgets add up to the last digit; nothing is rounded on the way but where a price meets a time.
/// Amounts may be negative (an account that is overdrawn). Encoded as the number of millionths.
package struct Money: Sendable, Hashable, Comparable, Codable {
    package var micros: Int64

    package init(micros: Int64) { self.micros = micros }

    package static let zero = Money(micros: 0)

    /// Amounts beyond a thousand million dollars are refused when they are read, so sums cannot overflow.
    private static let largest: Double = 1_000_000_000

    /// The amount nearest to a number of dollars, as JSON numbers come.
    ///
    /// - Returns: Nil for what is no amount: not finite, or beyond a thousand million.
    package init?(dollars: Double) {
        guard dollars.isFinite, abs(dollars) <= Self.largest else { return nil }
        self.micros = Int64((dollars * 1_000_000).rounded())
    }

    /// Reads `0.27`, `$0.27` or `-1.5`, with at most six digits after the point.
    package init?(_ text: String) {
        var digits = Substring(text.trimmingCharacters(in: .whitespaces))
        let isNegative = digits.first == "-"
        if isNegative { digits.removeFirst() }
        if digits.first == "$" { digits.removeFirst() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = parts.first, (1...9).contains(whole.count),
            whole.allSatisfy(Self.isDigit), let dollars = Int64(whole)
        else { return nil }
        var fraction: Int64 = 0
        if parts.count == 2 {
            guard (1...6).contains(parts[1].count), parts[1].allSatisfy(Self.isDigit),
                let value = Int64(parts[1].padding(toLength: 6, withPad: "0", startingAt: 0))
            else { return nil }
            fraction = value
        }
        let micros = dollars * 1_000_000 + fraction
        self.micros = isNegative ? -micros : micros
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    /// The number of dollars, for JSON and for ranking; not for adding up.
    package var dollars: Double { Double(self.micros) / 1_000_000 }

    /// What something costs that is priced by the hour, rounded to the nearest millionth.
    ///
    /// A time before zero costs nothing.
    package static func cost(perHour price: Money, for time: Duration) -> Money {
        let (seconds, attoseconds) = time.components
        guard seconds >= 0, attoseconds >= 0 else { return .zero }
        let nanoseconds = Int128(seconds) * 1_000_000_000 + Int128(attoseconds / 1_000_000_000)
        let hour: Int128 = 3_600_000_000_000
        let exact = Int128(price.micros) * nanoseconds
        return Money(micros: Int64(clamping: (exact + (exact < 0 ? -hour / 2 : hour / 2)) / hour))
    }

    package static func < (left: Money, right: Money) -> Bool { left.micros < right.micros }

    package static func + (left: Money, right: Money) -> Money { Money(micros: left.micros + right.micros) }

    package static func - (left: Money, right: Money) -> Money { Money(micros: left.micros - right.micros) }

    package static func += (left: inout Money, right: Money) { left.micros += right.micros }

    package static func * (left: Money, factor: Int) -> Money { Money(micros: left.micros * Int64(factor)) }

    package init(from decoder: any Decoder) throws {
        self.micros = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.micros)
    }
}

extension Money: CustomStringConvertible {
    /// `0.27`, `1.50` or `0.012345`: at least two digits after the point, and all that are needed.
    package var description: String {
        let whole = self.micros.magnitude / 1_000_000
        var fraction = String(self.micros.magnitude % 1_000_000)
        fraction = String(repeating: "0", count: 6 - fraction.count) + fraction
        while fraction.count > 2, fraction.last == "0" { fraction.removeLast() }
        return "\(self.micros < 0 ? "-" : "")\(whole).\(fraction)"
    }
}
