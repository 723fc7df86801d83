import CastCore
import Testing

@Suite struct PublisherHostsTests {
    private static let address = "https://pilots.example/1.mp3"

    @Test func `three misses in a row send a host to rest for an hour, and then one is enough for two`() {
        var hosts = PublisherHosts()
        #expect(hosts.missed(Self.address, at: .zero) == nil)
        #expect(hosts.missed(Self.address, at: .zero) == nil)
        #expect(hosts.allows(Self.address, at: .zero))
        #expect(hosts.missed(Self.address, at: .zero) == .seconds(3600))
        #expect(!hosts.allows(Self.address, at: .seconds(3599)))
        // One that was on its way already.
        #expect(hosts.missed(Self.address, at: .seconds(5)) == nil)
        #expect(hosts.allows(Self.address, at: .seconds(3600)))
        #expect(hosts.missed(Self.address, at: .seconds(3600)) == .seconds(7200))
        #expect(!hosts.allows(Self.address, at: .seconds(10_799)))
        #expect(hosts.allows(Self.address, at: .seconds(10_800)))
    }

    @Test func `no rest is longer than a day`() {
        var hosts = PublisherHosts()
        var now = Duration.zero
        var longest = Duration.zero
        for _ in 0..<100 {
            if let rest = hosts.missed(Self.address, at: now) { (longest, now) = (max(longest, rest), now + rest) }
        }
        #expect(longest == .seconds(86_400))
    }

    @Test func `a file that came as it should forgets what was before`() {
        var hosts = PublisherHosts()
        for _ in 0..<2 { _ = hosts.missed(Self.address, at: .zero) }
        hosts.delivered(Self.address)
        for _ in 0..<2 { #expect(hosts.missed(Self.address, at: .zero) == nil) }
        #expect(hosts.missed(Self.address, at: .zero) != nil)
        hosts.delivered(Self.address)
        #expect(hosts.allows(Self.address, at: .zero))
    }

    @Test func `other hosts are not concerned`() {
        var hosts = PublisherHosts()
        for _ in 0..<3 { _ = hosts.missed("https://count.example/track/stitched.example/1.mp3", at: .zero) }
        #expect(!hosts.allows("https://stitched.example/2.mp3", at: .zero))
        #expect(hosts.allows("https://count.example/track/plain.example/1.mp3", at: .zero))
        #expect(!hosts.allows("nothing", at: .zero))
    }

    @Test(
        arguments: [
            ("https://Pilots.example/1.mp3", "pilots.example"),
            (
                "https://dts.podtrac.com/redirect.mp3/chtbl.com/track/1/traffic.megaphone.fm/ABC.mp3",
                "traffic.megaphone.fm"
            ),
            ("https://op3.dev/e/pilots.example/audio/v1.2/1.mp3", "pilots.example"),
            ("https://pilots.example/a/one.mp3", "pilots.example"),
            ("https://pilots.example/x.mp3/y", "pilots.example"),
            ("https://count.example/e/https://pilots.example/1.mp3", "pilots.example"), ("1.mp3", nil),
        ] as [(String, String?)])
    func `whose file it is stands last in the address`(address: String, host: String?) {
        #expect(PublisherHosts.host(of: address) == host)
    }
}

@Suite struct FetchPatienceTests {
    @Test func `nothing is too slow before its time, and half a megabyte a second after it`() {
        let patience = FetchPatience()
        #expect(!patience.isTooSlow(bytes: 0, after: .seconds(9)))
        #expect(patience.isTooSlow(bytes: 4_999_999, after: .seconds(10)))
        #expect(!patience.isTooSlow(bytes: 5_000_000, after: .seconds(10)))
        #expect(patience.isTooSlow(bytes: 5_000_000, after: .seconds(11)))
        #expect(patience.limit(for: 50_000_000) == .seconds(110))
    }
}
