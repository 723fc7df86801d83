import CastCore
import CastTestSupport
import Foundation
import NIOHTTP1
import RunPod
import RunPodEmulator
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LedgerTests {
    /// Half past nine, so that a run of two hours falls into three hours of the bill.
    static let start = Date(timeIntervalSince1970: 1_795_426_200)

    @Test func `a pod is billed by the second, to the millionth, from its creation to its end`() async throws {
        let clock = ManualClock()
        try await EmulatorFixture.run(time: EmulatorTime(clock: clock, startingAt: Self.start)) { emulator in
            let first = try await emulator.buy()
            clock.advance(by: .seconds(61))
            let second = try await emulator.buy { $0.cloud = .secure }
            clock.advance(by: .milliseconds(7_000_900))
            try await emulator.provider.terminate(first.id)
            clock.advance(by: .seconds(1000))
            let ledger = await emulator.server.ledger()
            #expect(ledger.rows.map(\.id) == [first.id.rawValue, second.id.rawValue])
            #expect(ledger.rows.map(\.seconds) == [7061, 8000])
            #expect(ledger.rows.map(\.billed) == [Money(micros: 431_506), Money(micros: 600_000)])
            #expect(ledger.rows.map(\.pricePerHour) == [Money("0.22"), Money("0.27")])
            #expect(ledger.rows.map { $0.ended != nil } == [true, false])
            #expect(ledger.billed == Money(micros: 1_031_506) && ledger.stillBilling == 1)

            let shown = try await emulator.send(.GET, "/emulator/ledger", key: nil)
            #expect(shown.text.contains(#""totals":{"billed":1.031506,"billedMicros":1031506,"stillBilling":1}"#))

            // The bill has three hours of each, whose sum is the ledger's.
            let bill = try await emulator.provider.billing(Self.start, Self.start.addingTimeInterval(100_000))
            #expect(bill.count == 6)
            for row in ledger.rows {
                let sum = bill.filter { $0.pod.rawValue == row.id }.reduce(Money.zero) { $0 + $1.amount }
                #expect(sum == row.billed)
            }
            let balance = await emulator.provider.balance()
            #expect(balance == Money(micros: 1_000_000_000 - 1_031_506))
        }
    }

    @Test func `an account that is empty loses its pods and buys no more`() async throws {
        let clock = ManualClock()
        try await EmulatorFixture.run(time: EmulatorTime(clock: clock)) {
            $0.balance = Money(micros: 300_000)
        } body: { emulator in
            let pod = try await emulator.buy()
            clock.advance(by: .seconds(3600))
            let refused = await failure { () async throws(ProviderFailure) in
                try await emulator.provider.create(EmulatorFixture.request())
            }
            #expect(refused?.kind == .outOfMoney)
            clock.advance(by: .seconds(3600))
            let gone = try await emulator.provider.pod(pod.id)
            #expect(gone == nil)
            let ledger = await emulator.server.ledger()
            #expect(ledger.stillBilling == 0 && ledger.billed == Money("0.44"))
        }
    }

    @Test func `requests are counted, and one too many must wait for the window's end`() async throws {
        let clock = ManualClock()
        try await EmulatorFixture.run(
            time: EmulatorTime(clock: clock, startingAt: Self.start)
        ) {
            $0.requestsPerMinute = 3
        } body: { emulator in
            clock.advance(by: .seconds(50))
            let first = try await emulator.send(.GET, "/v2/pods")
            #expect(
                first.headers["RateLimit"] == [
                    #""minute";r=2;t=10, "hour";r=149;t=3550, "day";r=2399;t=86350"#
                ])
            #expect(
                first.headers["RateLimit-Policy"] == [
                    #""minute";q=3;w=60, "hour";q=150;w=3600, "day";q=2400;w=86400"#
                ])
            _ = try await emulator.send(.GET, "/v2/pods")
            _ = try await emulator.send(.GET, "/v2/pods")
            let refused = try await emulator.send(.GET, "/v2/pods")
            #expect(refused.status == 429 && refused.headers["Retry-After"] == ["10"])
            clock.advance(by: .seconds(10))
            let again = try await emulator.send(.GET, "/v2/pods")
            #expect(again.status == 200)
        }
    }
}
