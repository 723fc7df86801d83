import CastCore
import Foundation
import Testing

struct MoneyTests {
    @Test(arguments: [
        ("0.27", 270_000), ("$1.5", 1_500_000), ("-0.000001", -1), ("12", 12_000_000), (" 0.50 ", 500_000),
        ("999999999.999999", 999_999_999_999_999),
    ])
    func `an amount is read exactly`(text: String, micros: Int64) {
        #expect(Money(text)?.micros == micros)
    }

    @Test(arguments: ["", "-", "$", ".5", "5.", "1.0000001", "1,5", "1e3", "0x10", "1 2", "١", "99999999999", "--1"])
    func `what is no amount is refused`(text: String) {
        #expect(Money(text) == nil)
    }

    @Test(arguments: [
        (270_000, "0.27"), (1_500_000, "1.50"), (12_345, "0.012345"), (-1, "-0.000001"), (0, "0.00"),
        (3_000_000, "3.00"), (Int64.min, "-9223372036854.775808"),
    ])
    func `an amount is written with at least two digits after the point`(micros: Int64, text: String) {
        #expect(Money(micros: micros).description == text)
    }

    @Test(arguments: [
        (270_000, 3_600, 270_000), (270_000, 1, 75), (440_000, 1, 122), (1, 1_800, 1), (1, 1_799, 0),
        (690_000, 61, 11_692), (270_000, -5, 0), (0, 100, 0),
    ])
    func `a price by the hour is charged to the nearest millionth`(price: Int64, seconds: Int, cost: Int64) {
        #expect(Money.cost(perHour: Money(micros: price), for: .seconds(seconds)) == Money(micros: cost))
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e10, -1e300])
    func `a number that is no amount is refused`(dollars: Double) {
        #expect(Money(dollars: dollars) == nil)
    }

    @Test func `a number is taken to the nearest millionth`() {
        #expect(Money(dollars: 0.1 + 0.2) == Money("0.3"))
        #expect(Money(dollars: 0.0712) == Money(micros: 71_200))
    }

    @Test func `an amount survives being encoded`() throws {
        let money = Money(micros: -270_001)
        #expect(try JSONDecoder().decode(Money.self, from: JSONEncoder().encode(money)) == money)
    }
}
