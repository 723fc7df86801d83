import CastCore
import Foundation
import Testing

struct BudgetTests {
    /// 2027-01-15 08:00 UTC.
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let price = Money(micros: 1_000_000)

    static func stay(
        _ caps: BudgetCaps, _ charges: [Charge] = [], lifetime: TimeInterval = 36_000, at now: Date = Self.now
    ) -> Stay? {
        switch Budget(caps: caps, charges: charges).grant(at: Self.price, from: now, lifetime: lifetime) {
        case .granted(let stay): stay
        case .refused: nil
        }
    }

    @Test(arguments: [
        (1_800_000_000.0, BudgetPeriod.Kind.hour, 1_800_000_000.0, 1_800_003_600.0),
        (1_800_000_000, .day, 1_799_971_200, 1_800_057_600), (1_800_000_000, .month, 1_798_761_600, 1_801_440_000),
        (1_709_210_096, .month, 1_706_745_600, 1_709_251_200), (0, .month, 0, 2_678_400),
        (-1, .month, -2_678_400, 0), (1_830_297_599, .month, 1_827_619_200, 1_830_297_600),
    ])
    func `periods are those of the calendar in UTC`(
        time: Double, kind: BudgetPeriod.Kind, start: Double, end: Double
    ) {
        let period = BudgetPeriod(kind, containing: Date(timeIntervalSince1970: time))
        #expect(period.start.timeIntervalSince1970 == start)
        #expect(period.end.timeIntervalSince1970 == end)
        #expect(period.next.start == period.end)
    }

    @Test func `without caps the stay is the whole lifetime`() throws {
        let stay = try #require(Self.stay(BudgetCaps()))
        #expect(stay.leaveAt == Self.now + 36_000)
        #expect(stay.reservedUntil == Self.now + 36_600)
        #expect(stay.shortenedBy == nil)
    }

    @Test func `the stay is as long as the money lasts`() throws {
        let stay = try #require(Self.stay(BudgetCaps(perDay: Money("3"))))
        #expect(stay.reservedUntil == Self.now + 3 * 3600 - 1)
        #expect(stay.shortenedBy == "RUNPOD_BUDGET_PER_DAY")
    }

    @Test func `an hour's cap limits how much runs at once`() throws {
        let running = Charge(from: Self.now - 3600, until: Self.now + 36_000, pricePerHour: Money(micros: 600_000))
        #expect(Self.stay(BudgetCaps(perHour: Money("1.40")), [running]) == nil)
        #expect(Self.stay(BudgetCaps(perHour: Money("1.60")), [running]) != nil)
    }

    @Test func `a stay that reaches into tomorrow is paid by tomorrow too`() throws {
        let evening = BudgetPeriod(.day, containing: Self.now).end - 3600
        // All of tomorrow's money is reserved already, so that this pod can only stay until midnight.
        let tomorrow = Charge(from: evening + 3600, until: evening + 9 * 3600, pricePerHour: Self.price)
        let stay = try #require(Self.stay(BudgetCaps(perDay: Money("8")), [tomorrow], lifetime: 7200, at: evening))
        #expect(stay.reservedUntil <= evening + 3600)
    }

    @Test func `a refusal says what is spent, what is reserved and what to change`() {
        let charges = [
            Charge(from: Self.now - 3600, until: Self.now, pricePerHour: Self.price),
            Charge(from: Self.now, until: Self.now + 1800, pricePerHour: Self.price),
        ]
        let budget = Budget(caps: BudgetCaps(perDay: Money("2")), charges: charges)
        guard case .refused(let refusal) = budget.grant(at: Self.price, from: Self.now, lifetime: 36_000) else {
            Issue.record("granted")
            return
        }
        #expect(refusal.period == BudgetPeriod(.day, containing: Self.now))
        #expect(
            refusal.words == """
                The budget does not allow another pod: of the $2.00 of RUNPOD_BUDGET_PER_DAY, $1.00 are spent and \
                $0.50 reserved for the pods that run; a pod at up to $1.00 an hour needs $0.833333 for its shortest \
                stay of 40 minutes. Raise RUNPOD_BUDGET_PER_DAY, end a pod, or wait for the next day.
                """)
    }

    @Test func `whatever is granted, spent and reserved stay within every cap`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let caps = BudgetCaps(
                perHour: Bool.random(using: &random) ? Money(micros: .random(in: 100_000...5_000_000)) : nil,
                perDay: Bool.random(using: &random) ? Money(micros: .random(in: 100_000...20_000_000)) : nil,
                perMonth: Bool.random(using: &random) ? Money(micros: .random(in: 1_000_000...50_000_000)) : nil)
            var charges: [Charge] = []
            var now = Self.now
            for _ in 0..<30 {
                now += .random(in: 0...20_000)
                let price = Money(micros: .random(in: 100_000...2_000_000))
                guard
                    case .granted(let stay) = Budget(caps: caps, charges: charges).grant(
                        at: price, from: now, lifetime: .random(in: 1000...90_000))
                else { continue }
                charges.append(Charge(from: stay.from, until: stay.reservedUntil, pricePerHour: price))
                let budget = Budget(caps: caps, charges: charges)
                for kind in BudgetPeriod.Kind.allCases {
                    guard let cap = caps[kind] else { continue }
                    var period = BudgetPeriod(kind, containing: now)
                    while period.start < stay.reservedUntil {
                        let sum = budget.spent(in: period, at: now) + budget.reserved(in: period, at: now)
                        #expect(sum <= cap, "\(kind) from \(period.start)")
                        period = period.next
                    }
                }
            }
        }
    }

    @Test func `a bill corrects what a run cost`() {
        let charge = Charge(from: Self.now, until: Self.now + 7200, pricePerHour: Self.price, total: Money("1"))
        #expect(charge.amount(from: Self.now, to: Self.now + 3600) == Money("0.5"))
        #expect(charge.amount(from: Self.now - 100, to: Self.now + 9999) == Money("1"))
    }

    static func run(_ pod: PodID, hours: Double, endedAgo: TimeInterval = 9000) -> PodRun {
        var pod = PodTests.rental(pod)
        pod.since = Self.now - endedAgo - hours * 3600
        pod.pricePerHour = Self.price
        var run = PodRun(of: PodTests.pod(.ready), pod)
        run.id = pod.pod.rawValue
        run.endedAt = Self.now - endedAgo
        return run
    }

    static func record(_ pod: PodID, _ amount: String) -> BillingRecord {
        BillingRecord(pod: pod, from: Self.now - 36_000, to: Self.now, amount: Money(amount) ?? .zero)
    }

    @Test func `records correct settled runs, and what no run explains is found`() {
        let audit = BillingAudit(
            records: [
                Self.record("a", "0.40"), Self.record("a", "0.50"), Self.record("b", "1.50"),
                Self.record("ours", "0.3"),
                Self.record("theirs", "9"), Self.record("fresh", "0.9"),
            ],
            runs: [Self.run("a", hours: 1), Self.run("b", hours: 1), Self.run("fresh", hours: 1, endedAgo: 60)],
            ours: ["ours"], from: Self.now - 86_400, at: Self.now)
        #expect(audit.corrections == ["a": Money(micros: 900_000), "b": Money(micros: 1_500_000)])
        #expect(audit.findings.map(\.pod) == ["b", "ours"])
        #expect(audit.findings.map(\.amount) == [Money(micros: 500_000), Money(micros: 300_000)])
    }
}
