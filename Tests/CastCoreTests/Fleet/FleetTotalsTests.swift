import CastCore
import Foundation
import Testing

struct FleetTotalsTests {
    /// 2027-01-15 00:00 UTC.
    static let midnight = Date(timeIntervalSince1970: 1_799_971_200)

    static func run(_ gpu: String, from start: TimeInterval, to end: TimeInterval?, billed: Money? = nil) -> PodRun {
        PodRun(
            id: "\(gpu) \(start)", instance: PodTests.instance, pod: "pod", gpu: GPUID("NVIDIA \(gpu)"), gpuName: gpu,
            cloud: .secure, model: "base", pricePerHour: Money(micros: 1_000_000), startedAt: Self.midnight + start,
            endedAt: end.map { Self.midnight + $0 }, billed: billed, jobs: 2, audioSeconds: 72_000, busySeconds: 900)
    }

    @Test func `runs are added up by GPU and by day`() {
        let totals = FleetTotals(
            [
                Self.run("L40", from: -1800, to: 1800), Self.run("L40", from: 3600, to: 7200, billed: Money("0.8")),
                Self.run("A40", from: 86_400, to: nil),
            ], at: Self.midnight + 90_000)
        #expect(totals.total.runs == 3)
        #expect(totals.total.money == Money("2.8"))
        #expect(totals.byGPU["L40"]?.money == Money("1.8"))
        #expect(totals.byGPU["L40"]?.dollarsPerAudioHour == 0.045)
        #expect(totals.byGPU["A40"]?.jobs == 2)
        #expect(
            totals.byDay == [
                Self.midnight - 86_400: Money(micros: 500_000), Self.midnight: Money(micros: 1_300_000),
                Self.midnight + 86_400: Money(micros: 1_000_000),
            ])
        #expect(FleetTotals([], at: Self.midnight).total.dollarsPerAudioHour == nil)
    }

    @Test func `an episode costs its share of what its pod did`() {
        let run = Self.run("L40", from: 0, to: 3600)
        #expect(run.share(ofAudio: 18_000, at: Self.midnight) == Money("0.25"))
        #expect(run.share(ofAudio: 100_000, at: Self.midnight) == Money("1"))
        var idle = run
        idle.audioSeconds = 0
        #expect(idle.share(ofAudio: 10, at: Self.midnight) == nil)
    }

    @Test func `a price of nothing is no price`() {
        let ask = Ask(candidate: PodTests.candidate, stay: PodTests.stay)
        for price in [nil, Money.zero] {
            let pod = ProviderPod(id: "pod", name: "x", status: .provisioning, pricePerHour: price)
            #expect(Rental(pod, for: ask, at: PodTests.now).pricePerHour == PodTests.stay.priceLimit)
        }
    }
}
