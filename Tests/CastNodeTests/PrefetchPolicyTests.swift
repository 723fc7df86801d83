import CastNode
import Testing

struct PrefetchPolicyTests {
    struct Row: Sendable {
        var beside: Int
        var seconds: Double
        var speed: Double?
        var wants: Bool
    }

    @Test(arguments: [
        // Three in any case, however slow.
        Row(beside: 0, seconds: 0, speed: nil, wants: true), Row(beside: 2, seconds: 20_000, speed: 1, wants: true),
        Row(beside: 3, seconds: 0, speed: nil, wants: false), Row(beside: 3, seconds: 7200, speed: 20, wants: false),
        // Short episodes: a minute each, twenty times real time is three seconds of work.
        Row(beside: 3, seconds: 180, speed: 20, wants: true), Row(beside: 15, seconds: 850, speed: 20, wants: true),
        // A fast card: three episodes of forty minutes are seven seconds of work.
        Row(beside: 3, seconds: 7200, speed: 1000, wants: true),
        Row(beside: 10, seconds: 44_000, speed: 1000, wants: true),
        Row(beside: 10, seconds: 46_000, speed: 1000, wants: false),
        // Never more than others could do as well.
        Row(beside: 16, seconds: 100, speed: 5000, wants: false),
    ])
    func `takes as many as keep it busy, within bounds`(row: Row) {
        let policy = PrefetchPolicy(slots: 3)
        #expect(policy.wantsMore(beside: row.beside, seconds: row.seconds, speed: row.speed) == row.wants)
    }
}
